//! Fakes of upstream's drivers.

mod adc;
mod alarm;
mod buttons;
mod console;
mod leds;
mod low_level_debug;
mod rng;

pub use adc::Adc;
pub use alarm::Alarm;
pub use buttons::Buttons;
pub use console::Console;
pub use leds::Leds;
pub use low_level_debug::{LowLevelDebug, Message};
pub use rng::Rng;
