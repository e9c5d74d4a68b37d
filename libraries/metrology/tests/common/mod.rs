//! Blocks for the tests, from an ideal converter or from anything else.

use metrology::{Block, SCANS_PER_BLOCK, SCAN_BYTES, SCAN_PERIOD_US};

/// Seconds from scan to scan.
pub const PERIOD: f64 = SCAN_PERIOD_US as f64 * 1e-6;

/// Blocks of so many seconds, the last one begun.
pub fn blocks(seconds: u64) -> u64 {
    (seconds * 1_000_000).div_ceil(SCANS_PER_BLOCK as u64 * u64::from(SCAN_PERIOD_US))
}

/// Volts, amperes and lag in degrees at a frequency.
#[derive(Clone, Copy)]
pub struct Load {
    pub volts: f64,
    pub amperes: f64,
    pub lag_degrees: f64,
    pub hertz: f64,
}

impl Load {
    /// The scan at `time` seconds through the nominal front end and the filter, quantised.
    pub fn scan(&self, time: f64) -> [i16; 3] {
        let angle = time * self.hertz * std::f64::consts::TAU;
        let current = self.amperes * 2f64.sqrt() * (angle - self.lag_degrees.to_radians()).sin();
        let code = |volts: f64| {
            ((1.5 + volts) / 3.0 * 16_384.0)
                .round()
                .clamp(0.0, 16_383.0) as i16
        };
        [
            code(self.volts * 2f64.sqrt() * angle.sin() * 3.5e-3),
            code(current * 14e-3),
            code(current * 224e-3),
        ]
    }
}

/// Makes consecutive blocks.
#[derive(Default)]
pub struct Source {
    pub scans: u64,
    pub sequence: u32,
}

impl Source {
    /// The next block, of `scan` at each time in seconds.
    pub fn block<R>(
        &mut self,
        flags: u32,
        lost_scans: u32,
        mut scan: impl FnMut(f64) -> [i16; 3],
        then: impl FnOnce(&Block<'_>) -> R,
    ) -> R {
        let mut bytes = Vec::with_capacity(SCANS_PER_BLOCK * SCAN_BYTES);
        for _ in 0..SCANS_PER_BLOCK {
            for sample in scan(self.scans as f64 * PERIOD) {
                bytes.extend_from_slice(&sample.to_le_bytes());
            }
            self.scans += 1;
        }
        self.sequence += 1;
        let time_us = (self.scans - 1) * u64::from(SCAN_PERIOD_US);
        then(&Block::from_parts(
            self.sequence,
            flags,
            time_us,
            lost_scans,
            &bytes,
        ))
    }
}
