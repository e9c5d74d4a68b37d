//! Accuracy of the metrology crate behind the realistic front end, over many
//! specimens, without the CPU in between.

use std::fmt::Write as _;
use std::thread;

use emulator::front_end::FrontEnd;
use emulator::mains::{Mains, Synthesis};
use metrology::{Calibration, Meter, Range};
use system_tests::direct::{Scanner, FULL_CALIBRATION, SHORT_CALIBRATION};
use system_tests::iec::{iec_points, Accuracy, AIM_PERCENT, PROMISED_PERCENT, STARTING_AMPERES};

/// Specimens that every accuracy test looks at.
const SPECIMENS: u64 = 24;

fn specimen(seed: u64, loads: &[(Range, f64)]) -> (Scanner, Meter) {
    let idle = Synthesis::default();
    let mut scanner = Scanner::new(FrontEnd::from_seed(idle, seed));
    let calibration = scanner.calibrate(loads).unwrap();
    assert!(calibration.is_complete());
    let stored = Calibration::from_bytes(&calibration.to_bytes()).unwrap();
    (scanner, Meter::new(stored))
}

fn errors_at_iec_points(seed: u64, loads: &[(Range, f64)]) -> Vec<Accuracy> {
    let (mut scanner, mut meter) = specimen(seed, loads);
    iec_points()
        .iter()
        .map(|point| {
            let lag = point.power_factor.lag_degrees();
            let load = Synthesis::new(230.0, point.amperes, lag, 50.0);
            let expected = load.watts();
            scanner.connect(load);
            let (watts, _) = scanner.mean_power(&mut meter, 4);
            Accuracy {
                amperes: point.amperes,
                power_factor: point.power_factor,
                error_percent: (watts / expected - 1.0) * 100.0,
            }
        })
        .collect()
}

/// The largest error of all specimens, with where it was.
fn worst_over_specimens(loads: &'static [(Range, f64)]) -> (u64, Accuracy) {
    let halves = [0, 1].map(|half| {
        thread::spawn(move || {
            (0..SPECIMENS)
                .filter(|seed| seed % 2 == half)
                .flat_map(|seed| {
                    errors_at_iec_points(seed, loads)
                        .into_iter()
                        .map(move |accuracy| (seed, accuracy))
                })
                .max_by(|a, b| {
                    let size = |found: &(u64, Accuracy)| found.1.error_percent.abs();
                    size(a).total_cmp(&size(b))
                })
        })
    });
    halves
        .into_iter()
        .filter_map(|half| half.join().unwrap())
        .max_by(|a, b| a.1.error_percent.abs().total_cmp(&b.1.error_percent.abs()))
        .unwrap()
}

#[test]
fn one_calibration_point_a_range_keeps_the_promise() {
    let (seed, worst) = worst_over_specimens(&SHORT_CALIBRATION);
    println!("worst: seed {seed} {worst:?}");
    assert!(
        worst.error_percent.abs() <= PROMISED_PERCENT,
        "seed {seed}: {worst:?}"
    );
}

#[test]
fn the_full_calibration_reaches_the_aim() {
    let (seed, worst) = worst_over_specimens(&FULL_CALIBRATION);
    println!("worst: seed {seed} {worst:?}");
    assert!(
        worst.error_percent.abs() <= AIM_PERCENT,
        "seed {seed}: {worst:?}"
    );
}

