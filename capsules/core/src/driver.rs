//! The numbers by which apps name drivers.

/// Upstream Tock's numbers of the drivers in this crate.
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
}
