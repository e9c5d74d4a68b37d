//! The design of the filter: weighted least squares, weights moved until the largest error is even.
//!
//! The desired response is one over that of the nominal poles in the band and zero where a
//! frequency would fold into it. The error is weighed behind the poles, as the meter sees it.

use crate::{CHANNELS, CONVERTED_PERIOD_US, LENGTH, RATIO};
use std::f64::consts::TAU;
use std::vec;
use std::vec::Vec;

/// Frequency of each RC pole of the drawing, hertz.
pub const POLE_HZ: f64 = 3_000.0;
/// RC poles of each channel.
pub const POLES: i32 = 3;
/// The band: the 40th harmonic of mains at 52.5 Hz.
pub const BAND_HZ: f64 = 2_100.0;
/// Scans of the converter a second.
pub const CONVERTED_HZ: f64 = 1e6 / CONVERTED_PERIOD_US as f64;
/// Scans of the meter a second.
pub const SCAN_HZ: f64 = CONVERTED_HZ / RATIO as f64;
/// From here on a frequency folds into the band.
pub const FOLD_HZ: f64 = SCAN_HZ - BAND_HZ;
/// Microseconds from one conversion of a scan to the next.
pub const CONVERSION_US: f64 = 12.0;

/// Weight of the error where it folds, against the band.
const FOLD_WEIGHT: f64 = 0.15;
/// Frequencies at which the error is looked at: in the band and above it.
const POINTS: (usize, usize) = (121, 201);
/// Rounds of moving the weights.
const ROUNDS: usize = 25;

/// By how many scans of the converter a channel is delayed: half of the filter, and what brings
/// it to the moment of the second conversion.
#[must_use]
pub fn delay(channel: usize) -> f64 {
    (LENGTH as f64 - 1.0) / 2.0
        + (channel as f64 - 1.0) * CONVERSION_US / f64::from(CONVERTED_PERIOD_US)
}

/// Magnitude of the poles at a frequency.
#[must_use]
pub fn poles(hertz: f64) -> f64 {
    (1.0 + (hertz / POLE_HZ).powi(2)).powf(-0.5).powi(POLES)
}

/// Real and imaginary part of the response of taps (Q14), less the delay that they are to have.
#[must_use]
pub fn response(channel: usize, hertz: f64) -> (f64, f64) {
    let taps = crate::TAPS.iter().rev();
    let angle = TAU * hertz / CONVERTED_HZ;
    taps.enumerate()
        .fold((0.0, 0.0), |(real, imaginary), (at, taps)| {
            let tap = f64::from(taps[channel]) / 16_384.0;
            let turn = angle * (at as f64 - delay(channel));
            (real + tap * turn.cos(), imaginary - tap * turn.sin())
        })
}

/// Magnitude of the taps at a frequency before the converter, decibels.
#[must_use]
pub fn decibels(channel: usize, hertz: f64) -> f64 {
    let (real, imaginary) = response(channel, hertz);
    20.0 * (real.hypot(imaginary) * poles(hertz)).max(1e-9).log10()
}

/// The coefficients of all channels, as [`crate::TAPS`] has them: those for the oldest scan first.
#[must_use]
pub fn taps() -> [[i16; CHANNELS]; LENGTH] {
    let mut taps = [[0; CHANNELS]; LENGTH];
    for channel in 0..CHANNELS {
        let exact = even_error(delay(channel));
        let mut rounded: Vec<i32> = exact
            .iter()
            .map(|tap| (tap * 16_384.0).round() as i32)
            .collect();
        // What rests passes unchanged.
        rounded[LENGTH / 2] += 16_384 - rounded.iter().sum::<i32>();
        for (at, tap) in rounded.iter().enumerate() {
            taps[LENGTH - 1 - at][channel] = *tap as i16;
        }
    }
    taps
}

/// Newest scan first.
fn even_error(delay: f64) -> Vec<f64> {
    let (in_band, above) = POINTS;
    let along = |from: f64, to: f64, count: usize, at: usize| {
        from + (to - from) * at as f64 / (count - 1) as f64
    };
    let points: Vec<(f64, bool)> = (0..in_band)
        .map(|at| (along(0.0, BAND_HZ, in_band, at), true))
        .chain((0..above).map(|at| (along(FOLD_HZ, CONVERTED_HZ / 2.0, above, at), false)))
        .collect();
    let mut weights: Vec<f64> = points
        .iter()
        .map(|(_, in_band)| if *in_band { 1.0 } else { FOLD_WEIGHT })
        .collect();
    let mut taps = vec![0.0; LENGTH];
    for _ in 0..ROUNDS {
        let mut products = [0.0; LENGTH];
        let mut wanted = vec![0.0; LENGTH];
        for ((hertz, in_band), weight) in points.iter().zip(&weights) {
            let (before, angle) = (poles(*hertz), TAU * hertz / CONVERTED_HZ);
            for (distance, product) in products.iter_mut().enumerate() {
                *product += weight * before * before * (angle * distance as f64).cos();
            }
            if *in_band {
                for (at, wanted) in wanted.iter_mut().enumerate() {
                    *wanted += weight * before * (angle * (at as f64 - delay)).cos();
                }
            }
        }
        taps = solve(
            (0..LENGTH)
                .map(|row| (0..LENGTH).map(|at| products[row.abs_diff(at)]).collect())
                .collect(),
            wanted,
        );
        for ((hertz, in_band), weight) in points.iter().zip(&mut weights) {
            let (before, angle) = (poles(*hertz), TAU * hertz / CONVERTED_HZ);
            let (mut real, mut imaginary) = (if *in_band { -1.0 } else { 0.0 }, 0.0);
            for (at, tap) in taps.iter().enumerate() {
                let turn = angle * (at as f64 - delay);
                real += before * tap * turn.cos();
                imaginary += before * tap * turn.sin();
            }
            let error = real.hypot(imaginary) * if *in_band { 1.0 } else { FOLD_WEIGHT };
            *weight *= (error + 1e-9).powf(0.7);
        }
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        weights.iter_mut().for_each(|weight| *weight /= mean);
    }
    taps
}

/// Gauss's elimination with pivots.
fn solve(mut rows: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let count = right.len();
    for column in 0..count {
        let pivot = (column..count)
            .max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))
            .unwrap_or(column);
        rows.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..count {
            let factor = rows[row][column] / rows[column][column];
            for at in column..count {
                let above = rows[column][at];
                rows[row][at] -= factor * above;
            }
            right[row] -= factor * right[column];
        }
    }
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count).map(|at| rows[row][at] * right[at]).sum();
        right[row] = (right[row] - known) / rows[row][row];
    }
    right
}