#[test]
fn other_frequencies() {
    for (seed, hertz) in [(1, 45.0), (2, 49.5), (3, 55.0), (4, 60.0), (5, 65.0)] {
        let (mut scanner, mut meter) = specimen(seed, &SHORT_CALIBRATION);
        for (amperes, lag) in [(2.0, 0.0), (2.0, 60.0), (30.0, 60.0), (30.0, -36.87)] {
            let load = Synthesis::new(230.0, amperes, lag, hertz);
            let (expected, expected_var) = (load.watts(), load.vars());
            scanner.connect(load);
            let (watts, vars) = scanner.mean_power(&mut meter, 5);
            let (shown, _) = scanner.run(&mut meter, 2);
            let error = (watts / expected - 1.0) * 100.0;
            assert!(
                error.abs() <= PROMISED_PERCENT,
                "{hertz} {amperes} {lag}: {error}"
            );
            if expected_var != 0.0 {
                let error = (vars / expected_var - 1.0) * 100.0;
                assert!(error.abs() <= 1.0, "{hertz} {amperes} {lag} var: {error}");
            }
            let shown_hertz = f64::from(shown[1].frequency_uhz) / 1e6;
            assert!(
                (shown_hertz - hertz).abs() < 0.001,
                "{hertz}: {shown_hertz}"
            );
        }
    }
}

#[test]
fn displayed_values() {
    let (mut scanner, mut meter) = specimen(6, &FULL_CALIBRATION);
    for (volts, amperes, lag) in [
        (230.0, 5.0, 36.87),
        (207.0, 0.5, -36.87),
        (253.0, 40.0, 120.0),
        (230.0, 0.02, 0.0),
    ] {
        scanner.connect(Synthesis::new(volts, amperes, lag, 50.0));
        let (shown, _) = scanner.run(&mut meter, 4);
        let last = shown.last().unwrap();
        let near = |value: f64, expected: f64, percent: f64, what: &str| {
            let error = (value / expected - 1.0) * 100.0;
            assert!(
                error.abs() <= percent,
                "{what} at {amperes} A: {value} {expected}"
            );
        };
        // At the starting current the noise of the channel is part of the current.
        let percent = if amperes < 0.1 { 3.0 } else { 0.5 };
        let cosine = lag.to_radians().cos();
        let sine = lag.to_radians().sin();
        near(f64::from(last.volts_uv) / 1e6, volts, 0.5, "volts");
        near(
            f64::from(last.amperes_ua) / 1e6,
            amperes,
            percent,
            "amperes",
        );
        near(
            last.active_uw as f64 / 1e6,
            volts * amperes * cosine,
            percent,
            "watts",
        );
        near(
            last.apparent_uva as f64 / 1e6,
            volts * amperes,
            percent,
            "volt-amperes",
        );
        near(
            f64::from(last.power_factor_ppm) / 1e6,
            cosine,
            percent,
            "power factor",
        );
        if sine != 0.0 {
            near(
                last.reactive_uvar as f64 / 1e6,
                volts * amperes * sine,
                0.7,
                "vars",
            );
        }
        assert!(last.flags.is_empty(), "{:?}", last.flags);
    }
}

#[test]
fn harmonics_count_as_energy() {
    for description in [
        "sine:230V,5A,pf0.8,50Hz,h3:30%,h5:20%@40,h7:10%",
        "sine:230V,2A,50Hz,h3v:5%,h3:40%@30,h5v:4%@90,h5:30%@20,h11:10%",
        "sine:230V,40A,pf0.5ind,60Hz,h3v:3%,h3:20%,h5:10%,h13:5%,h13v:1%",
    ] {
        let Mains::Synthetic(load) = Mains::parse(description).unwrap() else {
            panic!("{description}");
        };
        let (mut scanner, mut meter) = specimen(7, &FULL_CALIBRATION);
        let (expected, apparent) = (load.watts(), load.volt_amperes());
        scanner.connect(load);
        let (watts, _) = scanner.mean_power(&mut meter, 5);
        let error = (watts / expected - 1.0) * 100.0;
        assert!(error.abs() <= PROMISED_PERCENT, "{description}: {error}");
        let (shown, _) = scanner.run(&mut meter, 2);
        let error = (shown[1].apparent_uva as f64 / 1e6 / apparent - 1.0) * 100.0;
        assert!(error.abs() <= PROMISED_PERCENT, "{description} VA: {error}");
    }
}

