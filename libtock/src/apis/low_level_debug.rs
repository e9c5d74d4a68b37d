//! Debug output that needs nothing but the command system call (driver 0x8).

use crate::platform::Syscalls;
use drivers::low_level_debug::{Command, NUMBER};

/// Prints numbers and alerts, with the app's name set before by the kernel.
pub struct LowLevelDebug<S: Syscalls>(S);

impl<S: Syscalls> LowLevelDebug<S> {
    /// Returns whether the kernel has the driver.
    pub fn exists() -> bool {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).is_success()
    }

    /// Prints one of the alerts that the kernel knows.
    pub fn print_alert_code(code: AlertCode) {
        // There is nowhere to report a failure of the debug output to.
        let _ = S::command(DRIVER_NUM, Command::Alert.number(), code as u32, 0);
    }

    /// Prints a number in hexadecimal.
    pub fn print_1(x: u32) {
        let _ = S::command(DRIVER_NUM, Command::Print1.number(), x, 0);
    }

    /// Prints two numbers in hexadecimal.
    pub fn print_2(x: u32, y: u32) {
        let _ = S::command(DRIVER_NUM, Command::Print2.number(), x, y);
    }
}

/// The alerts that the kernel knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertCode {
    /// The app panicked.
    Panic = 0x01,
    /// The app is not where it was linked for.
    WrongLocation = 0x02,
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;
