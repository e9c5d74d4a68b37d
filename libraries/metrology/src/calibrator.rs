//! Makes calibration constants from a known load.

use crate::block::Block;
use crate::calibration::{Calibration, GainPoint, DELAY_LIMITS_NS};
use crate::fixed::{sin_cos_q30, small_arc_sine_q30, turns_of_millidegrees, ONE_Q30};
use crate::flags::Flags;
use crate::measurement::WindowSums;
use crate::range::Range;
use crate::sampler::Sampler;

/// Windows thrown away at the beginning, while the DC removal settles.
const SETTLING_WINDOWS: u32 = 2;
/// Largest phase error that is corrected, as a sine in Q30: about 5 degrees.
const LARGEST_PHASE: i64 = ONE_Q30 * 87 / 1_000;
/// Smallest reference voltage: 80 % of 230 V would be usual, 50 V is possible.
const LEAST_VOLTS_UV: u32 = 50_000_000;
/// Smallest reference current that says anything about a gain.
const LEAST_AMPERES_UA: u32 = 100_000;

/// The load that is applied during a calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Root mean square of the voltage, microvolts.
    pub volts_uv: u32,
    /// Root mean square of the current, microamperes; 0 calibrates the noise
    /// and the crosstalk of the channel.
    pub amperes_ua: u32,
    /// Angle by which the current lags the voltage, thousandths of a degree.
    pub lag_millidegrees: i32,
}

/// Why a calibration was refused; the old constants stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalibrationError {
    /// The reference is none that can be calibrated with.
    Reference,
    /// Scans were lost.
    MissingSamples,
    /// A channel touched an end of its range.
    Saturated,
    /// No mains frequency was found.
    NoFrequency,
    /// The voltage gain would be more than 20 % from the nominal one.
    VoltageGain,
    /// The current gain would be more than 20 % from the nominal one.
    CurrentGain,
    /// The phase is more than 5 degrees from the reference: swapped wires, or
    /// another load than said.
    Phase,
}

/// A calibration of one current range (and of the voltage) in progress.
///
/// Calibrate each range at about a quarter of its full scale (high: 1 A, low:
/// 20 A), which corrects gain and phase. Further currents in the same range
/// (high: 0.25 A and 4 A, low: 5 A and 60 A) add points to the gain table and
/// take out the converter's non-linearity; a current of 0 takes out noise.
#[derive(Clone, Debug)]
pub struct Calibrator {
    range: Range,
    reference: Reference,
    calibration: Calibration,
    sampler: Sampler,
    settling: u32,
    left: u32,
    total: Totals,
}

/// Means summed over the windows.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    windows: u32,
    /// Voltage rms, steps Q16.
    volts: u64,
    /// Mean square of the current, Q16.
    square: i128,
    /// Mean product with the voltage, Q8, and with the quadrature voltage.
    active: i128,
    reactive: i128,
    /// Microhertz.
    frequency: u64,
}

impl Calibrator {
    /// Starts a calibration over `seconds` of load, which improves `base`.
    pub fn new(
        range: Range,
        reference: Reference,
        base: &Calibration,
        seconds: u32,
    ) -> Result<Calibrator, CalibrationError> {
        let current = reference.amperes_ua;
        let sound = reference.volts_uv >= LEAST_VOLTS_UV
            && (current == 0 || current >= LEAST_AMPERES_UA)
            && (1..=3_600).contains(&seconds);
        if !sound {
            return Err(CalibrationError::Reference);
        }
        Ok(Calibrator {
            range,
            reference,
            calibration: *base,
            sampler: Sampler::new(base, Some(range)),
            settling: SETTLING_WINDOWS,
            left: seconds,
            total: Totals::default(),
        })
    }

    /// Adds a block; the result once enough was measured. After a result the
    /// calibrator is spent.
    pub fn process(&mut self, block: &Block<'_>) -> Option<Result<Calibration, CalibrationError>> {
        let window = self.sampler.push(block).filter(|window| window.whole)?;
        if self.settling > 0 {
            self.settling -= 1;
            return None;
        }
        if let Err(error) = self.add(&window) {
            return Some(Err(error));
        }
        self.left = self.left.saturating_sub(1);
        (self.left == 0).then(|| self.finish())
    }

    /// Seconds of load still to be measured.
    pub fn seconds_left(&self) -> u32 {
        self.left + self.settling
    }

