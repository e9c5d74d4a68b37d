//! SAADC: the meter's continuous scans, and `hil::adc` when the meter rests.

mod adc;
mod blocks;
mod hardware;
mod rotation;
mod scan;
mod scan_client;
mod state;
#[cfg(test)]
mod tests;

pub use adc::AdcChannelSetup;
pub use hardware::{AdcChannel, Hardware};
pub use scan_client::{ScanConfig, StartRefused};

use crate::dma::DmaBuffer;
use blocks::Blocks;
use core::cell::Cell;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use state::{AdcState, Mode, ScanState};

/// The converter.
pub struct Saadc<'a> {
    hardware: Hardware,
    mode: Cell<Mode>,
    scan: ScanState<'a>,
    scan_blocks: Blocks<u8>,
    adc: AdcState<'a>,
    adc_blocks: Blocks<u16>,
    /// Where single samples go.
    single: DmaBuffer<u16>,
}

impl Saadc<'_> {
    /// Makes the driver; the converter is off. `single` takes single samples.
    pub fn new(hardware: Hardware, single: &'static mut [u16; 1]) -> Self {
        Saadc {
            hardware,
            mode: Cell::new(Mode::Idle),
            scan: ScanState::new(),
            scan_blocks: Blocks::new(),
            adc: AdcState::new(),
            adc_blocks: Blocks::new(),
            single: DmaBuffer::lend(single),
        }
    }

    /// Handles whatever the user of the converter awaits.
    pub fn handle_interrupt(&self) {
        match self.mode.get() {
            Mode::Scan(phase) => self.handle_scan(phase),
            Mode::Adc(conversion) => self.handle_adc(conversion),
            Mode::AdcStopping if self.take_stopped() => self.rest(),
            Mode::AdcStopping | Mode::Idle => {}
        }
    }

    /// The converter has stopped.
    fn rest(&self) {
        self.hardware.off();
        self.mode.set(Mode::Idle);
    }

    fn take_started(&self) -> bool {
        take(&self.hardware.registers.events_started)
    }

    fn take_ended(&self) -> bool {
        take(&self.hardware.registers.events_end)
    }

    fn take_calibrated(&self) -> bool {
        take(&self.hardware.registers.events_calibratedone)
    }

    fn take_stopped(&self) -> bool {
        take(&self.hardware.registers.events_stopped)
    }
}

/// Returns whether the event has happened, and clears it.
fn take<R: Readable<T = u32> + Writeable<T = u32>>(event: &R) -> bool {
    let happened = event.get() != 0;
    if happened {
        event.set(0);
    }
    happened
}
