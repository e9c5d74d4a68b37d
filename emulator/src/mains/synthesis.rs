//! Voltage and current as sums of sines.

use std::f64::consts::{SQRT_2, TAU};

/// A harmonic of the voltage or the current.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Harmonic {
    /// Multiple of the fundamental frequency.
    pub order: u32,
    /// Amplitude as a fraction of the fundamental's.
    pub fraction: f64,
    /// Phase in degrees of the harmonic's own period.
    pub phase_degrees: f64,
}

/// A synthetic load.
///
/// The voltage's fundamental has a rising zero crossing at time 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Synthesis {
    /// Root mean square of the voltage's fundamental, volts.
    pub volts: f64,
    /// Root mean square of the current's fundamental, amperes; negative
    /// exports.
    pub amperes: f64,
    /// Angle by which the current lags, degrees.
    pub lag_degrees: f64,
    /// Frequency, hertz.
    pub hertz: f64,
    /// Harmonics of the voltage.
    pub voltage_harmonics: Vec<Harmonic>,
    /// Harmonics of the current, relative to the current's own fundamental.
    pub current_harmonics: Vec<Harmonic>,
}

impl Default for Synthesis {
    fn default() -> Self {
        Synthesis {
            volts: 230.0,
            amperes: 0.0,
            lag_degrees: 0.0,
            hertz: 50.0,
            voltage_harmonics: Vec::new(),
            current_harmonics: Vec::new(),
        }
    }
}

impl Synthesis {
    /// A plain load: volts, amperes, lag in degrees, hertz.
    pub fn new(volts: f64, amperes: f64, lag_degrees: f64, hertz: f64) -> Synthesis {
        Synthesis {
            volts,
            amperes,
            lag_degrees,
            hertz,
            ..Synthesis::default()
        }
    }

    /// Voltage at `time_ns`, volts.
    pub fn volts(&self, time_ns: u64) -> f64 {
        wave(
            self.volts,
            self.turns(time_ns) * TAU,
            &self.voltage_harmonics,
        )
    }

    /// Current at `time_ns`, amperes.
    pub fn amperes(&self, time_ns: u64) -> f64 {
        let angle = self.turns(time_ns) * TAU - self.lag_degrees.to_radians();
        wave(self.amperes, angle, &self.current_harmonics)
    }

    /// Active power, watts.
    pub fn watts(&self) -> f64 {
        self.powers().0
    }

    /// Reactive power of the fundamental, vars; positive when the current lags.
    pub fn vars(&self) -> f64 {
        self.volts * self.amperes * self.lag_degrees.to_radians().sin()
    }

    /// Apparent power, volt-amperes.
    pub fn volt_amperes(&self) -> f64 {
        self.powers().1
    }

    fn powers(&self) -> (f64, f64) {
        let lag = self.lag_degrees.to_radians();
        let mut active = lag.cos();
        for v in &self.voltage_harmonics {
            for i in self.current_harmonics.iter().filter(|i| i.order == v.order) {
                let angle =
                    (v.phase_degrees - i.phase_degrees).to_radians() + lag * f64::from(v.order);
                active += v.fraction * i.fraction * angle.cos();
            }
        }
        let whole = |harmonics: &[Harmonic]| {
            let squares: f64 = harmonics.iter().map(|h| h.fraction * h.fraction).sum();
            (1.0 + squares).sqrt()
        };
        let fundamental = self.volts * self.amperes;
        (
            fundamental * active,
            fundamental.abs() * whole(&self.voltage_harmonics) * whole(&self.current_harmonics),
        )
    }

    /// Periods since time 0, the whole ones taken off.
    fn turns(&self, time_ns: u64) -> f64 {
        // Nanoseconds are exact in a f64 for 104 days; the product is then
        // good to a billionth of a period.
        (time_ns as f64 * (self.hertz * 1e-9)).fract()
    }
}

fn wave(rms: f64, angle: f64, harmonics: &[Harmonic]) -> f64 {
    let mut value = angle.sin();
    for harmonic in harmonics {
        let own = f64::from(harmonic.order) * angle + harmonic.phase_degrees.to_radians();
        value += harmonic.fraction * own.sin();
    }
    value * rms * SQRT_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_what_an_integration_gives() {
        let synthesis = Synthesis {
            voltage_harmonics: vec![Harmonic {
                order: 3,
                fraction: 0.05,
                phase_degrees: 20.0,
            }],
            current_harmonics: vec![
                Harmonic {
                    order: 3,
                    fraction: 0.4,
                    phase_degrees: 75.0,
                },
                Harmonic {
                    order: 7,
                    fraction: 0.2,
                    phase_degrees: 0.0,
                },
            ],
            ..Synthesis::new(230.0, 7.0, 40.0, 60.0)
        };
        let (mut energy, mut v2, mut i2) = (0.0, 0.0, 0.0);
        let steps = 60_000u64;
        for step in 0..steps {
            let time = step * 100_000_000 / steps;
            let (v, i) = (synthesis.volts(time), synthesis.amperes(time));
            energy += v * i;
            v2 += v * v;
            i2 += i * i;
        }
        let n = steps as f64;
        assert!((energy / n - synthesis.watts()).abs() < 1e-3);
        let apparent = (v2 / n).sqrt() * (i2 / n).sqrt();
        assert!((apparent - synthesis.volt_amperes()).abs() < 1e-3);
    }

    #[test]
    fn a_day_later_the_wave_is_where_it_should_be() {
        let synthesis = Synthesis::new(230.0, 5.0, 0.0, 50.0);
        let day = 86_400_000_000_000;
        for time in [1_000_000, 5_000_000, 13_000_000] {
            assert!((synthesis.volts(time) - synthesis.volts(time + day)).abs() < 1e-4);
        }
    }
}