#[test]
fn energy_over_changing_loads_agrees_with_a_reference() {
    let (mut scanner, mut meter) = specimen(8, &FULL_CALIBRATION);
    scanner.connect(Synthesis::default());
    scanner.run(&mut meter, 2);
    let (mut import, mut export, mut high, mut low) = (0.0, 0.0, 0u64, 0u64);
    // Loads change in the middle of a window and of a mains period.
    for round in 0..30 {
        for (amperes, lag) in [
            (0.3, 0.0),
            (20.0, 60.0),
            (3.0, -36.87),
            (55.0, 10.0),
            (4.3, 180.0),
        ] {
            let load = Synthesis::new(230.0, amperes, lag, 49.97);
            let blocks = 37 + round;
            let joules = load.watts() * f64::from(blocks) * 0.02;
            if joules > 0.0 {
                import += joules / 3_600.0;
            } else {
                export -= joules / 3_600.0;
            }
            scanner.connect(load);
            for _ in 0..blocks {
                let outcome = scanner.block(0, |block| meter.process(block));
                if let Some(shown) = outcome.measurement {
                    high += u64::from(shown.high_gain_scans);
                    low += u64::from(shown.scans - shown.high_gain_scans);
                }
            }
        }
    }
    scanner.connect(Synthesis::default());
    scanner.run(&mut meter, 2);
    let totals = meter.registers().totals;
    let net = import - export;
    let measured = (totals.import_nwh as f64 - totals.export_nwh as f64) * 1e-9;
    let error = (measured / net - 1.0) * 100.0;
    assert!(error.abs() <= 0.3, "{error} %");
    assert!(totals.export_nwh > 0);
    assert!(
        high > 100_000 && low > 100_000,
        "both ranges serve: {high} {low}"
    );
}

#[test]
fn switching_ranges_makes_no_jump() {
    // A slow rise through the switching current and back.
    let (mut scanner, mut meter) = specimen(9, &FULL_CALIBRATION);
    let steps: Vec<f64> = (0..40).map(|n| 3.0 + 0.1 * f64::from(n)).collect();
    let both_ways: Vec<f64> = steps.iter().chain(steps.iter().rev()).copied().collect();
    let mut ranges = Vec::new();
    for amperes in both_ways {
        scanner.connect(Synthesis::new(230.0, amperes, 0.0, 50.0));
        scanner.run(&mut meter, 1);
        let (shown, _) = scanner.run(&mut meter, 1);
        let last = shown.last().unwrap();
        let error = (last.active_uw as f64 / 1e6 / (230.0 * amperes) - 1.0) * 100.0;
        assert!(error.abs() <= AIM_PERCENT, "{amperes} A: {error} %");
        ranges.push(last.high_gain_scans == last.scans);
    }
    let changes = ranges.windows(2).filter(|two| two[0] != two[1]).count();
    assert_eq!(changes, 2, "there and back, once each: {ranges:?}");
}

#[test]
fn no_load_does_not_creep() {
    for seed in 0..8 {
        for volts in [230.0, 264.5] {
            let (mut scanner, mut meter) = specimen(seed, &SHORT_CALIBRATION);
            scanner.connect(Synthesis::new(volts, 0.0, 0.0, 50.0));
            let (shown, pulses) = scanner.run(&mut meter, 60);
            assert_eq!(pulses, 0);
            assert_eq!(meter.registers().totals, Default::default());
            assert!(shown.iter().all(|second| second.no_load));
        }
    }
}

#[test]
fn the_starting_current_registers() {
    for seed in 0..8 {
        let (mut scanner, mut meter) = specimen(seed, &SHORT_CALIBRATION);
        let load = Synthesis::new(230.0, STARTING_AMPERES, 0.0, 50.0);
        let expected = load.watts();
        scanner.connect(load);
        let (watts, _) = scanner.mean_power(&mut meter, 20);
        let error = (watts / expected - 1.0) * 100.0;
        assert!(error.abs() < 20.0, "seed {seed}: {error} %");
    }
}

