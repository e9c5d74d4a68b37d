//! The front end read scan by scan, as the SAADC would, without a CPU: blocks
//! for the metrology crate at thousands of times real time.

use decimation::{Decimator, CONVERTED_PERIOD_US, RATIO};
use emulator::analog::{AnalogInput, ConversionConfig, Reference as Volts};
use emulator::front_end::{FrontEnd, INPUT_CURRENT_HIGH, INPUT_CURRENT_LOW, INPUT_VOLTAGE};
use emulator::mains::{Mains, Synthesis};
use metrology::{
    Block, Calibration, CalibrationError, Calibrator, EnergyTotals, Measurement, Meter, Range,
    Reference, SCANS_PER_BLOCK, SCAN_BYTES, SCAN_PERIOD_US,
};

/// Between scans of the converter.
const CONVERTED_NS: u64 = 1_000 * CONVERTED_PERIOD_US as u64;
/// What the reference reads.
const REFERENCE: i16 = 13_653;
/// Microseconds of a block.
pub const BLOCK_US: u64 = SCANS_PER_BLOCK as u64 * SCAN_PERIOD_US as u64;
/// Between the channels of a scan.
const SKEW_NS: u64 = 12_000;

/// The loads at which a range is calibrated in the shortest procedure.
pub const SHORT_CALIBRATION: [(Range, f64); 2] = [(Range::High, 1.0), (Range::Low, 20.0)];
/// The loads of the full procedure, which takes the non-linearity out.
pub const FULL_CALIBRATION: [(Range, f64); 6] = [
    (Range::High, 1.0),
    (Range::High, 0.25),
    (Range::High, 4.0),
    (Range::Low, 20.0),
    (Range::Low, 5.0),
    (Range::Low, 60.0),
];

/// A front end whose conversions are started every 51 microseconds, with the filter behind it.
#[derive(Debug)]
pub struct Scanner {
    front_end: FrontEnd,
    decimator: Decimator,
    /// Of the converter.
    scans: u64,
    sequence: u32,
}

impl Scanner {
    /// Starts scanning at time 0, after an offset calibration.
    pub fn new(mut front_end: FrontEnd) -> Scanner {
        front_end.calibrate();
        Scanner {
            front_end,
            decimator: Decimator::new(),
            scans: 0,
            sequence: 0,
        }
    }

    /// Connects another mains.
    pub fn connect(&mut self, mains: impl Into<Mains>) {
        self.front_end.set_mains(mains);
    }

    /// Returns the time of the next scan in nanoseconds.
    pub fn time_ns(&self) -> u64 {
        self.scans * CONVERTED_NS
    }

    /// Lets `blocks` blocks pass unread.
    pub fn skip(&mut self, blocks: u32) {
        self.scans += u64::from(blocks) * (RATIO * SCANS_PER_BLOCK) as u64;
        self.sequence = self.sequence.wrapping_add(blocks);
    }

    /// Scans one block and hands it to `use_block`.
    pub fn block<R>(&mut self, lost_scans: u32, use_block: impl FnOnce(&Block<'_>) -> R) -> R {
        let mut converted = Vec::with_capacity(RATIO * SCANS_PER_BLOCK * 8);
        for _ in 0..RATIO * SCANS_PER_BLOCK {
            let inputs = [INPUT_VOLTAGE, INPUT_CURRENT_LOW, INPUT_CURRENT_HIGH];
            for (channel, input) in inputs.into_iter().enumerate() {
                let time_ns = self.time_ns() + channel as u64 * SKEW_NS;
                let config = ConversionConfig {
                    channel: channel as u8,
                    gain: (1, 5),
                    reference: Volts::Internal,
                    differential: false,
                    negative: 0,
                    resolution: 14,
                };
                let code = self.front_end.convert(input, time_ns, config);
                converted.extend_from_slice(&code.to_le_bytes());
            }
            converted.extend_from_slice(&REFERENCE.to_le_bytes());
            self.scans += 1;
        }
        let mut bytes = [0; SCANS_PER_BLOCK * SCAN_BYTES];
        self.decimator.process(&converted, &mut bytes);
        self.sequence = self.sequence.wrapping_add(1);
        let time_us = (self.scans - 1) * CONVERTED_NS / 1_000;
        let flags = u32::from(lost_scans != 0);
        use_block(&Block::from_parts(
            self.sequence,
            flags,
            time_us,
            lost_scans,
            &bytes,
        ))
    }

    /// Runs `meter` for `seconds`, and returns the measurements and pulses that it gave.
    pub fn run(&mut self, meter: &mut Meter, seconds: u32) -> (Vec<Measurement>, u64) {
        let mut measurements = Vec::new();
        let mut pulses = 0;
        for _ in 0..(u64::from(seconds) * 1_000_000).div_ceil(BLOCK_US) {
            let outcome = self.block(0, |block| meter.process(block));
            pulses += u64::from(outcome.pulses);
            measurements.extend(outcome.measurement);
        }
        (measurements, pulses)
    }

    /// Returns the mean active and reactive power (W, var) over about `seconds` of whole
    /// windows, from the energy registers, after a second of settling.
    pub fn mean_power(&mut self, meter: &mut Meter, seconds: u32) -> (f64, f64) {
        self.run(meter, 1);
        let before = *meter.registers();
        self.run(meter, seconds);
        let after = meter.registers();
        let hours = (after.measured_us - before.measured_us) as f64 / 3.6e9;
        let (active, reactive) = net(&after.totals.since(&before.totals));
        (active / hours, reactive / hours)
    }

    /// Calibrates at 230 V, 50 Hz, power factor 1 with the given loads, ten seconds each.
    pub fn calibrate(&mut self, loads: &[(Range, f64)]) -> Result<Calibration, CalibrationError> {
        let mut calibration = Calibration::NOMINAL;
        for &(range, amperes) in loads {
            self.connect(Synthesis::new(230.0, amperes, 0.0, 50.0));
            let reference = Reference {
                volts_uv: 230_000_000,
                amperes_ua: (amperes * 1e6) as u32,
                lag_millidegrees: 0,
            };
            let mut calibrator = Calibrator::new(range, reference, &calibration, 10)?;
            calibration = loop {
                if let Some(result) = self.block(0, |block| calibrator.process(block)) {
                    break result?;
                }
            };
        }
        Ok(calibration)
    }
}

/// Returns import less export: active (Wh) and reactive (varh).
pub fn net(totals: &EnergyTotals) -> (f64, f64) {
    (
        (totals.import_nwh as f64 - totals.export_nwh as f64) * 1e-9,
        (totals.import_nvarh as f64 - totals.export_nvarh as f64) * 1e-9,
    )
}
