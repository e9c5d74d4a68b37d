//! Accuracy of the metrology crate behind the realistic front end, over many
//! specimens, without the CPU in between.

use std::fmt::Write as _;
use std::thread;

use emulator::front_end::FrontEnd;
use emulator::mains::{Mains, Synthesis};
use metrology::{Calibration, Meter, Range};
use system_tests::direct::{Scanner, BLOCK_US, FULL_CALIBRATION, SHORT_CALIBRATION};
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
        // A fifth of the energy is the 40th's.
        "sine:230V,5A,50Hz,h40v:40%,h40:50%",
        "sine:230V,5A,50Hz,h21v:40%@60,h21:50%@30,h33:20%",
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

/// Power of the mains, watts, by integration.
fn true_watts(mains: &mut Mains, seconds: f64) -> f64 {
    let steps = 400_000u64;
    let sum: f64 = (0..steps)
        .map(|step| {
            let time_ns = (seconds * 1e9 * step as f64 / steps as f64) as u64;
            mains.volts(time_ns) * mains.amperes(time_ns)
        })
        .sum();
    sum / steps as f64
}

/// A recording of one mains period, from volts and amperes over turns.
fn recorded(
    name: &str,
    rows: u32,
    volts: impl Fn(f64) -> f64,
    amperes: impl Fn(f64) -> f64,
) -> Mains {
    let mut text = String::from("seconds,volts,amperes\n");
    for row in 0..rows {
        let turns = f64::from(row) / f64::from(rows);
        let seconds = turns * 0.02;
        writeln!(
            text,
            "{seconds:.9},{:.6},{:.6}",
            volts(turns),
            amperes(turns)
        )
        .unwrap();
    }
    let name = format!("metering-accuracy-{name}-{}.csv", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    let mains = Mains::parse(path.to_str().unwrap()).unwrap();
    // It stays open.
    std::fs::remove_file(&path).unwrap();
    mains
}

#[test]
fn waveforms_count_wherever_they_stand_against_the_scans() {
    use std::f64::consts::TAU;
    let (mut scanner, mut meter) = specimen(11, &FULL_CALIBRATION);
    let sine = |turns: f64| 325.27 * (turns * TAU).sin();
    // Seven positions over the 153 us of a scan, and some far from them.
    let positions = [
        0.0, 0.0011, 0.0022, 0.0033, 0.0044, 0.0055, 0.0066, 0.31, 0.777,
    ];
    for position in positions {
        let at = |turns: f64| (turns + position).rem_euclid(1.0);
        // A dimmer at 90 degrees, and a lamp behind one: a pulse of 60 us in each half cycle.
        let dimmer = |turns: f64| {
            let half = at(turns).rem_euclid(0.5);
            if half >= 0.25 {
                sine(at(turns)) / 46.0
            } else {
                0.0
            }
        };
        let lamp = |turns: f64| {
            let half = at(turns).rem_euclid(0.5) * 0.02;
            let pulse = (-((half - 0.006) / 17e-6f64).powi(2)).exp() * 9.0;
            if at(turns) < 0.5 {
                pulse
            } else {
                -pulse
            }
        };
        let currents: [(&str, &dyn Fn(f64) -> f64); 2] = [("dimmer", &dimmer), ("lamp", &lamp)];
        for (name, current) in currents {
            let mut mains = recorded(name, 4_000, |turns| sine(at(turns)), current);
            let expected = true_watts(&mut mains, 0.02);
            scanner.connect(mains);
            let (watts, _) = scanner.mean_power(&mut meter, 3);
            let error = (watts / expected - 1.0) * 100.0;
            assert!(
                error.abs() <= 0.5,
                "{name} at {position}: {watts} W, not {expected}: {error} %"
            );
        }
    }
}

#[test]
fn what_is_above_the_band_does_not_fold_into_it() {
    let (mut scanner, mut meter) = specimen(12, &FULL_CALIBRATION);
    // Beside the multiples of the scans, of the meter's and of the converter's, within a hertz
    // of where they fold onto the fundamental.
    for hertz in [
        3_950.0,
        6_485.9,
        6_585.9,
        13_021.9,
        13_121.9,
        19_557.8,
        19_657.8,
        26_093.8f64,
    ] {
        for phase in [0.0, 90.0] {
            let order = (hertz / 50.0).round() as u32;
            let mains = format!("sine:230V,5A,50Hz,h{order}:10%@{phase},h{order}v:3%@{phase}");
            let exact = f64::from(order) * 50.0;
            scanner.connect(Mains::parse(&mains).unwrap());
            let (watts, vars) = scanner.mean_power(&mut meter, 2);
            // Its own power is no part of what has to be counted: it is above the band.
            assert!(
                (watts / 1_150.0 - 1.0).abs() <= 0.005,
                "{exact} Hz: {watts} W"
            );
            assert!(vars.abs() <= 5.0, "{exact} Hz: {vars} var");
        }
    }
}

#[test]
fn a_direct_current_is_part_of_the_root_mean_square() {
    use std::f64::consts::TAU;
    // Half of a sine of 5 A: 3.54 A, of them 2.25 A direct.
    let current = |turns: f64| (5.0 * 2f64.sqrt() * (turns * TAU).sin()).max(0.0);
    let voltage = |turns: f64| 325.27 * (turns * TAU).sin();
    for seed in 0..3 {
        let (mut scanner, mut meter) = specimen(seed, &SHORT_CALIBRATION);
        scanner.connect(recorded(&format!("half{seed}"), 800, voltage, current));
        let (shown, _) = scanner.run(&mut meter, 4);
        let last = shown.last().unwrap();
        let (amperes, factor) = (
            f64::from(last.amperes_ua) / 1e6,
            f64::from(last.power_factor_ppm) / 1e6,
        );
        assert!(
            (amperes / 3.5355 - 1.0).abs() < 0.005,
            "seed {seed}: {amperes} A"
        );
        assert!((factor - 0.7071).abs() < 0.004, "seed {seed}: {factor}");
        assert!((last.active_uw as f64 / 575e6 - 1.0).abs() < 0.005);
        // An even load draws no reactive power of the fundamental.
        assert!(
            last.reactive_uvar.abs() < 3_000_000,
            "{}",
            last.reactive_uvar
        );
    }
}

#[test]
fn reactive_power_is_the_fundamentals_and_apparent_is_never_below_active() {
    let (mut scanner, mut meter) = specimen(13, &FULL_CALIBRATION);
    for (description, right) in [
        ("sine:230V,5A,50Hz,h3v:10%,h3:40%@90", 0.0),
        ("sine:230V,5A,50Hz,h5v:10%,h5:40%@270,h7:30%", 0.0),
        ("sine:230V,5A,pf0.5ind,50Hz,h3v:10%,h3:40%@90", 995.9),
        ("sine:230V,5A,pf0.8cap,49.3Hz,h3v:5%,h3:40%@40", -690.0),
    ] {
        scanner.connect(Mains::parse(description).unwrap());
        let (_, vars) = scanner.mean_power(&mut meter, 4);
        assert!(
            (vars - right).abs() < 6.0,
            "{description}: {vars} var, not {right}"
        );
    }
    for amperes in [0.0, 0.01, 0.021, 0.05, 0.3, 4.0, 30.0] {
        scanner.connect(Synthesis::new(230.0, amperes, 0.0, 50.0));
        let (shown, _) = scanner.run(&mut meter, 3);
        for second in shown {
            assert!(
                second.apparent_uva >= second.active_uw.unsigned_abs(),
                "{amperes} A"
            );
            assert!(second.power_factor_ppm <= 1_000_000);
        }
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
            let joules = load.watts() * f64::from(blocks) * BLOCK_US as f64 * 1e-6;
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
            let lost = if n == 0 { 25 * 128 } else { 0 };
            let outcome = scanner.block(lost, |block| meter.process(block));
            if let Some(shown) = outcome.measurement {
                flagged += u32::from(!shown.flags.is_empty());
                if !shown.flags.is_empty() {
                    assert!(shown.lost_scans >= 25 * 128 && shown.lost_scans < 26 * 128);
                }
            }
        }
        flagged
    };
    assert_eq!(flagged, 1);
    assert_eq!(meter.lost_scans(), 25 * 128);
    let after = *meter.registers();
    let seconds = (after.measured_us - before.measured_us) as f64 * 1e-6;
    let energy = (after.totals.import_nwh - before.totals.import_nwh) as f64 * 1e-9 * 3_600.0;
    assert!((energy / (watts * seconds) - 1.0).abs() < 0.005);
    assert!(seconds < 11.0);
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
