//! The driver clients bound to the real kernel, under libtock-rs's module names.

use crate::apis;
use crate::runtime::TockSyscalls;

/// Analogue inputs (driver 0x5).
pub mod adc {
    /// [`Adc`](super::apis::adc::Adc) on the real kernel.
    pub type Adc = super::apis::adc::Adc<super::TockSyscalls>;
    pub use super::apis::adc::ADCListener;
}

/// Alarms (driver 0x0).
pub mod alarm {
    /// [`Alarm`](super::apis::alarm::Alarm) on the real kernel.
    pub type Alarm = super::apis::alarm::Alarm<super::TockSyscalls>;
    pub use super::apis::alarm::{AlarmListener, Convert, Hz, Milliseconds, Ticks};
}

/// Buttons (driver 0x3).
pub mod buttons {
    /// [`Buttons`](super::apis::buttons::Buttons) on the real kernel.
    pub type Buttons = super::apis::buttons::Buttons<super::TockSyscalls>;
    pub use super::apis::buttons::{ButtonListener, ButtonState};
}

/// Messages between applications (driver 0x80000005).
pub mod channel {
    /// [`Channel`](super::apis::channel::Channel) on the real kernel.
    pub type Channel = super::apis::channel::Channel<super::TockSyscalls>;
    pub use super::apis::channel::Received;
}

/// Serial console (driver 0x1).
pub mod console {
    /// [`Console`](super::apis::console::Console) on the real kernel.
    pub type Console = super::apis::console::Console<super::TockSyscalls>;
    pub use super::apis::console::ConsoleWriter;
}

/// Keys (driver 0x80000004).
pub mod key_store {
    /// [`KeyStore`](super::apis::key_store::KeyStore) on the real kernel.
    pub type KeyStore = super::apis::key_store::KeyStore<super::TockSyscalls>;
    pub use super::apis::key_store::{Derivation, Generation, State, Tag, FIRST_SLOT};
}

/// Light-emitting diodes (driver 0x2).
pub mod leds {
    /// [`Leds`](super::apis::leds::Leds) on the real kernel.
    pub type Leds = super::apis::leds::Leds<super::TockSyscalls>;
}

/// Low-level debug output (driver 0x8).
pub mod low_level_debug {
    /// [`LowLevelDebug`](super::apis::low_level_debug::LowLevelDebug) on the
    /// real kernel.
    pub type LowLevelDebug = super::apis::low_level_debug::LowLevelDebug<super::TockSyscalls>;
    pub use super::apis::low_level_debug::AlertCode;
}

/// Random numbers (driver 0x40001).
pub mod rng {
    /// [`Rng`](super::apis::rng::Rng) on the real kernel.
    pub type Rng = super::apis::rng::Rng<super::TockSyscalls>;
    pub use super::apis::rng::RngListener;
}

/// Sealed records on external flash (driver 0x80000006).
pub mod storage {
    /// [`Storage`](super::apis::storage::Storage) on the real kernel.
    pub type Storage = super::apis::storage::Storage<super::TockSyscalls>;
}

/// The supply (driver 0x80000007).
pub mod supply {
    /// [`Supply`](super::apis::supply::Supply) on the real kernel.
    pub type Supply = super::apis::supply::Supply<super::TockSyscalls>;
    pub use super::apis::supply::Level;
}
