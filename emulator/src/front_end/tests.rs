//! Tests of the front end.

use super::*;
use crate::analog::Reference;
use crate::mains::Synthesis;

fn config(resolution: u8) -> ConversionConfig {
    ConversionConfig {
        channel: 0,
        gain: (1, 5),
        reference: Reference::Internal,
        differential: false,
        negative: 0,
        resolution,
    }
}

/// How much later the pins are than the mains, at 50 Hz: three poles.
const LAG_NS: u64 = 159_140;
/// What the poles leave of 50 Hz.
const POLES_GAIN: f64 = 0.999_583;
/// A time at which the voltage of the plain load is at its peak, at the pin.
const PEAK_NS: u64 = 5_000_000 + LAG_NS;

#[test]
fn the_ideal_front_end_has_the_scales_of_the_design() {
    let mut front_end = FrontEnd::ideal(Synthesis::new(230.0, 2.0, 0.0, 50.0));
    let peak = 2f64.sqrt() * POLES_GAIN;
    let step = 3.0 / 16_384.0;
    for (input, scale) in [
        (INPUT_VOLTAGE, 230.0 * 3.5e-3),
        (INPUT_CURRENT_LOW, 2.0 * 14e-3),
        (INPUT_CURRENT_HIGH, 2.0 * 224e-3),
    ] {
        let code = front_end.convert(input, PEAK_NS, config(14));
        let expected = (8_192.0 + scale * peak / step).round();
        assert!((f64::from(code) - expected).abs() <= 1.0, "{input}: {code}");
    }
    assert_eq!(front_end.convert(INPUT_VOLTAGE, LAG_NS, config(12)), 2_048);
    assert_eq!(front_end.convert(0, 0, config(14)), 0);
    assert_eq!(front_end.convert(INPUT_SUPPLY, 0, config(14)), 16_383);
}

#[test]
fn large_signals_clip() {
    let mut front_end = FrontEnd::ideal(Synthesis::new(230.0, 60.0, 0.0, 50.0));
    let high = front_end.convert(INPUT_CURRENT_HIGH, PEAK_NS, config(14));
    let low = front_end.convert(INPUT_CURRENT_HIGH, PEAK_NS + 10_000_000, config(14));
    assert_eq!(high, 16_383);
    assert!((0..=160).contains(&low), "{low}");
    let near = front_end.convert(INPUT_CURRENT_LOW, PEAK_NS, config(14));
    assert!(near < 16_000);
}

#[test]
fn differential_conversions_subtract_the_negative_input() {
    let mut front_end = FrontEnd::ideal(Synthesis::new(230.0, 2.0, 0.0, 50.0));
    let differential = ConversionConfig {
        differential: true,
        negative: INPUT_CURRENT_LOW + 1,
        ..config(14)
    };
    assert_eq!(front_end.convert(INPUT_VOLTAGE, LAG_NS, differential), 0);
    let code = front_end.convert(INPUT_VOLTAGE, PEAK_NS, differential);
    let expected = (230.0 * 3.5e-3 - 2.0 * 14e-3) * 2f64.sqrt() * POLES_GAIN / 3.0 * 8_192.0;
    assert!((f64::from(code) - expected).abs() <= 1.0, "{code}");
}

#[test]
fn every_seed_keeps_to_the_specification() {
    let (mut largest_inl, mut largest_gain) = (0.0f64, 0.0f64);
    for seed in 0..500 {
        let parts = Parts::from_seed(seed);
        let converter = &parts.converter;
        for position in 0..=4_096 {
            let error = converter
                .linearity
                .error_at(f64::from(position) / 4_096.0)
                .abs();
            largest_inl = largest_inl.max(error);
        }
        largest_gain = largest_gain.max(converter.gain_error.abs());
        assert!((2.0..=4.0).contains(&converter.noise));
        for channel in [&parts.voltage, &parts.current_low, &parts.current_high] {
            assert!(channel.delay_ns.abs() <= 11_111);
        }
        assert!((parts.voltage.scale / 3.5e-3 - 1.0).abs() <= 0.01);
        assert!((parts.current_low.scale / 14e-3 - 1.0).abs() <= 0.021);
        assert!((parts.current_high.scale / 224e-3 - 1.0).abs() <= 0.031);
    }
    assert!(largest_inl <= 4.7, "{largest_inl}");
    assert!(largest_inl > 3.0, "specimens should show it: {largest_inl}");
    assert!(largest_gain <= 0.03 && largest_gain > 0.028);
}

#[test]
fn noise_has_the_deviation_of_the_specimen() {
    let load = Synthesis::new(0.0, 0.0, 0.0, 50.0);
    let mut front_end = FrontEnd::from_seed(load, 3);
    let codes: Vec<f64> = (0..20_000)
        .map(|n| f64::from(front_end.convert(INPUT_CURRENT_LOW, n * 250_000, config(14))))
        .collect();
    let n = codes.len() as f64;
    let mean = codes.iter().sum::<f64>() / n;
    let deviation = (codes.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / n).sqrt();
    let expected = front_end.parts().converter.noise;
    // A carry may lie under the noise and widen it.
    assert!((deviation - expected).abs() < 1.0, "{deviation} {expected}");
}

#[test]
fn runs_repeat_and_seeds_differ() {
    let run = |seed| -> Vec<i16> {
        let mut front_end = FrontEnd::from_seed(Synthesis::new(230.0, 5.0, 30.0, 50.0), seed);
        (0..300)
            .map(|n| front_end.convert(INPUT_VOLTAGE, n * 250_000, config(14)))
            .collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn offset_calibration_takes_the_offset_out() {
    let load = Synthesis::new(0.0, 0.0, 0.0, 50.0);
    let mut parts = Parts::ideal();
    parts.converter.offset = 4.0;
    let mut front_end = FrontEnd::with_parts(load, parts, 0);
    assert_eq!(front_end.convert(INPUT_VOLTAGE, 0, config(14)), 8_208);
    front_end.calibrate();
    assert_eq!(front_end.convert(INPUT_VOLTAGE, 0, config(14)), 8_192);
}

#[test]
fn parts_drift_with_temperature() {
    let load = Synthesis::new(230.0, 0.0, 0.0, 50.0);
    let mut parts = Parts::ideal();
    parts.voltage.drift = 25e-6;
    let mut front_end = FrontEnd::with_parts(load, parts, 0);
    let cool = front_end.pin_volts(INPUT_VOLTAGE, PEAK_NS) - 1.5;
    front_end.set_celsius(65.0);
    let warm = front_end.pin_volts(INPUT_VOLTAGE, PEAK_NS) - 1.5;
    assert!((warm / cool - 1.001).abs() < 1e-9);
}
