//! Interrupt numbers: the peripheral's number in its address.

/// Lines of the part.
pub const COUNT: usize = 48;

/// CLOCK and POWER.
pub const POWER_CLOCK: u32 = 0;
/// UARTE0.
pub const UARTE0: u32 = 2;
/// GPIOTE.
pub const GPIOTE: u32 = 6;
/// SAADC.
pub const SAADC: u32 = 7;
/// TIMER0.
pub const TIMER0: u32 = 8;
/// TIMER1.
pub const TIMER1: u32 = 9;
/// TIMER2.
pub const TIMER2: u32 = 10;
/// RTC0.
pub const RTC0: u32 = 11;
/// TEMP.
pub const TEMP: u32 = 12;
/// RNG.
pub const RNG: u32 = 13;
/// ECB.
pub const ECB: u32 = 14;
/// WDT.
pub const WDT: u32 = 16;
/// RTC1.
pub const RTC1: u32 = 17;
/// TIMER3.
pub const TIMER3: u32 = 26;
/// TIMER4.
pub const TIMER4: u32 = 27;
/// RTC2.
pub const RTC2: u32 = 36;
/// UARTE1.
pub const UARTE1: u32 = 40;
/// QSPI.
pub const QSPI: u32 = 41;
