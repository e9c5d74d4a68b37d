//! Dips, swells and interruptions of the voltage (IEC 61000-4-30, clauses 5.4 and 5.5; EN 50160).
//!
//! The root mean square over one period, renewed each half period, is held against shares of the
//! nominal voltage. An event ends when the voltage is 2 % inside the limit again.

use crate::zero_cross::PERIOD_LIMITS;
use crate::{SCANS_PER_SECOND, SCAN_PERIOD_US};

/// The nominal voltage, microvolts.
pub const NOMINAL_UV: u64 = 230_000_000;

/// What the voltage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Within 90 and 110 % of the nominal voltage.
    Normal,
    /// Below 90 %.
    Dip,
    /// Above 110 %.
    Swell,
    /// Below 5 %.
    Interruption,
}

/// A change of the condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoltageEvent {
    /// What the voltage is from now on.
    pub now: Condition,
    /// What it was.
    pub before: Condition,
    /// How long it was that, milliseconds; 0 for what was so since the start.
    pub lasted_ms: u32,
    /// The lowest (of a swell the highest) root mean square meanwhile, microvolts.
    pub extreme_uv: u32,
}

/// Voltage events of a block: at most one each half period.
pub(crate) const EVENTS_PER_BLOCK: usize = 4;

/// Limits in shares of the nominal voltage, percent: begin and end.
const DIP: (u64, u64) = (90, 92);
const SWELL: (u64, u64) = (110, 108);
const INTERRUPTION: (u64, u64) = (5, 7);

/// Watches the voltage.
#[derive(Clone, Debug)]
pub(crate) struct Supervision {
    /// Of the half period before and of the present one: scans, squares in steps.
    halves: [(u32, u64); 2],
    half_scans: u32,
    condition: Condition,
    /// Scans of the present condition; none before the first event.
    scans: Option<u64>,
    /// Squared, of a scan, in steps.
    extreme: u64,
}

impl Supervision {
    /// Nothing was seen yet; the voltage is taken for normal until something else is seen.
    pub(crate) const fn new() -> Supervision {
        Supervision {
            halves: [(0, 0); 2],
            half_scans: SCANS_PER_SECOND / 100,
            condition: Condition::Normal,
            scans: None,
            extreme: u64::MAX,
        }
    }

    /// Takes over the length of a period, in scans Q16.
    pub(crate) fn set_period(&mut self, scans_q16: u32) {
        self.half_scans = ((scans_q16 >> 16) + 1).clamp(PERIOD_LIMITS.0, PERIOD_LIMITS.1) / 2;
    }

    /// Scans are missing: no half period reaches over them.
    pub(crate) fn gap(&mut self) {
        self.halves = [(0, 0); 2];
    }

    /// Adds samples of the voltage about `rest`. `gain` is microvolts per step, Q14.
    pub(crate) fn push(
        &mut self,
        samples: &[i16],
        rest: i32,
        gain: u32,
        events: &mut [Option<VoltageEvent>; EVENTS_PER_BLOCK],
    ) {
        let mut rest_of = samples;
        while !rest_of.is_empty() {
            let [_, (scans, squares)] = &mut self.halves;
            let wanted = self.half_scans.saturating_sub(*scans).max(1) as usize;
            let (now, later) = rest_of.split_at(wanted.min(rest_of.len()));
            rest_of = later;
            let mut sum = 0i64;
            for &sample in now {
                let value = i64::from(i32::from(sample) - rest);
                sum += value * value;
            }
            *scans += now.len() as u32;
            *squares += sum.unsigned_abs();
            if *scans >= self.half_scans {
                if let Some(event) = self.half_ended(gain) {
                    if let Some(place) = events.iter_mut().find(|place| place.is_none()) {
                        *place = Some(event);
                    }
                }
            }
        }
    }

