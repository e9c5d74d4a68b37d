//! The filter over a sweep of frequencies, in its design and as it runs.

use crate::design::{
    self, decibels, poles, response, BAND_HZ, CONVERSION_US, CONVERTED_HZ, FOLD_HZ, SCAN_HZ,
};
use crate::{
    Decimator, Reference, CONVERSIONS, CONVERTED_BYTES, CONVERTED_PERIOD_US, LENGTH, RATIO, TAPS,
};
use drivers::meter_adc::{CHANNELS, SCANS_PER_BLOCK, SCAN_BYTES, SETTLING_SCANS};
use std::f64::consts::TAU;
use std::vec;
use std::vec::Vec;

fn frequencies(from: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..=400).map(move |at| from + (to - from) * f64::from(at) / 400.0)
}

#[test]
fn the_coefficients_are_those_of_the_design() {
    assert_eq!(TAPS, design::taps());
}

#[test]
fn no_sum_leaves_an_i32_and_rest_passes_unchanged() {
    for channel in 0..CHANNELS {
        let taps = TAPS.iter().map(|taps| i64::from(taps[channel]));
        assert_eq!(taps.clone().sum::<i64>(), 1 << 14);
        let most = taps.map(i64::abs).sum::<i64>() * (1 << 15) + (1 << 13);
        assert!(most < 1 << 31, "channel {channel}: {most}");
    }
}

#[test]
fn the_band_passes_flat_and_lined_up() {
    for channel in 0..CHANNELS {
        for hertz in frequencies(0.0, BAND_HZ) {
            let (real, imaginary) = response(channel, hertz);
            let (along, across) = (real * poles(hertz) - 1.0, imaginary * poles(hertz));
            assert!(
                along.abs() < 2.5e-3,
                "channel {channel}, {hertz} Hz: {along}"
            );
            assert!(
                across.abs() < 2.5e-3,
                "channel {channel}, {hertz} Hz: {across}"
            );
        }
        // At the mains frequencies, whose gain is calibrated all the same.
        for hertz in [50.0, 60.0] {
            let (real, imaginary) = response(channel, hertz);
            assert!((real * poles(hertz) - 1.0).abs() < 2.5e-3);
            // Three microseconds, which the calibration takes out with the rest of the phase.
            assert!(imaginary.abs() / (TAU * hertz) < 3e-6);
        }
    }
}

#[test]
fn what_folds_into_the_band_is_forty_decibels_down() {
    for channel in 0..CHANNELS {
        // Every multiple of the scans that are kept, up to 200 kHz, whatever it is folded by.
        for multiple in 1..=30 {
            let centre = SCAN_HZ * f64::from(multiple);
            for hertz in frequencies(centre - BAND_HZ, centre + BAND_HZ) {
                let left = decibels(channel, hertz);
                assert!(left < -40.0, "channel {channel}, {hertz} Hz: {left} dB");
            }
        }
    }
    assert!(FOLD_HZ > 2.0 * BAND_HZ && CONVERTED_HZ - BAND_HZ > FOLD_HZ);
}

/// Runs a sine of `amplitude` steps at `hertz` through the filter; the poles are in its
/// amplitude. The scans of the meter, settled, of each channel.
fn run(hertz: f64, amplitude: f64, blocks: usize) -> Vec<[i16; CHANNELS]> {
    let mut decimator = Decimator::new();
    let mut scans = Vec::new();
    let mut number = 0u32;
    for _ in 0..blocks {
        let mut converted = Vec::new();
        for _ in 0..SCANS_PER_BLOCK * RATIO {
            for conversion in 0..CONVERSIONS {
                let time = (f64::from(number) * f64::from(CONVERTED_PERIOD_US)
                    + CONVERSION_US * conversion as f64)
                    * 1e-6;
                let code = if conversion < CHANNELS {
                    8_192.0 + amplitude * (TAU * hertz * time).sin()
                } else {
                    13_653.0
                };
                converted.extend_from_slice(&(code.round() as i16).to_le_bytes());
            }
            number += 1;
        }
        let mut block = vec![0; SCANS_PER_BLOCK * SCAN_BYTES];
        let reference = decimator.process(&converted, &mut block);
        assert_eq!(
            reference,
            Reference {
                least: 13_653,
                most: 13_653,
                mean: 13_653
            }
        );
        for scan in block.chunks_exact(SCAN_BYTES) {
            scans.push([0, 2, 4].map(|at| i16::from_le_bytes([scan[at], scan[at + 1]])));
        }
    }
    scans.split_off(SETTLING_SCANS)
}

