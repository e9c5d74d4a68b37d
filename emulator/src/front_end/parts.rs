//! The parts of a specimen and their tolerances.

use super::converter::Converter;
use super::poles::POLES;
use super::random::Stream;

/// Nominal scales at the pins (docs/front-end.md).
const VOLTS_PER_VOLT: f64 = 3.5e-3;
const VOLTS_PER_AMPERE: f64 = 14e-3;
const HIGH_GAIN: f64 = 16.0;
const BIAS_VOLTS: f64 = 1.5;

/// Tolerance of divider, shunt and each amplifier.
const GAIN_TOLERANCE: f64 = 0.01;
/// 0.2 degrees at 50 Hz, as the delay that an RC member has.
const DELAY_TOLERANCE_NS: f64 = 11_111.0;
/// Each RC pole: 3 kHz (docs/front-end.md), of a resistor of 1 % and a C0G capacitor of 1 %.
const POLE_SECONDS: f64 = 1.0 / (3_000.0 * std::f64::consts::TAU);
const POLE_TOLERANCE: f64 = 0.02;
/// Drift of a gain, a kelvin.
const GAIN_DRIFT: f64 = 25e-6;

/// From the mains to one pin.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Volts at the pin for a volt or an ampere of the mains, at 25 degrees.
    pub scale: f64,
    /// Relative change of the scale for a kelvin.
    pub drift: f64,
    /// How much later than the mains the pin is, ns.
    pub delay_ns: i64,
    /// Added to the bias at the pin, volts.
    pub offset_volts: f64,
    /// Time constants of the RC poles, seconds.
    pub pole_seconds: [f64; POLES],
}

impl Channel {
    fn exact(scale: f64) -> Channel {
        Channel {
            scale,
            drift: 0.0,
            delay_ns: 0,
            offset_volts: 0.0,
            pole_seconds: [POLE_SECONDS; POLES],
        }
    }

    pub(super) fn scale_at(&self, kelvin_from_25: f64) -> f64 {
        self.scale * (1.0 + self.drift * kelvin_from_25)
    }
}

/// All parts of one front end.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Voltage divider.
    pub voltage: Channel,
    /// Shunt and first amplifier.
    pub current_low: Channel,
    /// Shunt and both amplifiers.
    pub current_high: Channel,
    /// What the inputs rest at, volts.
    pub bias_volts: f64,
    /// The SAADC.
    pub converter: Converter,
}

impl Parts {
    /// Parts without errors and noise.
    pub fn ideal() -> Parts {
        Parts {
            voltage: Channel::exact(VOLTS_PER_VOLT),
            current_low: Channel::exact(VOLTS_PER_AMPERE),
            current_high: Channel::exact(VOLTS_PER_AMPERE * HIGH_GAIN),
            bias_volts: BIAS_VOLTS,
            converter: Converter::ideal(),
        }
    }

    /// The specimen of a seed.
    pub fn from_seed(seed: u64) -> Parts {
        let mut stream = Stream::new(seed);
        let mut tolerance = |limit: f64| 1.0 + limit * stream.signed();
        let divider = tolerance(GAIN_TOLERANCE);
        let shunt = tolerance(GAIN_TOLERANCE);
        let first = tolerance(GAIN_TOLERANCE);
        let second = tolerance(GAIN_TOLERANCE);
        let bias_volts = BIAS_VOLTS * tolerance(GAIN_TOLERANCE);
        let mut channel = |scale: f64, offset_limit: f64| Channel {
            scale,
            drift: GAIN_DRIFT * stream.signed(),
            delay_ns: (DELAY_TOLERANCE_NS * stream.signed()) as i64,
            offset_volts: offset_limit * stream.signed(),
            pole_seconds: [POLE_SECONDS; POLES],
        };
        let low = VOLTS_PER_AMPERE * shunt * first;
        let mut parts = Parts {
            voltage: channel(VOLTS_PER_VOLT * divider, 0.5e-3),
            current_low: channel(low, 1e-3),
            current_high: channel(low * HIGH_GAIN * second, 5e-3),
            bias_volts,
            converter: Converter::draw(&mut stream),
        };
        let mut pole = || POLE_SECONDS * (1.0 + POLE_TOLERANCE * stream.signed());
        parts.voltage.pole_seconds = [pole(), pole(), pole()];
        // The poles of the shunt and of the first amplifier are in both paths.
        let shared = [pole(), pole()];
        parts.current_low.pole_seconds = [shared[0], shared[1], pole()];
        parts.current_high.pole_seconds = [shared[0], shared[1], pole()];
        parts
    }
}
