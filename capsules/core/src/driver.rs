//! The numbers by which apps name drivers, under upstream Tock's names.

/// Upstream Tock's numbers of the drivers in this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum NUM {
    /// Alarms.
    Alarm = drivers::alarm::NUMBER as usize,
    /// The serial console.
    Console = drivers::console::NUMBER as usize,
    /// LEDs.
    Led = drivers::led::NUMBER as usize,
    /// Buttons.
    Button = drivers::button::NUMBER as usize,
    /// The ADC.
    Adc = drivers::adc::NUMBER as usize,
    /// Debugging before an app has a console.
    LowLevelDebug = drivers::low_level_debug::NUMBER as usize,
    /// Random numbers.
    Rng = drivers::rng::NUMBER as usize,
}
