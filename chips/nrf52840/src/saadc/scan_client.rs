//! What a user of the scans asks for and gets.

use super::hardware::AdcChannel;
use kernel::ErrorCode;

/// What is scanned.
pub struct ScanConfig {
    /// The inputs, in the order in which they are converted. At most eight.
    pub inputs: &'static [AdcChannel],
}

/// A filled buffer of scans.
pub struct ScanBlock {
    /// The buffer as it was given: results of 16 bits, little endian, in the order
    /// of the inputs, scan after scan.
    pub buffer: &'static mut [u8],
    /// Scans in it.
    pub scans: u32,
    /// Time of the end of the last scan, in microseconds since the first scan was set off.
    pub end_us: u64,
    /// Blocks lost between the block delivered before and this one.
    pub lost_blocks: u32,
    /// A bit for each input that touched an end of its range. A touch in the first
    /// scan of the next block may be counted here as well.
    pub saturated: u8,
}

/// Is given filled blocks of scans.
pub trait ScanClient {
    /// A block is there. [`provide_scan_buffer`](super::Saadc::provide_scan_buffer) may
    /// be called from here, and must be called within a block's time.
    fn block_ready(&self, block: ScanBlock);

    /// Scanning has stopped. `buffers` are those that the converter still had.
    fn stopped(&self, buffers: [Option<&'static mut [u8]>; 2]);
}

/// Buffers that a refused start gives back, and why.
pub type StartRefused = (ErrorCode, &'static mut [u8], &'static mut [u8]);
