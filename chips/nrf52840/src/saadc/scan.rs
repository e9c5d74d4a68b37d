//! Continuous scans of several inputs at a fixed rate, for the meter.
//!
//! Each scan is triggered by a timer through PPI, each result goes to RAM by
//! EasyDMA, each block's end restarts the converter through PPI; the CPU has a whole
//! block's time to give the next buffer. A free-running timer captures the time of
//! each end, a counter counts them.

use super::blocks::Block;
use super::hardware::{Hardware, CONVERSION_US};
use super::scan_client::{ScanConfig, StartRefused};
use super::state::{Mode, Phase};
use super::Saadc;
use crate::registers::saadc::{Config, Interrupt, Resolution};
use kernel::ErrorCode;
use meter_hil::front_end::{MeterFrontEnd, MeterFrontEndClient, ScanBlock};

/// Bytes of a result.
const RESULT_BYTES: usize = 2;

/// Most results that EasyDMA moves for one START (MAXCNT has 15 bits).
const MOST_RESULTS: usize = 0x7FFF;

/// Results at which an input counts as at the end of its range: where an amplifier ends that
/// gets to 0.03 V of its supply's lower end, and within eight steps of 16,383.
const LIMITS: (i16, i16) = (160, 16_383 - 8);

impl<'a> Saadc<'a> {
    /// Sets the object that gets scans.
    pub fn set_scan_client(&self, client: &'a dyn MeterFrontEndClient) {
        self.scan.client.set(client);
    }

    /// Sets the inputs that [`MeterFrontEnd::start`] scans, as the board has connected
    /// them.
    pub fn set_scan_inputs(&self, config: &'static ScanConfig) {
        self.scan.config.set(Some(config));
    }

    /// Calibrates the offset, then scans every `period_us` into `first`, then `second`,
    /// then the buffers provided, all of one length: whole scans of 16-bit results, aligned
    /// to four bytes.
    ///
    /// # Errors
    /// Fails, and gives the buffers back, with `INVAL` if the period or the number of inputs is
    /// not possible, with `BUSY` if the converter is in use, and with `SIZE` if a buffer's
    /// length or alignment is wrong.
    pub fn start_scan(
        &self,
        config: &ScanConfig,
        period_us: u32,
        first: &'static mut [u8],
        second: &'static mut [u8],
    ) -> Result<(), StartRefused> {
        let inputs = config.inputs.len();
        let scan_bytes = inputs * RESULT_BYTES;
        let period = match Hardware::scan_period(period_us, inputs as u32) {
            Some(period) if (1..=8).contains(&inputs) => period,
            _ => return Err((ErrorCode::INVAL, first, second)),
        };
        if self.mode.get() != Mode::Idle {
            return Err((ErrorCode::BUSY, first, second));
        }
        let fits = |buffer: &[u8]| {
            !buffer.is_empty()
                && buffer.len().is_multiple_of(scan_bytes)
                && buffer.len() / RESULT_BYTES <= MOST_RESULTS
                && buffer.as_ptr().cast::<u32>().is_aligned()
        };
        if !fits(first) || !fits(second) || first.len() != second.len() {
            return Err((ErrorCode::SIZE, first, second));
        }
        self.scan.inputs.set(inputs);
        self.scan.scans.set(first.len() / scan_bytes);
        self.scan.period.set(period);
        self.scan.end_us.set(0);
        self.scan.saturated.set(0);
        let results = first.len() / RESULT_BYTES;
        self.scan_blocks.put(first, results, second, results);
        self.hardware.configure(
            config.inputs,
            Resolution::VAL::Bits14,
            Config::GAIN::Gain1_5,
            LIMITS,
        );
        if config.reference {
            self.hardware.reduce(inputs - 1);
        }
        // STOP, calibrate, STOP, and only then START: without the STOPs a result of
        // the calibration may get into the first buffer (anomalies 86 and 252, which
        // Nordic lists for the family's other parts; the order costs nothing here).
        self.enter(Phase::Settling);
        Ok(())
    }

    /// Gives the buffer to be filled after the present one.
    ///
    /// # Errors
    /// Fails, and gives the buffer back, with `BUSY` if one waits already, with `OFF` if no
    /// scan runs, and with `SIZE` if it is not as long as the others, or misaligned.
    pub fn provide_scan_buffer(
        &self,
        buffer: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        let running = matches!(self.mode.get(), Mode::Scan(phase) if phase != Phase::Stopping);
        if !running {
            return Err((ErrorCode::OFF, buffer));
        }
        let bytes = self.scan.scans.get() * self.scan.inputs.get() * RESULT_BYTES;
        if buffer.len() != bytes || !buffer.as_ptr().cast::<u32>().is_aligned() {
            return Err((ErrorCode::SIZE, buffer));
        }
        self.scan_blocks
            .provide(&self.hardware, buffer, bytes / RESULT_BYTES)
            .map_err(|buffer| (ErrorCode::BUSY, buffer))
    }

