//! The curve between two rows of a recording: it keeps the shape that the rows have.
//!
//! Smooth rows are joined by a cubic whose tangents are those of a parabola through
//! three rows. A tangent is then limited as H. T. Huynh does it ("Accurate monotone
//! cubic interpolation", SIAM Journal on Numerical Analysis 30, 1993): only where second
//! differences on both sides agree, as at the crest of a sine, may the curve leave the
//! values of the rows around it. Nothing overshoots at an edge, and between rows of one
//! sign no value has the other one.
//!
//! An edge between two level stretches has no form in the rows. A slow rise would take
//! from the mean square an eighth of the edge's; so the more level both its ends are, the
//! nearer the curve comes to a step halfway between the rows, which keeps mean and mean
//! square of the rows.

/// Spacings that differ by more than this factor are joined by straight lines: rows
/// so uneven say themselves where a wave bends.
const EVEN_SPACING: f64 = 4.0;
/// The part of the way between two rows in which a step rises.
const STEP_WIDTH: f64 = 1.0 / 32.0;
/// How much of the step one tangent as steep as the way takes away; two such leave
/// the cubic alone.
const SLOPE_WITHOUT_STEP: f64 = 0.75;
/// The limits of a tangent, as multiples of the nearer slope: beyond the first a cubic
/// is not monotone (F. N. Fritsch and R. E. Carlson, 1980); the second is Huynh's for
/// crests.
const MONOTONE: f64 = 3.0;
const CREST: f64 = 1.5;

/// A row's time and one of its values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Seconds.
    pub x: f64,
    /// Volts or amperes.
    pub y: f64,
}

/// The rows around a moment, from the third before it to the third after it.
pub(super) type Around = [Option<Point>; 6];

/// One value between two rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    from: Point,
    to: Point,
    /// The tangents at both ends, times the width.
    tangents: [f64; 2],
    /// How much of a step is in it, 0 to 1.
    step: f64,
}

impl Curve {
    /// The curve between the two rows in the middle; none if one of them is missing.
    pub fn between(around: &Around) -> Option<Self> {
        let (from, to) = (around[2]?, around[3]?);
        let width = to.x - from.x;
        let backwards = [5, 4, 3, 2, 1, 0].map(|at: usize| around[at]);
        let start = tangent(around, width);
        let end = tangent(&backwards, width);
        let rise = to.y - from.y;
        let tangents = [start * width, end * width];
        let step = if tangents.iter().all(|tangent| tangent * rise >= 0.0) && rise != 0.0 {
            let steepness = (tangents[0] + tangents[1]) / rise;
            (1.0 - SLOPE_WITHOUT_STEP * steepness).max(0.0)
        } else {
            0.0
        };
        Some(Curve {
            from,
            to,
            tangents,
            step,
        })
    }

    /// The value at `x` seconds, which lies between the two rows.
    pub fn at(&self, x: f64) -> f64 {
        let (from, to) = (self.from.y, self.to.y);
        let along = (x - self.from.x) / (self.to.x - self.from.x);
        let (square, rest) = (along * along, 1.0 - along);
        let cubic = from * rest * rest * (1.0 + 2.0 * along)
            + to * square * (3.0 - 2.0 * along)
            + self.tangents[0] * along * rest * rest
            - self.tangents[1] * square * rest;
        let value = if self.step > 0.0 {
            let risen = ((along - 0.5) / STEP_WIDTH + 0.5).clamp(0.0, 1.0);
            cubic + self.step * (from + (to - from) * risen - cubic)
        } else {
            cubic
        };
        let low = if from >= 0.0 && to >= 0.0 {
            0.0
        } else {
            f64::NEG_INFINITY
        };
        let high = if from <= 0.0 && to <= 0.0 {
            0.0
        } else {
            f64::INFINITY
        };
        value.clamp(low, high)
    }
}

/// The slope between two rows.
fn slope(from: Point, to: Point) -> f64 {
    (to.y - from.y) / (to.x - from.x)
}

/// What two numbers have in common: the smaller one, or 0 if their signs differ.
fn common(one: f64, other: f64) -> f64 {
    if one * other <= 0.0 {
        0.0
    } else if one.abs() < other.abs() {
        one
    } else {
        other
    }
}

