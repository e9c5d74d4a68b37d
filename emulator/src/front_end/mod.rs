//! The meter's analogue front end: from the mains to SAADC codes.
//!
//! Divider, shunt, poles, amplifiers and converter have the tolerances that such parts
//! have, drawn from a seed ([`Parts::from_seed`]); [`Parts::ideal`] has none.
//! Noise is a function of seed, input and time, so a run repeats exactly, also
//! after a state was restored.

mod converter;
mod parts;
mod poles;
mod random;

pub use converter::{Converter, Linearity};
pub use parts::{Channel, Parts};
pub use poles::{Poles, POLES};

use crate::analog::{AnalogInput, ConversionConfig, INPUT_HIGH_SUPPLY, INPUT_SUPPLY};
use crate::mains::Mains;

/// AIN of the voltage divider.
pub const INPUT_VOLTAGE: u8 = 1;
/// AIN of the low-gain current amplifier.
pub const INPUT_CURRENT_LOW: u8 = 2;
/// AIN of the high-gain current amplifier.
pub const INPUT_CURRENT_HIGH: u8 = 4;

/// Supply of the part, volts.
const SUPPLY: f64 = 3.0;
/// How near the amplifiers, supplied with 3.3 V, get to their supply, volts.
const RAILS: (f64, f64) = (0.02, 3.28);

/// Mains, parts and converter of one meter.
#[derive(Debug)]
pub struct FrontEnd {
    mains: Mains,
    parts: Parts,
    seed: u64,
    kelvin_from_25: f64,
    offset_calibrated: bool,
    /// Of voltage, low and high gain.
    poles: [Poles; 3],
}

impl FrontEnd {
    /// A front end without errors and noise.
    pub fn ideal(mains: impl Into<Mains>) -> FrontEnd {
        FrontEnd::with_parts(mains, Parts::ideal(), 0)
    }

    /// A front end as it comes off the line; every seed is another specimen.
    pub fn from_seed(mains: impl Into<Mains>, seed: u64) -> FrontEnd {
        FrontEnd::with_parts(mains, Parts::from_seed(seed), seed)
    }

    /// A front end of given parts; the seed gives the noise.
    pub fn with_parts(mains: impl Into<Mains>, parts: Parts, seed: u64) -> FrontEnd {
        let channels = [&parts.voltage, &parts.current_low, &parts.current_high];
        FrontEnd {
            poles: channels.map(|channel| Poles::new(channel.pole_seconds)),
            mains: mains.into(),
            parts,
            seed,
            kelvin_from_25: 0.0,
            offset_calibrated: false,
        }
    }

    /// Connects another mains; its time goes on.
    pub fn set_mains(&mut self, mains: impl Into<Mains>) {
        self.mains = mains.into();
        self.poles.iter_mut().for_each(Poles::forget);
    }

    /// The mains.
    pub fn mains(&self) -> &Mains {
        &self.mains
    }

    /// The parts of this specimen.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Sets the temperature of the parts; they were specified at 25 degrees.
    pub fn set_celsius(&mut self, celsius: f64) {
        self.kelvin_from_25 = celsius - 25.0;
    }

    /// Voltage at an analogue input, volts.
    pub fn pin_volts(&mut self, input: u8, time_ns: u64) -> f64 {
        let parts = &self.parts;
        let (channel, poles) = match input {
            INPUT_VOLTAGE => (&parts.voltage, &mut self.poles[0]),
            INPUT_CURRENT_LOW => (&parts.current_low, &mut self.poles[1]),
            INPUT_CURRENT_HIGH => (&parts.current_high, &mut self.poles[2]),
            INPUT_SUPPLY => return SUPPLY,
            INPUT_HIGH_SUPPLY => return SUPPLY / 3.0,
            _ => return 0.0,
        };
        let signal = channel.scale_at(self.kelvin_from_25);
        let rest = parts.bias_volts + channel.offset_volts;
        let seen_ns = time_ns.saturating_add_signed(-channel.delay_ns);
        let source = &mut self.mains;
        let mains = poles.output(seen_ns, |ns| {
            if input == INPUT_VOLTAGE {
                source.volts(ns)
            } else {
                source.amperes(ns)
            }
        });
        (rest + signal * mains).clamp(RAILS.0, RAILS.1)
    }
}

impl AnalogInput for FrontEnd {
    fn convert(&mut self, input: u8, time_ns: u64, config: ConversionConfig) -> i16 {
        let mut volts = self.pin_volts(input, time_ns);
        if config.differential {
            // PSELN counts AIN0 as 1.
            volts -= match config.negative {
                0 => 0.0,
                negative => self.pin_volts(negative - 1, time_ns),
            };
        }
        let noise = random::gaussian_at(self.seed, u64::from(input), time_ns);
        self.parts
            .converter
            .code(volts, noise, self.offset_calibrated, &config)
    }

    fn calibrate(&mut self) {
        self.offset_calibrated = true;
    }

    fn forget_calibration(&mut self) {
        self.offset_calibrated = false;
    }
}

#[cfg(test)]
mod tests;
