//! Fakes of drivers.

mod adc;
mod alarm;
mod buttons;
mod channel;
mod console;
mod key_store;
mod leds;
mod low_level_debug;
mod rng;
mod storage;
mod supply;

pub use adc::Adc;
pub use alarm::Alarm;
pub use buttons::Buttons;
pub use channel::Channel;
pub use console::Console;
pub use key_store::{KeyStore, KeyStoreCall};
pub use leds::Leds;
pub use low_level_debug::{LowLevelDebug, Message};
pub use rng::Rng;
pub use storage::Storage;
pub use supply::Supply;
