//! Serial NOR flash, as a power-safe store sees it: read and programmed by word, erased by sector.
//!
//! Upstream's `hil::nonvolatile_storage` hides erasing and has no errors, and its
//! `hil::flash` only writes whole pages; a log needs neither.

use kernel::ErrorCode;

/// Bytes that are erased at once.
pub const SECTOR_SIZE: u32 = 4_096;

/// Bits that read as 1 in an erased word.
pub const ERASED: u32 = u32::MAX;

/// A flash of sectors of [`SECTOR_SIZE`] bytes, all erased to 0xFF.
///
/// Addresses, lengths and the addresses of buffers are multiples of four.
/// Programming takes bits from 1 to 0 and never back, and may be repeated in the
/// same place. One operation runs at a time; its end comes by
/// [`SectorFlashClient`], never from within a call of this trait. Power may fail
/// within any of them: bits that were being programmed or erased may then read as
/// old or new, differently from read to read, until they are programmed to 0
/// again or the sector is wholly erased.
pub trait SectorFlash<'a> {
    /// Who hears of the end of operations.
    fn set_client(&self, client: &'a dyn SectorFlashClient);

    /// Starts to read `length` bytes at `address` into the start of `buffer`.
    ///
    /// # Errors
    /// BUSY: an operation runs. INVAL, SIZE: beyond the flash or the buffer. OFF:
    /// the flash is not there. The buffer comes back.
    fn read(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])>;

    /// Starts to program the first `length` bytes of `buffer` at `address`.
    ///
    /// # Errors
    /// As for [`SectorFlash::read`].
    fn program(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])>;

    /// Starts to erase the sector that begins at `address`.
    ///
    /// # Errors
    /// As for [`SectorFlash::read`].
    fn erase(&self, address: u32) -> Result<(), ErrorCode>;
}

/// Hears of the end of operations.
pub trait SectorFlashClient {
    /// The flash takes operations from now on, or never will. Told once.
    fn ready(&self, result: Result<(), ErrorCode>);

    /// The bytes are in the buffer, which comes back.
    fn read_done(&self, buffer: &'static mut [u8], result: Result<(), ErrorCode>);

    /// The bytes are programmed, and the buffer comes back.
    fn program_done(&self, buffer: &'static mut [u8], result: Result<(), ErrorCode>);

    /// The sector is erased.
    fn erase_done(&self, result: Result<(), ErrorCode>);
}
