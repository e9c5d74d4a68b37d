//! Reactive power: that of the fundamental, as IEC 62053-24 asks.
//!
//! Over each mains period voltage and current are correlated with the sine and the cosine of an
//! oscillator at the frequency that was measured. With the phasors V and I that this gives, the
//! reactive power is the imaginary part of V times the conjugate of I. A harmonic has no part in
//! it: over a whole period its correlation with the fundamental is zero. The oscillator's phase
//! cancels out, so that it need not follow the mains'.

use crate::fixed::{sin_cos_q30, ONE_Q30};
use crate::measurement::RangeSums;
use crate::SCAN_PERIOD_US;

/// Bits after the point of a reference sample.
const REFERENCE_BITS: u32 = 14;

/// Sine and cosine at a frequency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oscillator {
    /// Sine and cosine of the angle of two scans, Q30; none while the frequency is not known.
    step: Option<(i32, i32)>,
    /// What adding two scans takes of a product, Q20: the square of the tangent of half a scan's
    /// angle.
    taken: i64,
}

impl Oscillator {
    /// The frequency is not known.
    pub(crate) const UNKNOWN: Oscillator = Oscillator {
        step: None,
        taken: 0,
    };

    /// An oscillator of so many microhertz, at most 70 Hz; 0 for one that is not known.
    pub(crate) fn new(frequency_uhz: u32) -> Oscillator {
        if frequency_uhz == 0 {
            return Oscillator::UNKNOWN;
        }
        // Hertz times microseconds are millionths of a turn, microhertz 1e12ths. It stays below a
        // hundredth of a turn.
        let turns =
            ((u128::from(frequency_uhz) * u128::from(SCAN_PERIOD_US)) << 32) / 1_000_000_000_000;
        let one = sin_cos_q30(turns as u32).1;
        let (sine, cosine) = sin_cos_q30(2 * turns as u32);
        Oscillator {
            // One in Q30 at the most.
            step: Some((sine as i32, cosine as i32)),
            taken: ((ONE_Q30 - one) << 20) / (ONE_Q30 + one),
        }
    }
}

/// Sums with sine and with cosine.
#[derive(Clone, Copy, Debug, Default)]
struct Phasor {
    sine: i64,
    cosine: i64,
}

/// Sine and cosine of these two scans and of the two before, Q30.
#[derive(Clone, Copy, Debug)]
struct Running {
    sine: [i32; 2],
    cosine: [i32; 2],
}

/// Sums since a crossing.
#[derive(Clone, Debug, Default)]
pub(crate) struct CycleSums {
    /// By [`crate::range::Range`].
    pub(crate) ranges: [RangeSums; 2],
    /// Steps, Q14.
    voltage: Phasor,
    /// Steps Q8, Q14, by range.
    currents: [Phasor; 2],
    /// The oscillator, which begins with each cycle anew.
    running: Option<Running>,
    /// The first of two scans: voltage, current and its range.
    half: Option<(i32, i32, usize)>,
    /// Scans that were correlated.
    correlated: u32,
}

impl CycleSums {
    /// Adds samples that follow: `voltage` as codes about `rest`, `current` of a range in steps
    /// Q8.
    ///
    /// Two scans are added before they are multiplied, which halves the work; what that takes of
    /// the fundamental is given back in the end, and it takes away what would fold onto it.
    pub(crate) fn correlate(
        &mut self,
        oscillator: &Oscillator,
        range: usize,
        rest: i32,
        voltage: &[i16],
        current: &[i32],
    ) {
        let Some((step_sine, step_cosine)) = oscillator.step else {
            return;
        };
        let running = self.running.get_or_insert(Running {
            sine: [0, -step_sine],
            cosine: [1 << 30, step_cosine],
        });
        let ([mut sine, mut sine_before], [mut cosine, mut cosine_before]) =
            (running.sine, running.cosine);
        // The product of Q30 and Q30 is shifted by one less for the factor of two.
        let turn = i64::from(step_cosine);
        let (mut v, mut i) = (Phasor::default(), Phasor::default());
        let mut two = |voltage: i32, current: i32| {
            let (s, c) = (
                sine >> (30 - REFERENCE_BITS),
                cosine >> (30 - REFERENCE_BITS),
            );
            v.sine += i64::from(voltage) * i64::from(s);
            v.cosine += i64::from(voltage) * i64::from(c);
            i.sine += i64::from(current) * i64::from(s);
            i.cosine += i64::from(current) * i64::from(c);
            // sin(x + d) = 2 cos(d) sin(x) - sin(x - d), all of them within 32 bits.
            let next = (((turn * i64::from(sine)) >> 29) as i32).wrapping_sub(sine_before);
            sine_before = core::mem::replace(&mut sine, next);
            let next = (((turn * i64::from(cosine)) >> 29) as i32).wrapping_sub(cosine_before);
            cosine_before = core::mem::replace(&mut cosine, next);
        };
        let (mut volts, mut amperes) = (voltage, current);
        if let (Some(half), Some((&first, more)), Some((&current, others))) =
            (self.half, volts.split_first(), amperes.split_first())
        {
            two(half.0 + i32::from(first) - rest, half.1 + current);
            self.half = None;
            (volts, amperes) = (more, others);
        }
        let pairs = volts.chunks_exact(2).zip(amperes.chunks_exact(2));
        for (volts, amperes) in pairs {
            two(
                i32::from(volts[0]) + i32::from(volts[1]) - 2 * rest,
                amperes[0] + amperes[1],
            );
        }
        if let ([.., last], [.., current], 1) = (volts, amperes, volts.len() % 2) {
            self.half = Some((i32::from(*last) - rest, *current, range));
        }
        running.sine = [sine, sine_before];
        running.cosine = [cosine, cosine_before];
        self.voltage.sine += v.sine;
        self.voltage.cosine += v.cosine;
        self.currents[range].sine += i.sine;
        self.currents[range].cosine += i.cosine;
        self.correlated += voltage.len() as u32;
    }

