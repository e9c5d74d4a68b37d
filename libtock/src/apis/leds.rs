//! Light-emitting diodes (driver 0x2).

use crate::platform::{ErrorCode, Syscalls};
use drivers::led::{Command, NUMBER};

/// The LEDs of a board, by index.
pub struct Leds<S: Syscalls>(S);

impl<S: Syscalls> Leds<S> {
    /// Returns how many LEDs there are.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn count() -> Result<u32, ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Lights the LED of this index.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no LED of that index, and with `NoDevice` if the
    /// kernel does not have the driver.
    pub fn on(led: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::On.number(), led, 0).to_result()
    }

    /// Darkens the LED of this index.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no LED of that index, and with `NoDevice` if the
    /// kernel does not have the driver.
    pub fn off(led: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Off.number(), led, 0).to_result()
    }

    /// Lights the LED of this index if it is dark, and darkens it if it is lit.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no LED of that index, and with `NoDevice` if the
    /// kernel does not have the driver.
    pub fn toggle(led: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Toggle.number(), led, 0).to_result()
    }
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;