#[test]
fn pulses_count_the_registers() {
    let (mut scanner, mut meter) = specimen(3, &SHORT_CALIBRATION);
    scanner.connect(Synthesis::new(230.0, 60.0, 0.0, 50.0));
    let (_, pulses) = scanner.run(&mut meter, 120);
    let watt_hours = meter.registers().totals.import_nwh as f64 / 1e9;
    // A window is still being output.
    assert!(
        (pulses as f64 - watt_hours).abs() <= 5.0,
        "{pulses} {watt_hours}"
    );
    assert!((watt_hours - 460.0).abs() < 6.0);
}

#[test]
fn lost_blocks_are_flagged_and_their_energy_is_not_invented() {
    let (mut scanner, mut meter) = specimen(4, &SHORT_CALIBRATION);
    let load = Synthesis::new(230.0, 10.0, 0.0, 50.0);
    let watts = load.watts();
    scanner.connect(load);
    scanner.run(&mut meter, 3);
    let before = *meter.registers();
    scanner.skip(25);
    let flagged = {
        let mut flagged = 0;
        for n in 0..10 * 50 {
            let lost = if n == 0 { 25 * 80 } else { 0 };
            let outcome = scanner.block(lost, |block| meter.process(block));
            if let Some(shown) = outcome.measurement {
                flagged += u32::from(!shown.flags.is_empty());
                if !shown.flags.is_empty() {
                    assert!(shown.lost_scans >= 25 * 80 && shown.lost_scans < 26 * 80);
                }
            }
        }
        flagged
    };
    assert_eq!(flagged, 1);
    assert_eq!(meter.lost_scans(), 25 * 80);
    let after = *meter.registers();
    let seconds = (after.scans - before.scans) as f64 / 4_000.0;
    let energy = (after.totals.import_nwh - before.totals.import_nwh) as f64 * 1e-9 * 3_600.0;
    assert!((energy / (watts * seconds) - 1.0).abs() < 0.005);
    assert!(after.scans - before.scans < 11 * 4_000);
}

#[test]
fn noise_and_crosstalk_can_be_calibrated_out() {
    let (mut scanner, _) = specimen(5, &SHORT_CALIBRATION);
    let loads = [(Range::High, 1.0), (Range::Low, 20.0), (Range::High, 0.0)];
    let mut meter = Meter::new(scanner.calibrate(&loads).unwrap());
    assert!(meter.calibration().high.noise > 0);
    scanner.connect(Synthesis::new(230.0, STARTING_AMPERES, 0.0, 50.0));
    let (shown, _) = scanner.run(&mut meter, 10);
    for second in &shown[1..] {
        let amperes = f64::from(second.amperes_ua) / 1e6;
        assert!((amperes / STARTING_AMPERES - 1.0).abs() < 0.05, "{amperes}");
    }
}

#[test]
fn a_recording_gives_the_energy_of_its_rows() {
    // Flat-topped voltage, a rectifier's current, 9,600 rows a second, 2 s.
    let rate = 9_600;
    let mut text = String::from("seconds,volts,amperes\n");
    let mut joules = 0.0;
    for row in 0..2 * rate {
        let seconds = f64::from(row) / f64::from(rate);
        let angle = seconds * 50.0 * std::f64::consts::TAU;
        let volts = 325.0 * (angle.sin() + 0.04 * (5.0 * angle).sin());
        let amperes = 6.0 * (angle - 0.3).sin().powi(5) + 1.5 * (angle - 0.8).sin();
        joules += volts * amperes / f64::from(rate);
        writeln!(text, "{seconds:.7},{volts:.4},{amperes:.5}").unwrap();
    }
    let watts = joules / 2.0;
    let name = format!("metering-accuracy-{}.csv", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    for seed in 0..4 {
        let (mut scanner, mut meter) = specimen(seed, &SHORT_CALIBRATION);
        scanner.connect(Mains::parse(path.to_str().unwrap()).unwrap());
        let (measured, _) = scanner.mean_power(&mut meter, 20);
        let error = (measured / watts - 1.0) * 100.0;
        assert!(error.abs() <= PROMISED_PERCENT, "seed {seed}: {error} %");
    }
    std::fs::remove_file(&path).unwrap();
}
