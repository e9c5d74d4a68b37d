//! The SAADC's own errors: gain, offset, non-linearity, noise.

use super::random::Stream;
use crate::analog::ConversionConfig;

/// Limit of the gain error.
const GAIN_ERROR: f64 = 0.03;
/// Offset before and after TASKS_CALIBRATEOFFSET, steps at 12 bits.
const OFFSET: f64 = 4.0;
const OFFSET_LEFT: f64 = 0.25;
/// Noise, root mean square, steps at 14 bits.
const NOISE: (f64, f64) = (2.0, 4.0);
/// One step at 12 bits as a fraction of full scale.
const STEP_12: f64 = 1.0 / 4096.0;

/// Size limits of the parts of the non-linearity, steps at 12 bits. Together
/// they stay below the 4.7 steps of the part's specification.
const CURVE: (f64, f64) = (1.0, 3.2);
const BOW: f64 = 0.6;
const CARRY_HALF: f64 = 0.5;
const CARRY_QUARTER: f64 = 0.25;
const CARRY_EIGHTH: f64 = 0.15;

/// Integral non-linearity over the range, in steps at 12 bits: a smooth S, a
/// bow, and steps where the larger capacitors of the converter switch.
#[derive(Clone, Debug, PartialEq)]
pub struct Linearity {
    /// Height of the S (a cubic that is zero at both ends and in the middle).
    pub curve: f64,
    /// Height of the bow in the middle.
    pub bow: f64,
    /// Steps at 1/8, 2/8, ... 7/8 of the range.
    pub carries: [f64; 7],
}

impl Linearity {
    /// A straight line.
    pub fn straight() -> Linearity {
        Linearity {
            curve: 0.0,
            bow: 0.0,
            carries: [0.0; 7],
        }
    }

    fn draw(stream: &mut Stream) -> Linearity {
        let curve = stream.either_sign(CURVE.0, CURVE.1);
        let bow = BOW * stream.signed();
        let carries = [
            CARRY_EIGHTH,
            CARRY_QUARTER,
            CARRY_EIGHTH,
            CARRY_HALF,
            CARRY_EIGHTH,
            CARRY_QUARTER,
            CARRY_EIGHTH,
        ]
        .map(|limit| limit * stream.signed());
        Linearity {
            curve,
            bow,
            carries,
        }
    }

    /// Error at `position` (0 to 1 over the range), steps at 12 bits.
    pub fn error_at(&self, position: f64) -> f64 {
        let x = (2.0 * position - 1.0).clamp(-1.0, 1.0);
        // The cubic's extremes are at 1 / sqrt(3), 2 / (3 sqrt(3)) high.
        let curve = self.curve * (x - x * x * x) * 2.598_076_211_353_316;
        let mut error = curve + self.bow * (1.0 - x * x);
        for (eighth, carry) in self.carries.iter().enumerate() {
            let above = x >= (eighth as f64 + 1.0) / 4.0 - 1.0;
            error += if above { carry / 2.0 } else { -carry / 2.0 };
        }
        error
    }
}

/// A specimen of the SAADC.
#[derive(Clone, Debug, PartialEq)]
pub struct Converter {
    /// Relative gain error.
    pub gain_error: f64,
    /// Offset at start, steps at 12 bits.
    pub offset: f64,
    /// Offset after an offset calibration, steps at 12 bits.
    pub offset_left: f64,
    /// Root mean square of the noise, steps at 14 bits.
    pub noise: f64,
    /// Integral non-linearity.
    pub linearity: Linearity,
}

impl Converter {
    /// A converter that only quantises.
    pub fn ideal() -> Converter {
        Converter {
            gain_error: 0.0,
            offset: 0.0,
            offset_left: 0.0,
            noise: 0.0,
            linearity: Linearity::straight(),
        }
    }

    pub(super) fn draw(stream: &mut Stream) -> Converter {
        Converter {
            gain_error: GAIN_ERROR * stream.signed(),
            offset: OFFSET * stream.signed(),
            offset_left: OFFSET_LEFT * stream.signed(),
            noise: stream.between(NOISE.0, NOISE.1),
            linearity: Linearity::draw(stream),
        }
    }

    /// The code of `volts`; `noise` has deviation 1.
    pub(super) fn code(
        &self,
        volts: f64,
        noise: f64,
        offset_calibrated: bool,
        config: &ConversionConfig,
    ) -> i16 {
        let steps = f64::from(config.full_scale_steps());
        let exact = volts / config.full_scale_volts() * (1.0 + self.gain_error);
        let position = if config.differential {
            (exact + 1.0) / 2.0
        } else {
            exact
        };
        let offset = if offset_calibrated {
            self.offset_left
        } else {
            self.offset
        };
        let error =
            (offset + self.linearity.error_at(position) + self.noise * noise / 4.0) * STEP_12;
        let code = ((exact + error) * steps).round();
        code.clamp(-steps, steps - 1.0) as i16
    }
}
