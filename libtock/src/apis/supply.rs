//! The supply (driver 0x80000007): when it begins to fall.

use crate::platform::{ErrorCode, Syscalls};
use drivers::supply::{upcall, Command, NUMBER};

/// The supply as the kernel sees it. Its upcall is subscribed to as
/// [`FALLS`] of [`DRIVER_NUM`].
pub struct Supply<S: Syscalls>(S);

/// How the supply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// It is below the threshold, or was less than a tenth of a second ago.
    pub low: bool,
    /// Times that it began to fall since the kernel started.
    pub warnings: u32,
}

impl<S: Syscalls> Supply<S> {
    /// Whether the driver is there.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn exists() -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Returns how the supply is now.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn level() -> Result<Level, ErrorCode> {
        let (low, warnings): (u32, u32) =
            S::command(DRIVER_NUM, Command::Level.number(), 0, 0).to_result()?;
        Ok(Level {
            low: low != 0,
            warnings,
        })
    }
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

/// Subscribe number: the supply begins to fall (warnings so far, 0, 0).
pub const FALLS: u32 = upcall::FALLS;
