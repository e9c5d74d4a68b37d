//! Rising zero crossings of the voltage, and the frequency of the periods between them.
//!
//! A hole in the voltage is no period. A crossing counts for the frequency only if the voltage
//! goes on to rise within the time that a sine needs, and of the periods between such crossings
//! only those that agree with most of the others.

use crate::{SCANS_PER_SECOND, SCAN_PERIOD_US};

/// Crossings nearer than this are noise: 100 Hz.
const MINIMUM_SPACING: u32 = SCANS_PER_SECOND / 100;
/// Half-wave amplitude (steps) below which nothing is taken for a mains voltage, about 10 V.
const MINIMUM_THRESHOLD: i32 = 200;
/// Frequencies outside are not reported, microhertz.
const FREQUENCY_LIMITS_UHZ: (u64, u64) = (40_000_000, 70_000_000);
/// The same as periods, scans.
pub(crate) const PERIOD_LIMITS: (u32, u32) = (SCANS_PER_SECOND / 70, SCANS_PER_SECOND / 40 + 1);
/// A sine is at half of its root mean square a ninth of a half period after its crossing; a
/// voltage that needs longer than this (5 ms, in scans) has stopped there.
const LONGEST_RISE: u32 = SCANS_PER_SECOND / 200;
/// Periods that are kept of a window, which has about a second.
const MOST_PERIODS: usize = 80;
/// Periods further than a sixty-fourth from the median do not count.
const AGREEMENT_SHIFT: u32 = 6;

/// Finds rising zero crossings with hysteresis: the voltage must have been
/// below minus a threshold before a crossing counts.
#[derive(Clone, Debug)]
pub(crate) struct ZeroCross {
    armed: bool,
    /// Scans since a crossing that waits for its rise.
    rising: Option<u32>,
    previous: i32,
    since_last: u32,
    threshold: i32,
}

/// What was found among the samples that were searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A crossing; whether it is one of a sine is not known yet.
    Crossing(Crossing),
    /// The last crossing is one of a sine; index of the sample that shows it.
    Risen(usize),
    /// The last crossing is none of a sine; index of the sample that shows it.
    Stopped(usize),
}

/// A crossing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crossing {
    /// Index of the first sample at or above zero.
    pub index: usize,
    /// Where between the sample before and this one the voltage was zero, Q16.
    pub fraction: u32,
}

impl ZeroCross {
    pub(crate) const fn new() -> ZeroCross {
        ZeroCross {
            armed: false,
            rising: None,
            previous: 0,
            since_last: MINIMUM_SPACING,
            threshold: MINIMUM_THRESHOLD,
        }
    }

    /// Forgets the past after a gap.
    pub(crate) fn reset(&mut self) {
        self.armed = false;
        self.rising = None;
        self.since_last = MINIMUM_SPACING;
    }

    /// Sets the threshold to half of the root mean square (steps).
    pub(crate) fn set_level(&mut self, rms: u32) {
        self.threshold = i32::try_from(rms / 2)
            .unwrap_or(i32::MAX)
            .max(MINIMUM_THRESHOLD);
    }

    /// Searches `samples` (around `rest`) up to and including the first
    /// that shows something; samples after it are not consumed.
    pub(crate) fn find(&mut self, samples: &[i16], rest: i32) -> Option<Found> {
        let trigger = -self.threshold;
        let mut previous = self.previous;
        for (index, &sample) in samples.iter().enumerate() {
            let value = i32::from(sample) - rest;
            if !self.armed {
                self.armed = value < trigger;
                if let Some(scans) = &mut self.rising {
                    *scans += 1;
                    let risen = value >= -trigger;
                    if risen || *scans >= LONGEST_RISE || self.armed {
                        self.rising = None;
                        self.consumed(index + 1, value);
                        return Some(if risen {
                            Found::Risen(index)
                        } else {
                            Found::Stopped(index)
                        });
                    }
                }
            } else if value >= 0 {
                let spacing = self.since_last.saturating_add(index as u32);
                self.armed = false;
                if spacing >= MINIMUM_SPACING {
                    self.rising = Some(0);
                    self.previous = value;
                    self.since_last = 1;
                    return Some(Found::Crossing(Crossing {
                        index,
                        // Armed, so `previous` is below zero.
                        fraction: ((i64::from(-previous) << 16) / i64::from(value - previous))
                            as u32,
                    }));
                }
            }
            previous = value;
        }
        self.consumed(samples.len(), previous);
        None
    }

    fn consumed(&mut self, samples: usize, last: i32) {
        self.previous = last;
        self.since_last = self.since_last.saturating_add(samples as u32);
    }
}

/// The periods of a window.
#[derive(Clone, Debug)]
pub(crate) struct Periods {
    /// Of the last sound crossing, scans in Q16.
    last: Option<u64>,
    /// Scans in Q16, only those that a mains period may have.
    lengths: [u32; MOST_PERIODS],
    count: usize,
}

impl Periods {
    /// No period yet.
    pub(crate) const fn new() -> Periods {
        Periods {
            last: None,
            lengths: [0; MOST_PERIODS],
            count: 0,
        }
    }

    /// Takes note of a sound crossing at `time`, in scans, Q16. Returns the period that it
    /// ends, if it may be one of the mains.
    pub(crate) fn crossing(&mut self, time: u64) -> Option<u32> {
        let before = self.last.replace(time)?;
        let period = u32::try_from(time.saturating_sub(before)).ok()?;
        if !(PERIOD_LIMITS.0..PERIOD_LIMITS.1).contains(&(period >> 16)) {
            return None;
        }
        if let Some(place) = self.lengths.get_mut(self.count) {
            *place = period;
            self.count += 1;
        }
        Some(period)
    }

