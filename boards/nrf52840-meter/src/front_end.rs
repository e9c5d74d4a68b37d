//! The SAADC as the meter ADC capsule's front end.

use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::front_end::{FilledBlock, MeterFrontEnd, MeterFrontEndClient, ReturnedBuffers};
use nrf52840::saadc::{Saadc, ScanBlock, ScanClient};

use crate::pins::METER_SCAN;

/// Scans of voltage and both current ranges.
pub struct SaadcFrontEnd {
    saadc: &'static Saadc<'static>,
    client: OptionalCell<&'static dyn MeterFrontEndClient>,
}

impl SaadcFrontEnd {
    /// The front end; the board makes it the SAADC's scan client.
    pub fn new(saadc: &'static Saadc<'static>) -> Self {
        Self {
            saadc,
            client: OptionalCell::empty(),
        }
    }
}

impl MeterFrontEnd<'static> for SaadcFrontEnd {
    fn set_client(&self, client: &'static dyn MeterFrontEndClient) {
        self.client.set(client);
    }

    fn start(
        &self,
        rate: u32,
        first: &'static mut [u8],
        second: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8], &'static mut [u8])> {
        self.saadc.start_scan(&METER_SCAN, rate, first, second)
    }

    fn provide_buffer(
        &self,
        buffer: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.saadc.provide_scan_buffer(buffer)
    }

    fn stop(&self) -> Result<(), ErrorCode> {
        self.saadc.stop_scan()
    }
}

impl ScanClient for SaadcFrontEnd {
    fn block_ready(&self, block: ScanBlock) {
        if let Some(client) = self.client.get() {
            client.block_ready(FilledBlock {
                buffer: block.buffer,
                scans: block.scans,
                last_scan_us: block.end_us,
                missed_blocks: block.lost_blocks,
                saturated: block.saturated,
            });
        }
    }

    fn stopped(&self, buffers: ReturnedBuffers) {
        if let Some(client) = self.client.get() {
            client.stopped(buffers);
        }
    }
}