    /// The samples were a whole period: finds the reactive product of each range. Without an
    /// oscillator throughout there is none.
    pub(crate) fn find_reactive(&mut self, oscillator: &Oscillator) {
        let scans = self.ranges[0].count + self.ranges[1].count;
        if scans == 0 || self.correlated != scans {
            return;
        }
        // A scan that is left over counts as it is: half a scan's angle is the same for both.
        if let (Some((voltage, current, range)), Some(running)) = (self.half.take(), self.running) {
            let (s, c) = (
                i64::from(running.sine[0] >> (30 - REFERENCE_BITS)),
                i64::from(running.cosine[0] >> (30 - REFERENCE_BITS)),
            );
            self.voltage.sine += i64::from(voltage) * s;
            self.voltage.cosine += i64::from(voltage) * c;
            self.currents[range].sine += i64::from(current) * s;
            self.currents[range].cosine += i64::from(current) * c;
        }
        for (sums, current) in self.ranges.iter_mut().zip(&self.currents) {
            let product = i128::from(self.voltage.cosine) * i128::from(current.sine)
                - i128::from(self.voltage.sine) * i128::from(current.cosine);
            // Steps squared Q8 times scans squared: 17 and 25 bits, and twice 8 for a period. A
            // division of 128 bits would cost more than the rest of a period.
            let product = (product >> (2 * REFERENCE_BITS - 1)) as i64;
            let reactive = product / i64::from(scans);
            sums.reactive = reactive + ((reactive >> 10) * oscillator.taken >> 10);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;
    use std::vec::Vec;

    /// The reactive product of a period of this voltage and current (steps, over turns), per scan.
    fn reactive(voltage: impl Fn(f64) -> f64, current: impl Fn(f64) -> f64) -> f64 {
        // A frequency of whole scans a period.
        let scans = 130u32;
        let hertz = 1e12 / f64::from(scans * SCAN_PERIOD_US);
        let oscillator = Oscillator::new(hertz.round() as u32);
        let turns = (0..scans).map(|scan| f64::from(scan) / f64::from(scans));
        let volts: Vec<i16> = turns.clone().map(|at| voltage(at).round() as i16).collect();
        let amperes: Vec<i32> = turns
            .map(|at| (current(at) * 256.0).round() as i32)
            .collect();
        let mut sums = CycleSums::default();
        for part in [0..61, 61..62, 62..130] {
            sums.correlate(&oscillator, 1, 0, &volts[part.clone()], &amperes[part]);
        }
        sums.ranges[1].count = scans;
        sums.find_reactive(&oscillator);
        sums.ranges[1].reactive as f64 / 256.0 / f64::from(scans)
    }

    #[test]
    fn the_fundamental_counts_and_lagging_is_positive() {
        for lag in [-90.0, -30.0, 0.0, 45.0, 60.0, 90.0f64] {
            let angle = lag.to_radians();
            let shown = reactive(
                |turns| 6_000.0 * (turns * TAU).sin(),
                |turns| 2_000.0 * (turns * TAU - angle).sin(),
            );
            let right = 6_000.0 * 2_000.0 / 2.0 * angle.sin();
            assert!(
                (shown - right).abs() < 1_500.0,
                "{lag}: {shown}, not {right}"
            );
        }
    }

    #[test]
    fn harmonics_and_rest_have_no_part() {
        for harmonic in 2..=40 {
            let order = f64::from(harmonic);
            let shown = reactive(
                |turns| 5_000.0 * (turns * TAU).sin() + 900.0 * (order * turns * TAU).sin(),
                |turns| 40.0 + 900.0 * (order * turns * TAU - 1.0).sin(),
            );
            assert!(shown.abs() < 300.0, "harmonic {harmonic}: {shown}");
        }
    }

    #[test]
    fn an_unknown_frequency_gives_none() {
        let mut sums = CycleSums::default();
        let unknown = Oscillator::new(0);
        sums.correlate(&unknown, 0, 0, &[5_000; 100], &[7_000; 100]);
        sums.ranges[0].count = 100;
        sums.find_reactive(&unknown);
        assert_eq!(sums.ranges[0].reactive, 0);
    }
}