    /// No period reaches from before this moment to after it: scans are missing, or the
    /// voltage was.
    pub(crate) fn interrupted(&mut self) {
        self.last = None;
    }

    /// Ends the window: its frequency in microhertz, 0 if there was none; the
    /// last crossing begins the next window.
    pub(crate) fn close(&mut self) -> u32 {
        let lengths = &mut self.lengths[..core::mem::take(&mut self.count)];
        sort(lengths);
        let Some(median) = lengths.get(lengths.len() / 2).copied() else {
            return 0;
        };
        let agree = |length: &&u32| length.abs_diff(median) <= median >> AGREEMENT_SHIFT;
        let (count, sum) = lengths
            .iter()
            .filter(agree)
            .fold((0u64, 0u64), |(count, sum), length| {
                (count + 1, sum + u64::from(*length))
            });
        match frequency_uhz(count, sum) {
            hertz if (FREQUENCY_LIMITS_UHZ.0..=FREQUENCY_LIMITS_UHZ.1).contains(&hertz) => {
                hertz as u32
            }
            _ => 0,
        }
    }
}

/// Insertion: periods differ little, and there are few.
fn sort(lengths: &mut [u32]) {
    for end in 1..lengths.len() {
        let mut at = end;
        while at > 0 && lengths[at - 1] > lengths[at] {
            lengths.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Microhertz of so many periods within `scans_q16`; 0 without any.
pub(crate) fn frequency_uhz(periods: u64, scans_q16: u64) -> u64 {
    // Microseconds are scans times the period: 1e12 microhertz for one a microsecond.
    let microseconds_q16 = u128::from(scans_q16) * u128::from(SCAN_PERIOD_US);
    ((u128::from(periods) * 1_000_000_000_000) << 16)
        .checked_div(microseconds_q16)
        .and_then(|hertz| u64::try_from(hertz).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;
    use std::vec::Vec;

    /// The frequency of a second of this voltage (steps, over seconds).
    fn measured(volts: impl Fn(f64) -> f64) -> f64 {
        let samples: Vec<i16> = (0..SCANS_PER_SECOND + 100)
            .map(|n| {
                let time = f64::from(n) * f64::from(SCAN_PERIOD_US) * 1e-6;
                (volts(time) + 8_192.0).round() as i16
            })
            .collect();
        let mut zero_cross = ZeroCross::new();
        let mut periods = Periods::new();
        let (mut at, mut pending) = (0, 0);
        while let Some(found) = zero_cross.find(&samples[at..], 8_192) {
            at += match found {
                Found::Crossing(crossing) => {
                    let whole = (at + crossing.index) as u64;
                    pending = (whole << 16) + u64::from(crossing.fraction);
                    crossing.index
                }
                Found::Risen(index) => {
                    periods.crossing(pending);
                    index
                }
                Found::Stopped(index) => {
                    periods.interrupted();
                    index
                }
            } + 1;
        }
        f64::from(periods.close()) / 1e6
    }

    fn sine(hertz: f64, time: f64) -> f64 {
        6_000.0 * (time * hertz * TAU + 1.0).sin()
    }

    #[test]
    fn frequency_is_good_to_a_millihertz() {
        for hertz in [45.0, 49.95, 50.0, 50.05, 60.0, 65.0] {
            let plain = measured(|time| sine(hertz, time));
            assert!((plain - hertz).abs() < 0.001, "{hertz}");
            let distorted = measured(|time| sine(hertz, time) + sine(5.0 * hertz, time) / 10.0);
            assert!((distorted - hertz).abs() < 0.002, "{hertz}");
        }
    }

    #[test]
    fn no_frequency_from_silence_or_from_far_outside() {
        assert_eq!(measured(|time| sine(20.0, time)), 0.0);
        assert_eq!(measured(|_| 0.0), 0.0);
        assert_eq!(Periods::new().close(), 0);
    }

    #[test]
    fn a_hole_is_no_period() {
        // After `cycles` periods one is missing, beginning at any phase of the sine.
        for cycles in [2.0, 3.0, 5.0, 12.0] {
            for phase in 0..20 {
                let begin = f64::from(phase) / 20.0;
                let shown = measured(|time| {
                    let turns = (time * 50.0 - begin).rem_euclid(cycles + 1.0);
                    if turns < 1.0 {
                        // Noise of the converter.
                        ((time * 1e5).sin() * 3.0).round()
                    } else {
                        6_000.0 * (time * 50.0 * TAU).sin()
                    }
                });
                assert!(
                    (shown - 50.0).abs() < 0.02 || shown == 0.0,
                    "{cycles} periods, hole at {begin}: {shown}"
                );
                assert!(
                    cycles < 3.0 || shown != 0.0,
                    "{cycles} periods, hole at {begin}"
                );
            }
        }
    }

    #[test]
    fn extreme_samples_do_no_harm() {
        let mut zero_cross = ZeroCross::new();
        let mut periods = Periods::new();
        let samples: Vec<i16> = (0..1_000)
            .map(|n| if n % 2 == 0 { i16::MIN } else { i16::MAX })
            .collect();
        for rest in [-32_768, 0, 32_767] {
            let mut at = 0;
            while let Some(found) = zero_cross.find(&samples[at..], rest) {
                at += 1 + match found {
                    Found::Crossing(crossing) => {
                        assert!(crossing.fraction <= 1 << 16);
                        crossing.index
                    }
                    Found::Risen(index) | Found::Stopped(index) => index,
                };
            }
        }
        for time in [0, u64::MAX, 5, u64::MAX] {
            periods.crossing(time);
        }
        assert_eq!(periods.close(), 0);
    }
}
