//! The load on the screen: what the keys change of it, and its curves.

use emulator::mains::{Harmonic, Mains, MainsError, Synthesis};
use std::collections::VecDeque;

/// How much the current changes with a key, amperes; below one ampere a tenth of it.
const STEP_AMPERES: f64 = 0.5;
/// The most that the current range of the meter holds, amperes.
const MOST_AMPERES: f64 = 60.0;
/// How much the phase changes with a key, degrees.
const STEP_DEGREES: f64 = 10.0;
/// What the key of harmonics adds to the current.
const HARMONICS: [(u32, f64); 3] = [(3, 0.3), (5, 0.15), (7, 0.07)];
/// The curves' span, nanoseconds, where no frequency gives it.
const SPAN: u64 = 40_000_000;
/// Points of each curve.
const POINTS: usize = 240;

/// Loads to choose from: the name, amperes, lag in degrees, and whether it has harmonics.
const CHOICES: [(&str, f64, f64, bool); 6] = [
    ("kettle", 8.7, 0.0, false),
    ("fridge", 0.6, 50.0, false),
    ("washing machine", 5.0, 37.0, false),
    ("computers", 1.5, -10.0, true),
    ("stand-by", 0.02, 0.0, true),
    ("solar panels", -12.0, 0.0, false),
];

/// The load that is connected.
#[derive(Debug)]
pub struct Load {
    name: String,
    synthesis: Option<Synthesis>,
    /// For the curves; the front end has another one.
    mains: Mains,
    choice: usize,
    plugged: bool,
    curve: VecDeque<(f64, f64)>,
    seen: u64,
}

/// The curves of voltage and current.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// Milliseconds from the left edge to the right one.
    pub milliseconds: f64,
    /// Volts, evenly spaced.
    pub volts: Vec<f64>,
    /// Amperes, evenly spaced.
    pub amperes: Vec<f64>,
}

impl Load {
    /// The load of a description, as `--mains` takes it; none is nothing connected.
    pub fn new(description: Option<&str>) -> Result<Self, MainsError> {
        let mains = match description {
            Some(description) => Mains::parse(description)?,
            None => Mains::from(Synthesis::default()),
        };
        let synthesis = match &mains {
            Mains::Synthetic(synthesis) => Some(synthesis.clone()),
            Mains::Recorded(_) => None,
        };
        Ok(Load {
            name: description.unwrap_or("no load").to_owned(),
            synthesis,
            mains,
            choice: 0,
            plugged: true,
            curve: VecDeque::new(),
            seen: 0,
        })
    }

    /// The name of the load, or its figures where keys have changed it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the front end is connected to now: the load, or nothing while the plug is
    /// pulled. None if a recording goes on, of which there is only one.
    pub fn source(&self) -> Option<Mains> {
        let wave = self.synthesis.as_ref()?;
        Some(if self.plugged {
            Mains::from(wave.clone())
        } else {
            Mains::from(Synthesis::new(0.0, 0.0, 0.0, wave.hertz))
        })
    }

    /// Pulls the plug, or puts it back.
    pub fn plug(&mut self, plugged: bool) {
        self.plugged = plugged;
    }

    /// Changes the synthetic load, and names it by its figures.
    fn change(&mut self, change: impl FnOnce(&mut Synthesis)) {
        let mut wave = self.synthesis.take().unwrap_or_default();
        change(&mut wave);
        self.name = format!(
            "{} V {:.3} A {:+.0}° {} Hz{}",
            wave.volts,
            wave.amperes,
            wave.lag_degrees,
            wave.hertz,
            if wave.current_harmonics.is_empty() {
                ""
            } else {
                " harmonics"
            }
        );
        self.mains = Mains::from(wave.clone());
        self.synthesis = Some(wave);
    }

    /// More current, or less, through zero.
    pub fn turn_current(&mut self, up: bool) {
        self.change(|wave| {
            let step = if wave.amperes.abs() < 1.0 {
                STEP_AMPERES / 10.0
            } else {
                STEP_AMPERES
            };
            let changed = wave.amperes + if up { step } else { -step };
            // No figure that only rounding made.
            let rounded = (changed * 1_000.0).round() / 1_000.0;
            wave.amperes = rounded.clamp(-MOST_AMPERES, MOST_AMPERES);
        });
    }

    /// Lets the current lag more, or less.
    pub fn turn_phase(&mut self, later: bool) {
        self.change(|wave| {
            let changed = wave.lag_degrees + if later { STEP_DEGREES } else { -STEP_DEGREES };
            wave.lag_degrees = changed.clamp(-90.0, 90.0);
        });
    }