/// The amplitude of what scans hold around the rest, as a sine's.
fn amplitude(scans: &[[i16; CHANNELS]], channel: usize) -> f64 {
    let square: f64 = scans
        .iter()
        .map(|scan| (f64::from(scan[channel]) - 8_192.0).powi(2))
        .sum();
    (2.0 * square / scans.len() as f64).sqrt()
}

#[test]
fn as_it_runs_it_does_what_the_design_says() {
    for hertz in [
        50.0, 350.0, 1_000.0, 1_950.0, 2_050.0, 3_950.0, 6_400.0, 9_000.0,
    ] {
        let scans = run(hertz, 7_000.0 * poles(hertz), 40);
        for channel in 0..CHANNELS {
            let seen = amplitude(&scans, channel);
            let wanted = 7_000.0 * 10f64.powf(decibels(channel, hertz) / 20.0);
            assert!(
                (seen - wanted).abs() < 2.0 + wanted * 2e-3,
                "channel {channel}, {hertz} Hz: {seen}, not {wanted}"
            );
        }
        // The channels are of one moment: their difference is rounding.
        if hertz < BAND_HZ {
            for scan in &scans {
                assert!((scan[0] - scan[1]).abs() < 24, "{hertz} Hz: {scan:?}");
                assert!((scan[2] - scan[1]).abs() < 24, "{hertz} Hz: {scan:?}");
            }
        }
    }
}

#[test]
fn blocks_of_any_length_give_the_same_scans() {
    let converted: Vec<u8> = (0..SCANS_PER_BLOCK * RATIO * CONVERTED_BYTES)
        .map(|at| (at * 7_919 >> 3) as u8 & if at % 2 == 1 { 0x3F } else { 0xFF })
        .collect();
    let mut whole = vec![0; SCANS_PER_BLOCK * SCAN_BYTES];
    Decimator::new().process(&converted, &mut whole);
    for groups in [1, 2, 15, 16, 17, 64] {
        let mut decimator = Decimator::new();
        let mut pieces = Vec::new();
        for piece in converted.chunks(groups * RATIO * CONVERTED_BYTES) {
            let mut place = vec![0; piece.len() / CONVERTED_BYTES / RATIO * SCAN_BYTES];
            decimator.process(piece, &mut place);
            pieces.extend(place);
        }
        assert_eq!(pieces, whole, "{groups}");
    }
}

#[test]
fn short_and_extreme_input_does_no_harm() {
    let mut decimator = Decimator::new();
    let none = Reference {
        least: i16::MAX,
        most: i16::MIN,
        mean: 0,
    };
    assert_eq!(decimator.process(&[], &mut [0; 6]), none);
    assert_eq!(
        decimator.process(&[1; CONVERTED_BYTES * RATIO - 1], &mut [0; 6]),
        none
    );
    assert_eq!(decimator.process(&[1; 240], &mut []), none);
    for code in [i16::MIN, i16::MAX] {
        let converted: Vec<u8> = (0..LENGTH * CONVERSIONS * 2)
            .flat_map(|at| if at % 3 == 0 { !code } else { code }.to_le_bytes())
            .collect();
        decimator.process(&converted, &mut [0; 96]);
    }
}

#[test]
fn the_picture_is_of_these_coefficients() {
    // `cargo run -p decimation --features design --example response svg > docs/response.svg`
    let picture = include_str!("../../../docs/response.svg");
    let hertz = 3_950.0f64;
    // The point of the black curve at this frequency, as the example draws it.
    let x = 64.0 + 760.0 * hertz / 25_000.0;
    let y = 50.0 + 322.0 * (10.0 - decibels(1, hertz).max(-80.0)) / 90.0;
    assert!(picture.contains(&std::format!("{x:.1},{y:.1}")));
}