    fn half_ended(&mut self, gain: u32) -> Option<VoltageEvent> {
        let [before, now] = self.halves;
        self.halves = [now, (0, 0)];
        if let Some(scans) = &mut self.scans {
            *scans = scans.saturating_add(u64::from(now.0));
        }
        if before.0 == 0 {
            return None;
        }
        let square = (before.1 + now.1) / u64::from(before.0 + now.0);
        let percent = |share: u64| {
            // Steps of this share of the nominal voltage: within 16 bits for a plausible gain.
            let steps = ((NOMINAL_UV * share / 100) << 14) / u64::from(gain.max(1 << 14));
            steps.saturating_mul(steps)
        };
        let below = |limits: (u64, u64), in_it: bool| {
            square < percent(if in_it { limits.1 } else { limits.0 })
        };
        let found = if below(INTERRUPTION, self.condition == Condition::Interruption) {
            Condition::Interruption
        } else if below(
            DIP,
            matches!(self.condition, Condition::Dip | Condition::Interruption),
        ) {
            Condition::Dip
        } else if !below((SWELL.0, SWELL.1), self.condition == Condition::Swell) {
            Condition::Swell
        } else {
            Condition::Normal
        };
        if found == self.condition {
            self.extreme = if found == Condition::Swell {
                self.extreme.max(square)
            } else {
                self.extreme.min(square)
            };
            return None;
        }
        let volts = (self.extreme.min(1 << 34).isqrt() * u64::from(gain)) >> 14;
        let scans = self.scans.replace(0).unwrap_or(0);
        let event = VoltageEvent {
            now: found,
            before: core::mem::replace(&mut self.condition, found),
            lasted_ms: u32::try_from(scans.saturating_mul(u64::from(SCAN_PERIOD_US)) / 1_000)
                .unwrap_or(u32::MAX),
            extreme_uv: u32::try_from(volts).unwrap_or(u32::MAX),
        };
        self.extreme = square;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;
    use std::vec::Vec;

    const GAIN: u32 = 857_142_857;

    /// The events of a voltage (volts over seconds) in so many seconds.
    fn events(seconds: f64, hertz: f64, volts: impl Fn(f64) -> f64) -> Vec<VoltageEvent> {
        let mut supervision = Supervision::new();
        let period = f64::from(SCAN_PERIOD_US) * 1e-6;
        supervision.set_period((65_536.0 / hertz / period) as u32);
        let samples: Vec<i16> = (0..(seconds / period) as u32)
            .map(|scan| {
                let time = f64::from(scan) * period;
                let steps = f64::from(GAIN) / 16_384.0 * 1e-6;
                let wave = 2f64.sqrt() * (time * hertz * TAU + 0.7).sin();
                (volts(time) * wave / steps).round() as i16
            })
            .collect();
        let mut all = Vec::new();
        for block in samples.chunks(128) {
            let mut found = [None; EVENTS_PER_BLOCK];
            supervision.push(block, 0, GAIN, &mut found);
            all.extend(found.into_iter().flatten());
        }
        all
    }

    #[test]
    fn a_sound_voltage_gives_no_event() {
        for hertz in [45.0, 50.0, 60.0, 65.0] {
            for volts in [210.0, 230.0, 250.0] {
                assert_eq!(events(2.0, hertz, |_| volts), []);
            }
        }
    }

    #[test]
    fn a_missing_period_is_an_interruption_and_a_low_one_a_dip() {
        for (hertz, low, condition) in [
            (50.0, 0.0, Condition::Interruption),
            (50.0, 150.0, Condition::Dip),
            (60.0, 150.0, Condition::Dip),
            (50.0, 270.0, Condition::Swell),
        ] {
            let found = events(2.0, hertz, |time| {
                if (1.0..1.06).contains(&time) {
                    low
                } else {
                    230.0
                }
            });
            let last = found.last().unwrap();
            assert_eq!(last.now, Condition::Normal, "{found:?}");
            let worst = found.iter().find(|event| event.before == condition);
            let worst = worst.unwrap_or_else(|| panic!("{condition:?} in {found:?}"));
            assert!((30..=80).contains(&worst.lasted_ms), "{worst:?}");
            let extreme = f64::from(worst.extreme_uv) * 1e-6;
            assert!((extreme - low).abs() < 4.0, "{worst:?}");
        }
    }

    #[test]
    fn one_missing_period_is_seen() {
        let found = events(1.0, 50.0, |time| {
            if (0.5..0.52).contains(&time) {
                0.0
            } else {
                230.0
            }
        });
        assert_eq!(found.first().unwrap().before, Condition::Normal);
        assert_eq!(found.last().unwrap().now, Condition::Normal);
        assert!(found.iter().any(|event| event.extreme_uv < 165_000_000));
    }

    #[test]
    fn a_voltage_on_the_limit_does_not_chatter() {
        let found = events(20.0, 50.0, |time| 207.0 + 2.0 * (time * 7.0).sin());
        assert!(found.len() <= 1, "{found:?}");
    }

    #[test]
    fn extreme_samples_do_no_harm() {
        let mut supervision = Supervision::new();
        for gain in [0, 1, GAIN, u32::MAX] {
            for period in [0, 1 << 16, u32::MAX] {
                supervision.set_period(period);
                for rest in [-32_768, 32_767] {
                    let mut found = [None; EVENTS_PER_BLOCK];
                    supervision.push(&[i16::MIN; 128], rest, gain, &mut found);
                    supervision.push(&[i16::MAX; 128], rest, gain, &mut found);
                }
            }
        }
    }
}