    /// Adds harmonics to the current, or takes them away.
    pub fn turn_harmonics(&mut self) {
        self.change(|wave| {
            wave.current_harmonics = if wave.current_harmonics.is_empty() {
                harmonics()
            } else {
                Vec::new()
            };
        });
    }

    /// Connects the next one of some loads.
    pub fn next(&mut self) {
        let (name, amperes, lag, distorted) = CHOICES[self.choice % CHOICES.len()];
        self.choice += 1;
        self.change(|wave| {
            wave.amperes = amperes;
            wave.lag_degrees = lag;
            wave.current_harmonics = if distorted { harmonics() } else { Vec::new() };
        });
        self.name = format!("{name}: {}", self.name);
    }

    /// The curves up to `now`, nanoseconds. Two periods of a synthetic load, which stand
    /// still; what was last of a recording.
    pub fn curves(&mut self, now: u64) -> Curves {
        let period = self
            .synthesis
            .as_ref()
            .filter(|wave| wave.hertz > 0.0)
            .map(|wave| (1e9 / wave.hertz) as u64);
        if let Some(period) = period {
            let start = now / period * period;
            let at = |n: usize| start + 2 * period * n as u64 / POINTS as u64;
            let pairs: Vec<(f64, f64)> = (0..=POINTS).map(|n| self.pair(at(n))).collect();
            return curves(pairs.into_iter(), 2 * period);
        }
        let step = SPAN / POINTS as u64;
        let mut at = self.seen.max(now.saturating_sub(SPAN));
        while at < now {
            let pair = self.pair(at);
            self.curve.push_back(pair);
            if self.curve.len() > POINTS {
                self.curve.pop_front();
            }
            at += step;
        }
        self.seen = at;
        curves(self.curve.iter().copied(), SPAN)
    }

    fn pair(&mut self, at: u64) -> (f64, f64) {
        if self.plugged {
            (self.mains.volts(at), self.mains.amperes(at))
        } else {
            (0.0, 0.0)
        }
    }
}

fn curves(pairs: impl Iterator<Item = (f64, f64)>, span: u64) -> Curves {
    let (volts, amperes) = pairs.unzip();
    Curves {
        milliseconds: span as f64 / 1e6,
        volts,
        amperes,
    }
}

fn harmonics() -> Vec<Harmonic> {
    HARMONICS
        .iter()
        .map(|(order, fraction)| Harmonic {
            order: *order,
            fraction: *fraction,
            // Peaks on peaks, as a rectifier draws it.
            phase_degrees: if order % 4 == 3 { 180.0 } else { 0.0 },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_change_the_load_within_its_bounds() {
        let mut load = Load::new(Some("sine:230V,5A,50Hz")).expect("sound");
        load.turn_current(true);
        load.turn_phase(true);
        load.turn_harmonics();
        assert_eq!(load.name(), "230 V 5.500 A +10° 50 Hz harmonics");
        for _ in 0..1_000 {
            load.turn_current(false);
            load.turn_phase(false);
        }
        assert_eq!(load.name(), "230 V -60.000 A -90° 50 Hz harmonics");
        let names: Vec<String> = (0..CHOICES.len() + 1)
            .map(|_| {
                load.next();
                load.name().to_owned()
            })
            .collect();
        assert!(names[0].starts_with("kettle") && names[0] == names[CHOICES.len()]);
    }

    #[test]
    fn a_pulled_plug_leaves_neither_voltage_nor_current() {
        let mut load = Load::new(Some("sine:230V,5A,50Hz")).expect("sound");
        let curves = load.curves(1_000_000_000);
        let peak = curves.volts.iter().fold(0.0, |a: f64, b| a.max(*b));
        assert!((peak - 325.27).abs() < 0.1 && curves.milliseconds == 40.0);
        let later = load.curves(1_020_000_000);
        let pairs = curves.volts.iter().zip(&later.volts);
        let moved = pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
        assert!(moved < 1e-3, "they stand still: {moved}");
        load.plug(false);
        let curves = load.curves(2_000_000_000);
        assert!(curves
            .volts
            .iter()
            .chain(&curves.amperes)
            .all(|value| *value == 0.0));
        let mut source = load.source().expect("synthetic");
        assert_eq!(
            (source.volts(5_000_000), source.amperes(5_000_000)),
            (0.0, 0.0)
        );
    }
}
