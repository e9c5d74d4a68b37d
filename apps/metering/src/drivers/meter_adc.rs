//! System calls of the meter ADC (docs/syscalls/80000001_meter_adc.md).

pub use drivers::meter_adc::BLOCK_BYTES;
use drivers::meter_adc::{read_write, upcall, Command, NUMBER};
use libtock::platform::lend::LentRw;
use libtock::platform::{ErrorCode, Syscalls};

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

/// Subscribe number: a block is waiting (blocks waiting, sequence, flags).
pub const BLOCK_WAITING: u32 = upcall::BLOCK;

/// Read-write buffer number that blocks are copied to.
pub const BLOCK_BUFFER: u32 = read_write::BLOCK;

/// A buffer that is with the driver.
pub type LentForBlock<'scope, 'share, S> = LentRw<'scope, 'share, S, DRIVER_NUM, BLOCK_BUFFER>;

/// Starts the conversions and makes this app their owner.
///
/// # Errors
/// `Busy` another app is the owner; `Already` this one is; `Invalid` the
/// hardware does not have the period.
pub fn start<S: Syscalls>(period_us: u32) -> Result<(), ErrorCode> {
    S::command(DRIVER_NUM, Command::Start.number(), period_us, 0).to_result()
}

/// Microseconds from scan to scan, and scans in a block.
///
/// # Errors
/// `NoDevice` without the driver.
pub fn geometry<S: Syscalls>() -> Result<(u32, u32), ErrorCode> {
    S::command(DRIVER_NUM, Command::Geometry.number(), 0, 0).to_result()
}

/// Has the oldest waiting block copied to the lent buffer. Gives its bytes.
///
/// # Errors
/// `NoMem` none is waiting; `Size` the buffer is too short; `Reserve` this app
/// is not the owner.
pub fn take_block<S: Syscalls>() -> Result<usize, ErrorCode> {
    S::command(DRIVER_NUM, Command::TakeBlock.number(), 0, 0)
        .to_result::<u32, ErrorCode>()
        .map(|bytes| bytes as usize)
}
