//! The numbers by which apps name drivers.

/// Driver numbers: upstream Tock's for upstream's drivers; those with the high
/// bit set, where upstream allocates none, are this project's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum NUM {
    /// Alarms.
    Alarm = 0x00000,
    /// The serial console.
    Console = 0x00001,
    /// LEDs.
    Led = 0x00002,
    /// Buttons.
    Button = 0x00003,
    /// The ADC.
    Adc = 0x00005,
    /// Debugging before an app has a console.
    LowLevelDebug = 0x00008,
    /// Random numbers.
    Rng = 0x40001,
    /// The meter's analogue front end.
    MeterAdc = 0x8000_0001,
    /// Storage of energy registers.
    EnergyStore = 0x8000_0002,
    /// Keys, trust anchors, counters.
    KeyStore = 0x8000_0004,
    /// Messages between apps.
    Channel = 0x8000_0005,
    /// Sealed records on the external flash.
    Storage = 0x8000_0006,
    /// Warnings of a falling supply.
    Supply = 0x8000_0007,
}
