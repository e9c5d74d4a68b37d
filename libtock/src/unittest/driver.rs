//! What a fake driver is to the fake kernel, and the other way round.

use super::kernel::{with_kernel, QueuedUpcall};
use super::{RoAllowBuffer, RwAllowBuffer};
use crate::platform::{CommandReturn, ErrorCode};
use std::cell::Cell;

/// A fake driver. All methods take `&self`, because the test keeps a
/// reference too; drivers hold their state in cells.
pub trait SyscallDriver: 'static {
    /// The driver's number and how many upcalls it has.
    fn info(&self) -> DriverInfo;

    /// Called when the driver is added to a kernel, with the means to reach it.
    fn register(&self, share_ref: DriverShareRef) {
        let _ = share_ref;
    }

    /// Answers a command; see [`command_return`](super::command_return).
    fn command(&self, command_id: u32, argument0: u32, argument1: u32) -> CommandReturn;

    /// Takes a read-only buffer and gives the one it held.
    ///
    /// # Errors
    /// An error code, with the buffer.
    fn allow_readonly(
        &self,
        buffer_num: u32,
        buffer: RoAllowBuffer,
    ) -> Result<RoAllowBuffer, (RoAllowBuffer, ErrorCode)> {
        let _ = buffer_num;
        Err((buffer, ErrorCode::NoSupport))
    }

    /// Takes a read-write buffer and gives the one it held.
    ///
    /// # Errors
    /// An error code, with the buffer.
    fn allow_readwrite(
        &self,
        buffer_num: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        let _ = buffer_num;
        Err((buffer, ErrorCode::NoSupport))
    }
}

/// A driver's number and how many upcalls it has.
#[non_exhaustive]
pub struct DriverInfo {
    /// Its number.
    pub driver_num: u32,
    /// Subscribe numbers below this one exist.
    pub upcall_count: u32,
}

impl DriverInfo {
    /// A driver without upcalls.
    pub fn new(driver_num: u32) -> Self {
        DriverInfo {
            driver_num,
            upcall_count: 0,
        }
    }

    /// The same with upcalls.
    pub fn upcall_count(self, upcall_count: u32) -> Self {
        DriverInfo {
            upcall_count,
            ..self
        }
    }
}

/// A driver's way to schedule upcalls. The default one leads nowhere.
#[derive(Default)]
pub struct DriverShareRef {
    driver_num: Cell<Option<u32>>,
}

/// A subscribe number that the driver has not got.
#[derive(Debug, Eq, PartialEq)]
pub struct InvalidSubscribeNum {
    /// The number.
    pub requested: u32,
    /// How many there are.
    pub upcall_count: u32,
}

impl DriverShareRef {
    pub(super) fn new(driver_num: u32) -> Self {
        DriverShareRef {
            driver_num: Cell::new(Some(driver_num)),
        }
    }

    /// Becomes `new`: what [`SyscallDriver::register`] is for.
    pub fn replace(&self, new: Self) {
        self.driver_num.set(new.driver_num.get());
    }

    /// Schedules an upcall. One that is not subscribed to is dropped.
    ///
    /// # Errors
    /// The driver has no upcall of that number.
    pub fn schedule_upcall(
        &self,
        subscribe_num: u32,
        args: (u32, u32, u32),
    ) -> Result<(), InvalidSubscribeNum> {
        let Some(driver_num) = self.driver_num.get() else {
            return Ok(());
        };
        with_kernel(|kernel| {
            let Some(entry) = kernel.drivers.get(&driver_num) else {
                return Ok(());
            };
            if subscribe_num >= entry.upcall_count {
                return Err(InvalidSubscribeNum {
                    requested: subscribe_num,
                    upcall_count: entry.upcall_count,
                });
            }
            // Queued with or without a function: a yield-wait-for takes the
            // arguments of the null upcall too.
            let upcall = entry.upcalls.get(&subscribe_num).copied();
            kernel.upcall_queue.push_back(QueuedUpcall {
                driver_num,
                subscribe_num,
                args,
                upcall,
            });
            Ok(())
        })
    }
}