    /// Stops the scan; [`MeterFrontEndClient::stopped`] follows, and no block after it.
    ///
    /// # Errors
    /// Fails with `OFF` if no scan runs.
    pub fn stop_scan(&self) -> Result<(), ErrorCode> {
        match self.mode.get() {
            Mode::Scan(phase) if phase != Phase::Stopping => {
                self.hardware.unwire();
                self.enter(Phase::Stopping);
                Ok(())
            }
            _ => Err(ErrorCode::OFF),
        }
    }

    fn enter(&self, phase: Phase) {
        self.mode.set(Mode::Scan(phase));
        match phase {
            Phase::Settling | Phase::Clearing | Phase::Stopping => {
                self.hardware.interrupt_on(Interrupt::STOPPED.val(1));
                self.hardware.stop();
            }
            Phase::Calibrating => {
                self.hardware.interrupt_on(Interrupt::CALIBRATEDONE.val(1));
                self.hardware.calibrate();
            }
            Phase::Running => {
                self.hardware.interrupt_on(Interrupt::STARTED.val(1));
                self.hardware.take_limits(self.scan.inputs.get());
                self.hardware.wire(self.scan.period.get());
                self.scan_blocks.start(&self.hardware);
            }
        }
    }

    /// The event that the phase awaits has come, or maybe not yet.
    pub(super) fn handle_scan(&self, phase: Phase) {
        match phase {
            Phase::Settling if self.take_stopped() => self.enter(Phase::Calibrating),
            Phase::Calibrating if self.take_calibrated() => self.enter(Phase::Clearing),
            Phase::Clearing if self.take_stopped() => self.enter(Phase::Running),
            Phase::Running if self.take_started() => self.blocks_ended(),
            Phase::Stopping if self.take_stopped() => self.scan_stopped(),
            _ => {}
        }
    }

    fn blocks_ended(&self) {
        let hardware = &self.hardware;
        let (ends, time) = hardware.ends_with_time();
        let block = self.scan_blocks.started(hardware, ends);
        if ends == 0 {
            hardware.start_clock();
            return;
        }
        let before = self.scan.end_us.get();
        let end_us = before + u64::from(time.wrapping_sub(before as u32));
        self.scan.end_us.set(end_us);
        let touched = hardware.take_limits(self.scan.inputs.get());
        let carried = self.scan.saturated.get() | touched;
        let Some(Block {
            buffer,
            blocks_since,
            lost_blocks,
            ..
        }) = block
        else {
            self.scan.saturated.set(carried);
            return;
        };
        // When the next block has converted something by now, a touch may be its.
        let late = blocks_since > 0 || hardware.since_end() > self.first_result_us();
        self.scan.saturated.set(if late { touched } else { 0 });
        let scans = self.scan.scans.get() as u32;
        let since = u64::from(blocks_since) * u64::from(scans * self.scan.period_us());
        self.scan.client.map(|client| {
            client.block_ready(ScanBlock {
                buffer,
                scans,
                last_scan_us: end_us.saturating_sub(since),
                lost_blocks,
                saturated: carried,
            });
        });
    }

    /// Microseconds after an END at which the next block has its first result.
    fn first_result_us(&self) -> u32 {
        let scan = self.scan.inputs.get() as u32 * CONVERSION_US;
        self.scan.period_us().saturating_sub(scan) + CONVERSION_US
    }

    fn scan_stopped(&self) {
        self.hardware.off();
        self.mode.set(Mode::Idle);
        // SAFETY: STOPPED has come, and nothing restarts the converter.
        let buffers = unsafe { self.scan_blocks.take_back() };
        self.scan.client.map(|client| client.stopped(buffers));
    }
}

impl<'a> MeterFrontEnd<'a> for Saadc<'a> {
    fn set_client(&self, client: &'a dyn MeterFrontEndClient) {
        self.set_scan_client(client);
    }

    fn start(
        &self,
        period_us: u32,
        first: &'static mut [u8],
        second: &'static mut [u8],
    ) -> Result<(), StartRefused> {
        match self.scan.config.get() {
            Some(config) => self.start_scan(config, period_us, first, second),
            None => Err((ErrorCode::INVAL, first, second)),
        }
    }

    fn provide_buffer(
        &self,
        buffer: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.provide_scan_buffer(buffer)
    }

    fn stop(&self) -> Result<(), ErrorCode> {
        self.stop_scan()
    }
}
