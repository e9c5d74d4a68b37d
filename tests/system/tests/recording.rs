//! A recording replayed: the energy agrees with a reference computed from the recording alone.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use audit::specimen::meter;
use emulator::mains::Mains;
use system_tests::{calibration, scratch};

const SEED: u64 = 1;
/// Rows a second of the recording.
const RATE: usize = 12_800;
/// Length of the recording: a whole number of mains cycles.
const SECONDS: usize = 2;

/// A drill behind a dimmer: bent current, a load that comes and goes, 49.5 Hz.
fn row(index: usize) -> (f64, f64, f64) {
    let time = index as f64 / RATE as f64;
    let angle = std::f64::consts::TAU * 49.5 * time;
    let envelope = 1.0 + 0.6 * (std::f64::consts::TAU * time).sin();
    let volts = 325.0 * (angle.sin() + 0.03 * (3.0 * angle).sin());
    let amperes = 9.0
        * envelope
        * ((angle - 0.4).sin() + 0.25 * (3.0 * angle + 0.5).sin() + 0.12 * (5.0 * angle).sin());
    (time, volts, amperes)
}

#[test]
fn energy_of_a_recording_is_within_half_a_percent() {
    let mut text = String::from("seconds,volts,amperes\n");
    let mut joules = 0.0;
    let mut last = row(0);
    for index in 0..=RATE * SECONDS {
        let now = row(index);
        // The trapezoid rule on the rows, apart from anything the meter does.
        joules += (now.0 - last.0) * (now.1 * now.2 + last.1 * last.2) / 2.0;
        last = now;
        if index < RATE * SECONDS {
            writeln!(text, "{:.8},{:.5},{:.6}", now.0, now.1, now.2).expect("text grows");
        }
    }
    let watts = joules / SECONDS as f64;
    let path = scratch::file("drill.csv");
    fs::write(&path, text).expect("cargo's folder for tests takes files");

    let mains = Mains::parse(path.to_str().expect("a plain path")).expect("a recording");
    let mut machine = meter::boot_with(calibration::calibrated(SEED).bytes(), mains, SEED);
    machine.run_for(Duration::from_secs(44));
    let readings = meter::readings(&machine);
    let (first, last) = (&readings[1], &readings[41]);
    let measured = (last["import_Wh"] - first["import_Wh"]) * 3_600.0
        / ((last["samples"] - first["samples"]) * 153e-6);
    let error = (measured / watts - 1.0) * 100.0;
    assert!(
        error.abs() <= 0.5,
        "{measured:.2} W measured, {watts:.2} W in the recording: {error:.3} %"
    );
}
