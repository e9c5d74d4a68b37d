//! What the meter ADC needs of the hardware: scans by DMA into two buffers that take turns.

use core::ops::RangeInclusive;

use kernel::ErrorCode;

/// The buffers that a stopped front end gives back.
pub type ReturnedBuffers = [Option<&'static mut [u8]>; 2];

/// Codes that the reference may read. No channel can rest within them: its bias is half of full
/// scale, give or take 5 %.
pub const REFERENCE_CODES: RangeInclusive<i16> = 12_000..=15_500;

/// Hardware that scans the voltage, both current channels and a reference at a fixed rate.
///
/// It fills one buffer while the next one waits, so that no scan is missed as
/// long as [`provide_buffer`](Self::provide_buffer) is called within one
/// block's time after each filled buffer. A buffer holds whole scans of four
/// `i16` in the order of conversion (voltage, low gain, high gain, reference),
/// little endian; its memory is aligned to four bytes and in RAM that DMA reaches.
/// The reference is a known voltage, [`REFERENCE_CODES`]: where it is read, and
/// nothing else, the channels stand in their places.
///
/// No client callback comes from within a call of this trait.
pub trait MeterFrontEnd<'a> {
    /// Who hears of filled buffers.
    fn set_client(&self, client: &'a dyn MeterFrontEndClient);

    /// Starts to fill `first`, then `second`. Time and scans count from here.
    ///
    /// - `period_us`: microseconds from scan to scan
    ///
    /// # Errors
    /// Fails, and gives the buffers back, with `INVAL` if the period is not possible, with
    /// `BUSY` if it runs, or has not stopped yet, and with `SIZE` if a buffer is too short or
    /// misaligned.
    #[allow(clippy::type_complexity)]
    fn start(
        &self,
        period_us: u32,
        first: &'static mut [u8],
        second: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8], &'static mut [u8])>;

    /// Gives the buffer to be filled after the present one.
    ///
    /// # Errors
    /// Fails, and gives the buffer back, with `BUSY` if one waits already, and with `OFF` if
    /// it is not started.
    fn provide_buffer(
        &self,
        buffer: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8])>;

    /// Stops. The buffers come back by [`MeterFrontEndClient::stopped`], and no block comes
    /// after that.
    ///
    /// # Errors
    /// Fails with `OFF` if it is not started.
    fn stop(&self) -> Result<(), ErrorCode>;
}

/// One filled buffer of scans.
pub struct ScanBlock {
    /// The buffer, as it was provided.
    pub buffer: &'static mut [u8],
    /// Scans in it.
    pub scans: u32,
    /// Time of the last of them, in microseconds since the start.
    pub last_scan_us: u64,
    /// Blocks that the hardware had no buffer for, between the previous filled
    /// one and this.
    pub lost_blocks: u32,
    /// Bit 0, 1, 2: channel 0, 1, 2 touched an end of its range in this block.
    pub saturated: u8,
}

/// Hears of filled buffers.
pub trait MeterFrontEndClient {
    /// A buffer is full. [`MeterFrontEnd::provide_buffer`] may be called from here.
    fn block_ready(&self, block: ScanBlock);

    /// The hardware has stopped and holds no buffer any more.
    fn stopped(&self, buffers: ReturnedBuffers);
}
