//! System calls of the meter ADC (docs/syscalls/80000001_meter_adc.md).

use libtock::platform::lend::LentRw;
use libtock::platform::{ErrorCode, Syscalls};

/// The driver's number.
pub const DRIVER_NUM: u32 = 0x8000_0001;

/// Subscribe number: a block is waiting (blocks waiting, sequence, flags).
pub const BLOCK_WAITING: u32 = 0;

/// Read-write buffer number that blocks are copied to.
pub const BLOCK_BUFFER: u32 = 0;

/// Bytes of a buffer that takes any block: header and 80 scans of six bytes.
pub const BLOCK_BYTES: usize =
    metrology::BLOCK_HEADER_BYTES + metrology::SCANS_PER_BLOCK * metrology::SCAN_BYTES;

/// A buffer that is with the driver.
pub type LentForBlock<'scope, 'share, S> = LentRw<'scope, 'share, S, DRIVER_NUM, BLOCK_BUFFER>;

mod command {
    pub const START: u32 = 1;
    pub const GEOMETRY: u32 = 3;
    pub const TAKE_BLOCK: u32 = 4;
}

/// Starts the conversions and makes this app their owner.
///
/// # Errors
/// `Busy` another app is the owner; `Already` this one is; `Invalid` the
/// hardware does not have the rate.
pub fn start<S: Syscalls>(rate_hz: u32) -> Result<(), ErrorCode> {
    S::command(DRIVER_NUM, command::START, rate_hz, 0).to_result()
}

/// Scans a second and scans in a block.
///
/// # Errors
/// `NoDevice` without the driver.
pub fn geometry<S: Syscalls>() -> Result<(u32, u32), ErrorCode> {
    S::command(DRIVER_NUM, command::GEOMETRY, 0, 0).to_result()
}

/// Has the oldest waiting block copied to the lent buffer. Gives its bytes.
///
/// # Errors
/// `NoMem` none is waiting; `Size` the buffer is too short; `Reserve` this app
/// is not the owner.
pub fn take_block<S: Syscalls>() -> Result<usize, ErrorCode> {
    S::command(DRIVER_NUM, command::TAKE_BLOCK, 0, 0)
        .to_result::<u32, ErrorCode>()
        .map(|bytes| bytes as usize)
}