/// The tangent at the third of six rows, at the near end of the way of `width` seconds to
/// the fourth. The rows may also go back in time.
fn tangent(around: &Around, width: f64) -> f64 {
    let even = |from: Option<Point>, to: Option<Point>| {
        let (from, to) = (from?, to?);
        let other = (to.x - from.x).abs();
        (other < width * EVEN_SPACING && width < other * EVEN_SPACING).then_some((from, to))
    };
    let [first, before, Some(here), Some(next), after, _] = *around else {
        return 0.0;
    };
    let ahead = slope(here, next);
    let Some((before, _)) = even(before, Some(here)) else {
        return ahead;
    };
    let behind = slope(before, here);
    // Second divided differences: here, and at the rows on either side.
    let bend = (ahead - behind) / (next.x - before.x);
    let earlier = even(first, Some(before)).map_or(0.0, |(first, _)| {
        (behind - slope(first, before)) / (here.x - first.x)
    });
    let later = even(Some(next), after).map_or(0.0, |(_, after)| {
        (slope(next, after) - ahead) / (after.x - here.x)
    });
    let parabola = behind + bend * (here.x - before.x);
    // The slopes here of the parabolas that bend no more than both rows of a way say.
    let from_behind = behind + common(earlier, bend) * (here.x - before.x);
    let from_ahead = ahead + common(bend, later) * (here.x - next.x);
    // No crest without rows on both sides that bend the same way.
    let crest = if earlier * bend > 0.0 && bend * later > 0.0 {
        common(from_behind, from_ahead)
    } else {
        0.0
    };
    let monotone = common(behind, ahead);
    let most = (MONOTONE * monotone.abs()).max(CREST * crest.abs());
    parabola.clamp(-most, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The curves through even rows, with level stretches at both ends, sampled finely.
    fn through(values: &[f64]) -> Vec<f64> {
        let point = |at: isize| {
            let last = values.len() as isize - 1;
            let y = values[at.clamp(0, last) as usize];
            Some(Point { x: at as f64, y })
        };
        let mut samples = Vec::new();
        for from in 0..values.len() as isize - 1 {
            let around = [-2, -1, 0, 1, 2, 3].map(|offset| point(from + offset));
            let curve = Curve::between(&around).expect("two rows");
            samples.extend((0..1_000).map(|n| curve.at(from as f64 + f64::from(n) / 1_000.0)));
        }
        samples
    }

    fn mean(samples: &[f64], of: impl Fn(f64) -> f64) -> f64 {
        samples.iter().map(|sample| of(*sample)).sum::<f64>() / samples.len() as f64
    }

    #[test]
    fn pulses_of_any_length_keep_their_mean_and_their_rms() {
        for length in 1..12 {
            let mut rows = vec![0.0; 4];
            rows.extend(vec![10.0; length]);
            rows.extend([0.0; 5]);
            let samples = through(&rows);
            let rms = mean(&samples, |sample| sample * sample).sqrt();
            let ways = rows.len() as f64 - 1.0;
            let of_rows = (100.0 * length as f64 / ways).sqrt();
            let error = rms / of_rows - 1.0;
            assert!(error.abs() < 0.006 / length as f64, "{length}: {error}");
            let average = mean(&samples, |sample| sample);
            assert!((average - 10.0 * length as f64 / ways).abs() < 1e-2);
        }
    }

    #[test]
    fn edges_do_not_overshoot() {
        let forms: [&[f64]; 5] = [
            &[0.0, 0.0, 1.0, 1.0, 0.0, 0.0],
            &[0.0, 0.0, 0.0, 1.0, 0.8, 0.6, 0.4, 0.0, 0.0],
            &[0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 3.0],
            &[-1.0, -1.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0],
            &[0.1, 0.0, 0.2, 0.1, 0.0, 5.0, 5.1, 4.9, 5.0, 0.0, 0.1],
        ];
        for rows in forms {
            for (n, sample) in through(rows).into_iter().enumerate() {
                let (from, to) = (rows[n / 1_000], rows[n / 1_000 + 1]);
                let (low, high) = (f64::min(from, to), f64::max(from, to));
                // A crest between rows of noise may rise by less than the noise.
                let noise = if rows.len() == 11 { 0.03 } else { 1e-12 };
                assert!(
                    (low - noise..=high + noise).contains(&sample),
                    "{rows:?} at {}: {sample}",
                    n as f64 / 1_000.0
                );
                assert!(low < 0.0 || sample >= 0.0, "{rows:?}: {sample}");
            }
        }
    }

    #[test]
    fn a_valley_between_rows_of_one_sign_stays_on_its_side() {
        for low in [0.0, 0.01, 0.1] {
            let rows = [0.5, 0.3, low, low, 0.3, 0.5, 0.6];
            assert!(through(&rows).iter().all(|sample| *sample >= 0.0));
            let negative = rows.map(|row| -row);
            assert!(through(&negative).iter().all(|sample| *sample <= 0.0));
        }
    }

    #[test]
    fn a_crest_between_two_rows_is_kept() {
        let angle = |n: usize| (n as f64 + 0.5) * std::f64::consts::TAU / 20.0;
        let rows: Vec<f64> = (0..40).map(|n| angle(n).sin()).collect();
        let samples = through(&rows);
        let crest = samples[4_000..5_000]
            .iter()
            .fold(0.0, |a: f64, b| a.max(*b));
        assert!((crest - 1.0).abs() < 2e-3, "{crest}");
        // Whole periods, away from the level ends.
        let rms = mean(&samples[10_000..30_000], |sample| sample * sample).sqrt();
        assert!((rms * 2f64.sqrt() - 1.0).abs() < 1e-3, "{rms}");
    }
}