    fn add(&mut self, window: &WindowSums) -> Result<(), CalibrationError> {
        if window.lost_scans > 0 || window.flags.contains(Flags::MISSING_SAMPLES) {
            return Err(CalibrationError::MissingSamples);
        }
        if window.flags.contains(Flags::VOLTAGE_SATURATED)
            || window.flags.contains(Flags::CURRENT_SATURATED)
        {
            return Err(CalibrationError::Saturated);
        }
        if window.frequency_uhz == 0 {
            return Err(CalibrationError::NoFrequency);
        }
        let moments = window.moments(self.range, false);
        let count = i128::from(moments.count.max(1));
        self.total.windows += 1;
        self.total.volts += window.voltage_rms_q16();
        self.total.square += i128::from(moments.ii) / count;
        // Kept in Q16 for the resolution of small currents.
        self.total.active += (i128::from(moments.vi) << 8) / count;
        self.total.reactive += (i128::from(moments.reactive) << 8) / count;
        self.total.frequency += u64::from(window.frequency_uhz);
        Ok(())
    }

    fn finish(&self) -> Result<Calibration, CalibrationError> {
        let total = &self.total;
        let windows = i128::from(total.windows.max(1));
        let mut result = self.calibration;
        result.revision = result.revision.wrapping_add(1);
        let rests = self.sampler.rests();
        result.offsets[0] = rests[0];

        let volts_q16 = i128::from(total.volts) / windows;
        result.voltage_gain = gain(self.reference.volts_uv, volts_q16)
            .filter(|gain| Calibration::accepts_voltage_gain(*gain))
            .ok_or(CalibrationError::VoltageGain)?;
        result.voltage_calibrated = true;

        // The lowest current says best what the channel rests at: the converter bends least.
        let lowest = self
            .calibration
            .channel(self.range)
            .gain
            .points()
            .first()
            .map_or(u32::MAX, |point| point.level);
        let level = u32::try_from((total.square / windows).max(0).unsigned_abs().isqrt());
        // Of steps squared in Q16 the root is in Q8, as a level is.
        if level.is_ok_and(|level| level <= lowest.saturating_add(lowest / 8)) {
            result.offsets[1 + self.range as usize] = rests[1 + self.range as usize];
        }
        let channel = result.channel_mut(self.range);
        let square = total.square / windows;
        let active = total.active / windows;
        let reactive = total.reactive / windows;
        if self.reference.amperes_ua == 0 {
            channel.noise = u32::try_from(square).map_err(|_| CalibrationError::CurrentGain)?;
            channel.power_offset =
                i32::try_from(active >> 8).map_err(|_| CalibrationError::CurrentGain)?;
            return Ok(result);
        }

        let rms_q16 = ((square - i128::from(channel.noise)).max(0) << 16)
            .unsigned_abs()
            .isqrt();
        let rms_q16 = i128::try_from(rms_q16).unwrap_or(i128::MAX);
        let current_gain = gain(self.reference.amperes_ua, rms_q16)
            .filter(|gain| channel.gain.accepts(*gain))
            .ok_or(CalibrationError::CurrentGain)?;
        channel.gain.insert(GainPoint {
            // Within 16 bits of steps, as the gain is plausible.
            level: u32::try_from(rms_q16 >> 8).unwrap_or(u32::MAX),
            gain: current_gain,
        });

        let apparent = (active * active + reactive * reactive)
            .unsigned_abs()
            .isqrt()
            .max(1) as i128;
        let (sine, cosine) = sin_cos_q30(turns_of_millidegrees(self.reference.lag_millidegrees));
        // Measured lag less reference lag, as a sine, and whether it is less than a right angle.
        let ahead = (reactive * i128::from(cosine) - active * i128::from(sine)) / apparent;
        let along = active * i128::from(cosine) + reactive * i128::from(sine);
        if along <= 0 || ahead.abs() > i128::from(LARGEST_PHASE) {
            return Err(CalibrationError::Phase);
        }
        let angle_q30 = i128::from(small_arc_sine_q30(ahead as i64));
        // angle / (2 pi f), with f in microhertz and 2 pi in Q28.
        let frequency = i128::from(total.frequency) / windows;
        let nanoseconds =
            ((angle_q30 * 1_000_000_000_000_000) >> 2) / (1_686_629_713 * frequency.max(1));
        // A current that lags too much was delayed too much.
        let delay = i128::from(channel.delay_ns) - nanoseconds;
        if delay < DELAY_LIMITS_NS.0.into() || delay > DELAY_LIMITS_NS.1.into() {
            return Err(CalibrationError::Phase);
        }
        channel.delay_ns = delay as i32;
        Ok(result)
    }
}

/// Micro-units per step, Q14, when `rms_q16` steps are `reference` micro-units.
fn gain(reference: u32, rms_q16: i128) -> Option<u32> {
    let value = (i128::from(reference) << 30).checked_div(rms_q16)?;
    u32::try_from(value).ok()
}
