//! Rising zero crossings of the voltage and the frequency between them.

use crate::SCAN_RATE;

/// Crossings nearer than this are noise: 4000 / 40 = 100 Hz.
const MINIMUM_SPACING: u32 = 40;
/// Half-wave amplitude (steps) below which nothing is taken for a mains voltage, about 10 V.
const MINIMUM_THRESHOLD: i32 = 200;
/// Frequencies outside are not reported, microhertz.
const FREQUENCY_LIMITS_UHZ: (u64, u64) = (40_000_000, 70_000_000);

/// Finds rising zero crossings with hysteresis: the voltage must have been
/// below minus a threshold before a crossing counts.
#[derive(Clone, Debug)]
pub(crate) struct ZeroCross {
    armed: bool,
    previous: i32,
    since_last: u32,
    threshold: i32,
}

/// A crossing among the samples that were searched.
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
            previous: 0,
            since_last: MINIMUM_SPACING,
            threshold: MINIMUM_THRESHOLD,
        }
    }

    /// Forgets the past after a gap.
    pub(crate) fn reset(&mut self) {
        self.armed = false;
        self.since_last = MINIMUM_SPACING;
    }

    /// Sets the threshold to half of the root mean square (steps).
    pub(crate) fn set_level(&mut self, rms: u32) {
        self.threshold = i32::try_from(rms / 2)
            .unwrap_or(i32::MAX)
            .max(MINIMUM_THRESHOLD);
    }

    /// Searches `samples` (around `rest`) up to and including the first
    /// crossing; samples after it are not consumed.
    pub(crate) fn find(&mut self, samples: &[i16], rest: i32) -> Option<Crossing> {
        let trigger = -self.threshold;
        let mut previous = self.previous;
        for (index, &sample) in samples.iter().enumerate() {
            let value = i32::from(sample) - rest;
            if !self.armed {
                self.armed = value < trigger;
            } else if value >= 0 {
                let spacing = self.since_last.saturating_add(index as u32);
                self.armed = false;
                if spacing >= MINIMUM_SPACING {
                    self.previous = value;
                    self.since_last = 1;
                    return Some(Crossing {
                        index,
                        // Armed, so `previous` is below zero.
                        fraction: ((i64::from(-previous) << 16) / i64::from(value - previous))
                            as u32,
                    });
                }
            }
            previous = value;
        }
        self.previous = previous;
        self.since_last = self.since_last.saturating_add(samples.len() as u32);
        None
    }
}

/// Counts cycles and their duration over stretches without a gap.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CycleCounter {
    /// First and last crossing of the present stretch, scans in Q16.
    stretch: Option<(u64, u64)>,
    in_stretch: u32,
    cycles: u32,
    duration_q16: u64,
}

impl CycleCounter {
    /// Takes note of a crossing at `time`, in scans, Q16.
    pub(crate) fn crossing(&mut self, time: u64) {
        match &mut self.stretch {
            Some((_, last)) => {
                *last = time;
                self.in_stretch += 1;
            }
            None => self.stretch = Some((time, time)),
        }
    }

    /// Ends the stretch of whole cycles, because scans are missing.
    pub(crate) fn gap(&mut self) {
        if let Some((first, last)) = self.stretch.take() {
            self.duration_q16 = self.duration_q16.saturating_add(last.saturating_sub(first));
            self.cycles = self.cycles.saturating_add(self.in_stretch);
        }
        self.in_stretch = 0;
    }

    /// Ends the window: its frequency in microhertz, 0 if there was none; the
    /// last crossing begins the next window.
    pub(crate) fn close(&mut self) -> u32 {
        let next = self.stretch.map(|(_, last)| (last, last));
        self.gap();
        let cycles = u128::from(self.cycles);
        let duration = self.duration_q16;
        *self = CycleCounter {
            stretch: next,
            ..CycleCounter::default()
        };
        if duration == 0 {
            return 0;
        }
        let frequency = ((cycles * u128::from(SCAN_RATE) * 1_000_000) << 16) / u128::from(duration);
        match u64::try_from(frequency) {
            Ok(hertz) if (FREQUENCY_LIMITS_UHZ.0..=FREQUENCY_LIMITS_UHZ.1).contains(&hertz) => {
                hertz as u32
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn measured(hertz: f64, distortion: f64) -> f64 {
        let samples: Vec<i16> = (0..4_100)
            .map(|n| {
                let angle = f64::from(n) / 4_000.0 * hertz * core::f64::consts::TAU + 1.0;
                (6_000.0 * (angle.sin() + distortion * (5.0 * angle).sin()) + 8_192.0) as i16
            })
            .collect();
        let mut zero_cross = ZeroCross::new();
        let mut cycles = CycleCounter::default();
        let mut at = 0;
        while let Some(crossing) = zero_cross.find(&samples[at..], 8_192) {
            at += crossing.index;
            cycles.crossing(((at as u64) << 16) + u64::from(crossing.fraction));
            at += 1;
        }
        f64::from(cycles.close()) / 1e6
    }

    #[test]
    fn frequency_is_good_to_a_millihertz() {
        for hertz in [45.0, 49.95, 50.0, 50.05, 60.0, 65.0] {
            assert!((measured(hertz, 0.0) - hertz).abs() < 0.001, "{hertz}");
            assert!((measured(hertz, 0.1) - hertz).abs() < 0.002, "{hertz}");
        }
    }

    #[test]
    fn no_frequency_from_silence_or_from_far_outside() {
        assert_eq!(measured(20.0, 0.0), 0.0);
        assert_eq!(measured(0.0, 0.0), 0.0);
        assert_eq!(CycleCounter::default().close(), 0);
    }

    #[test]
    fn extreme_samples_do_no_harm() {
        let mut zero_cross = ZeroCross::new();
        let samples: Vec<i16> = (0..1_000)
            .map(|n| if n % 2 == 0 { i16::MIN } else { i16::MAX })
            .collect();
        for rest in [-32_768, 0, 32_767] {
            let mut at = 0;
            while let Some(crossing) = zero_cross.find(&samples[at..], rest) {
                assert!(crossing.fraction <= 1 << 16);
                at += crossing.index + 1;
            }
        }
    }
}
