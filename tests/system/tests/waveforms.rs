//! Waveforms that an unfiltered meter counts wrongly, on the whole image behind the ideal front end.

use std::fmt::Write as _;
use std::time::Duration;

use audit::specimen::firmware::Firmware;
use audit::specimen::meter::{boot, last_reading};
use emulator::front_end::FrontEnd;
use emulator::mains::Mains;
use emulator::Machine;

/// A machine that has metered this for six seconds.
fn metered(mains: Mains) -> Machine {
    let mut machine = boot(Firmware::meter().bytes(), "sine:230V,0A,50Hz", 1);
    machine.set_analog(Box::new(FrontEnd::ideal(mains)));
    machine.run_for(Duration::from_secs(6));
    assert_eq!(machine.statistics().samples_overwritten, 0);
    assert_eq!(machine.statistics().samples_lost, 0);
    machine
}

/// A recording of `periods` mains periods, from volts and amperes over turns.
fn recorded(
    name: &str,
    periods: u32,
    volts: impl Fn(f64) -> f64,
    amperes: impl Fn(f64) -> f64,
) -> Mains {
    let mut text = String::new();
    for row in 0..periods * 2_000 {
        let turns = f64::from(row) / 2_000.0;
        let seconds = turns * 0.02;
        writeln!(
            text,
            "{seconds:.7},{:.5},{:.6}",
            volts(turns),
            amperes(turns)
        )
        .unwrap();
    }
    let path = std::env::temp_dir().join(format!("{name}-{}.csv", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let mains = Mains::parse(path.to_str().unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    mains
}

fn sine(turns: f64) -> f64 {
    325.269 * (turns * std::f64::consts::TAU).sin()
}

#[test]
fn a_harmonic_above_the_band_does_not_fold_onto_the_mains() {
    let mut machine = metered(Mains::parse("sine:230V,5A,50Hz,h79:10%").unwrap());
    let watts = last_reading(&mut machine)["W"];
    assert!((watts / 1_150.0 - 1.0).abs() < 0.005, "{watts} W");
}

#[test]
fn a_dimmer_and_the_pulse_of_a_lamp_count_rightly() {
    // Fired at 90 degrees: half of the power of 46 ohm.
    let dimmer = |turns: f64| {
        let conducts = turns.rem_euclid(0.5) >= 0.25;
        if conducts {
            sine(turns) / 46.0
        } else {
            0.0
        }
    };
    let mut machine = metered(recorded("dimmer", 1, sine, dimmer));
    let watts = last_reading(&mut machine)["W"];
    assert!((watts / 575.0 - 1.0).abs() < 0.005, "{watts} W");

    // 60 microseconds in each half cycle, at 108 degrees.
    let lamp = |turns: f64| {
        let pulse = (-((turns.rem_euclid(0.5) - 0.3) * 0.02 / 17e-6).powi(2)).exp() * 8.5;
        if turns.rem_euclid(1.0) < 0.5 {
            pulse
        } else {
            -pulse
        }
    };
    let steps = 200_000;
    let right: f64 = (0..steps)
        .map(|step| f64::from(step) / f64::from(steps))
        .map(|turns| sine(turns) * lamp(turns) / f64::from(steps))
        .sum();
    let mut machine = metered(recorded("lamp", 1, sine, lamp));
    let watts = last_reading(&mut machine)["W"];
    assert!((watts / right - 1.0).abs() < 0.01, "{watts} W, not {right}");
}

#[test]
fn half_a_wave_is_a_direct_current_too() {
    let half = |turns: f64| (sine(turns) / 46.0).max(0.0);
    let mut machine = metered(recorded("half", 1, sine, half));
    // Not calibrated, the meter cannot tell a direct current from an offset: power is right.
    let watts = last_reading(&mut machine)["W"];
    assert!((watts / 575.0 - 1.0).abs() < 0.005, "{watts} W");
}

#[test]
fn a_missing_period_is_no_frequency_and_no_reactive_power() {
    let volts = |turns: f64| {
        let whole = turns.rem_euclid(6.0) < 5.0;
        if whole {
            sine(turns)
        } else {
            0.0
        }
    };
    let mut machine = metered(recorded("gap", 6, volts, |turns| volts(turns) / 23.0));
    let reading = last_reading(&mut machine);
    assert!((reading["Hz"] - 50.0).abs() < 0.01, "{} Hz", reading["Hz"]);
    assert!(reading["var"].abs() < 1.0, "{} var", reading["var"]);
    assert!(reading["import_varh"] + reading["export_varh"] < 0.001);
}
