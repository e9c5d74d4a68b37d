//! Measurements of ideal samples agree with the theory.

mod common;

use common::{blocks, Load, Source, PERIOD};
use metrology::{
    Calibration, CalibrationError, Calibrator, EnergyRegisters, Flags, Measurement, Meter, Netting,
    Range, Reference, StoredProfile, INTERVAL_SECONDS,
};

fn load(volts: f64, amperes: f64, lag_degrees: f64, hertz: f64) -> Load {
    Load {
        volts,
        amperes,
        lag_degrees,
        hertz,
    }
}

fn watts(load: &Load) -> f64 {
    load.volts * load.amperes * load.lag_degrees.to_radians().cos()
}

fn vars(load: &Load) -> f64 {
    load.volts * load.amperes * load.lag_degrees.to_radians().sin()
}

fn run(source: &mut Source, meter: &mut Meter, load: &Load, seconds: u64) -> Vec<Measurement> {
    (0..blocks(seconds))
        .filter_map(|_| {
            source
                .block(0, 0, |time| load.scan(time), |block| meter.process(block))
                .measurement
        })
        .collect()
}

fn assert_near(value: f64, expected: f64, relative: f64, what: &str) {
    let error = (value - expected).abs();
    assert!(
        error <= expected.abs() * relative,
        "{what}: {value}, expected {expected}"
    );
}

#[test]
fn all_values_of_many_loads() {
    for hertz in [45.0, 49.9, 50.0, 52.3, 60.0, 65.0] {
        for (amperes, lag) in [
            (0.5, 0.0),
            (4.0, 60.0),
            (5.0, -36.87),
            (60.0, 36.87),
            (3.0, 143.13),
            (20.0, -120.0),
        ] {
            let load = load(230.0, amperes, lag, hertz);
            let mut meter = Meter::new(Calibration::NOMINAL);
            let shown = run(&mut Source::default(), &mut meter, &load, 4);
            let last = shown.last().unwrap();
            let what = format!("{hertz} Hz, {amperes} A, {lag} degrees");
            let apparent = 230.0 * amperes;
            assert_near(f64::from(last.volts_uv) / 1e6, 230.0, 2e-4, &what);
            assert_near(f64::from(last.amperes_ua) / 1e6, amperes, 5e-4, &what);
            assert_near(last.apparent_uva as f64 / 1e6, apparent, 5e-4, &what);
            assert_near(f64::from(last.frequency_uhz) / 1e6, hertz, 1e-5, &what);
            // Relative to the apparent power: errors of angle matter near zero.
            let active = last.active_uw as f64 / 1e6;
            assert!(
                (active - watts(&load)).abs() < apparent * 5e-4,
                "{what}: {active}"
            );
            let reactive = last.reactive_uvar as f64 / 1e6;
            assert!(
                (reactive - vars(&load)).abs() < apparent * 1e-3,
                "{what}: {reactive}"
            );
            let factor = f64::from(last.power_factor_ppm) / 1e6;
            assert!(
                (factor - lag.to_radians().cos()).abs() < 1e-3,
                "{what}: {factor}"
            );
            assert!(last.flags.is_empty() && last.lost_scans == 0);
        }
    }
}

#[test]
fn windows_are_whole_cycles_and_tile_time() {
    let mut meter = Meter::new(Calibration::NOMINAL);
    let shown = run(
        &mut Source::default(),
        &mut meter,
        &load(230.0, 5.0, 0.0, 50.3),
        60,
    );
    assert_eq!(shown.len(), 60);
    for second in &shown {
        let cycles = f64::from(second.scans) * PERIOD * 50.3;
        assert!((cycles - cycles.round()).abs() < 0.02, "{cycles}");
    }
    let scans: u64 = shown.iter().map(|second| u64::from(second.scans)).sum();
    // All but the scans before the first crossing.
    let measured = meter.registers().measured_us / u64::from(metrology::SCAN_PERIOD_US);
    assert!(measured - scans < 200);
}

#[test]
fn energies_go_to_the_register_of_their_direction() {
    for (lag, import, import_var) in [
        (30.0, true, true),
        (-30.0, true, false),
        (150.0, false, true),
        (-150.0, false, false),
    ] {
        let load = load(230.0, 10.0, lag, 50.0);
        let mut meter = Meter::new(Calibration::NOMINAL);
        let mut source = Source::default();
        run(&mut source, &mut meter, &load, 2);
        let start = *meter.registers();
        run(&mut source, &mut meter, &load, 20);
        let gained = meter.registers().totals.since(&start.totals);
        let hours = (meter.registers().measured_us - start.measured_us) as f64 / 3.6e9;
        let (active, other) = if import {
            (gained.import_nwh, gained.export_nwh)
        } else {
            (gained.export_nwh, gained.import_nwh)
        };
        let (reactive, other_var) = if import_var {
            (gained.import_nvarh, gained.export_nvarh)
        } else {
            (gained.export_nvarh, gained.import_nvarh)
        };
        assert_near(active as f64 * 1e-9, watts(&load).abs() * hours, 1e-3, "Wh");
        assert_near(
            reactive as f64 * 1e-9,
            vars(&load).abs() * hours,
            2e-3,
            "varh",
        );
        assert_eq!((other, other_var), (0, 0));
    }
}

/// A load that imports for three periods and exports for two: 1,150 W inward and as much outward.
#[test]
fn import_and_export_are_netted_over_the_time_that_is_asked_for() {
    let (inward, outward) = (load(230.0, 5.0, 0.0, 50.0), load(230.0, 5.0, 180.0, 50.0));
    for (netting, import, export) in [
        (Netting::Second, 230.0, 0.0),
        (Netting::Cycle, 690.0, 460.0),
    ] {
        let mut meter = Meter::new(Calibration::NOMINAL);
        meter.set_netting(netting);
        let mut source = Source::default();
        let mut totals = Vec::new();
        for _ in 0..blocks(12) {
            let scan = |time: f64| {
                let period = (time * 50.0) as u64 % 5;
                if period < 3 {
                    inward.scan(time)
                } else {
                    outward.scan(time)
                }
            };
            let outcome = source.block(0, 0, scan, |block| meter.process(block));
            if outcome.measurement.is_some() {
                totals.push((*meter.registers(), meter.registers().measured_us));
            }
        }
        let (first, last) = (totals[0], totals[totals.len() - 1]);
        let hours = (last.1 - first.1) as f64 / 3.6e9;
        let gained = last.0.totals.since(&first.0.totals);
        let shown = |nwh: u64| nwh as f64 * 1e-9 / hours;
        assert!(
            (shown(gained.import_nwh) - import).abs() < 25.0,
            "{netting:?}: {}",
            shown(gained.import_nwh)
        );
        assert!(
            (shown(gained.export_nwh) - export).abs() < 25.0,
            "{netting:?}: {}",
            shown(gained.export_nwh)
        );
    }
}

#[test]
fn mains_that_fail_and_come_back() {
    let mut meter = Meter::new(Calibration::NOMINAL);
    let mut source = Source::default();
    let (on, off) = (load(230.0, 5.0, 0.0, 50.0), load(0.0, 0.0, 0.0, 50.0));
    run(&mut source, &mut meter, &on, 3);
    let dead = run(&mut source, &mut meter, &off, 5);
    assert!(dead.len() >= 4);
    let last = dead.last().unwrap();
    assert_eq!((last.frequency_uhz, last.active_uw), (0, 0));
    assert_eq!(last.flags, Flags::NO_FREQUENCY);
    assert!(last.no_load);
    let alive = run(&mut source, &mut meter, &on, 3);
    assert!(alive.last().unwrap().flags.is_empty());
    assert_near(
        alive.last().unwrap().active_uw as f64 / 1e6,
        1_150.0,
        1e-3,
        "W",
    );
}

#[test]
fn dc_has_no_part_in_the_result() {
    let load = load(230.0, 3.0, 40.0, 50.0);
    let mut meter = Meter::new(Calibration::NOMINAL);
    let mut source = Source::default();
    let mut shown = None;
    for _ in 0..blocks(4) {
        let outcome = source.block(
            0,
            0,
            |time| {
                let [v, low, high] = load.scan(time);
                [v + 150, low - 200, high + 250]
            },
            |block| meter.process(block),
        );
        shown = outcome.measurement.or(shown);
    }
    let last = shown.unwrap();
    assert_near(f64::from(last.volts_uv) / 1e6, 230.0, 5e-4, "V");
    assert_near(f64::from(last.amperes_ua) / 1e6, 3.0, 5e-4, "A");
    assert_near(last.active_uw as f64 / 1e6, watts(&load), 5e-4, "W");
}

#[test]
fn saturation_is_reported() {
    // The driver, which saw every conversion, tells it in the header.
    let fine = load(230.0, 5.0, 0.0, 50.0);
    let mut source = Source::default();
    let mut meter = Meter::new(Calibration::NOMINAL);
    let mut flags = Flags::NONE;
    for n in 0..150 {
        let header = if n == 100 { 0b110 } else { 0 };
        let outcome = source.block(header, 0, |t| fine.scan(t), |block| meter.process(block));
        flags |= outcome.measurement.unwrap_or_default().flags;
    }
    assert_eq!(flags, Flags::VOLTAGE_SATURATED | Flags::CURRENT_SATURATED);
}

#[test]
fn intervals_carry_energy_and_status() {
    let load = load(230.0, 10.0, 0.0, 50.0);
    // A second of samples is enough of them; time runs by the header.
    let mut meter = Meter::new(Calibration::NOMINAL);
    meter.note_power_failure();
    meter.resume_profile(StoredProfile::Nowhere);
    meter.set_clock(1_700_000_100, 0);
    let mut source = Source::default();
    let mut intervals = Vec::new();
    for second in 0..2 * INTERVAL_SECONDS + 10 {
        if second == 1_000 {
            meter.set_calibration(Calibration::NOMINAL);
        }
        while source.scans as f64 * PERIOD < (second + 1) as f64 {
            let outcome = source.block(0, 0, |time| load.scan(time), |block| meter.process(block));
            intervals.extend(outcome.interval);
        }
    }
    assert_eq!(intervals.len(), 2);
    assert_eq!(intervals[0].end, 1_700_001_000);
    assert_eq!(intervals[1].end, 1_700_001_900);
    assert!(intervals[0].flags.contains(Flags::POWER_FAIL));
    assert_eq!(intervals[1].flags, Flags::CALIBRATION_CHANGED);
    assert_near(
        intervals[1].energy.import_nwh as f64 * 1e-9,
        575.0,
        1e-3,
        "Wh",
    );
    assert!(
        intervals[1]
            .scans
            .abs_diff(900_000_000 / metrology::SCAN_PERIOD_US)
            < 300
    );
    assert_eq!(
        intervals[1].registers.import_nwh - intervals[0].registers.import_nwh,
        intervals[1].energy.import_nwh
    );
    assert_eq!(meter.registers().power_failures, 1);
}

fn newest(stored: &[metrology::ProfileEntry]) -> StoredProfile<'_> {
    stored
        .last()
        .map_or(StoredProfile::Empty, StoredProfile::Newest)
}

/// Over any cuts the stored intervals add up to the registers, also when the registers were saved
/// before the newest interval ended, or that interval was lost.
#[test]
fn intervals_add_up_to_the_registers_over_any_cuts() {
    let load = load(230.0, 10.0, 30.0, 50.0);
    let mut source = Source::default();
    let (mut saved, mut stored) = (EnergyRegisters::ZERO, Vec::new());
    let mut ends = Vec::new();
    for life in 0..24u64 {
        let mut meter = Meter::with_registers(Calibration::NOMINAL, saved);
        if life > 0 {
            meter.note_power_failure();
        }
        // Blocks of this life; a block stands for four seconds by the header's time.
        let blocks = 60 + life * 37 % 500;
        let save_at = blocks * (life * 7 % 10) / 10;
        let mut lives = Source::default();
        for block in 0..blocks {
            // The storage answers after a while.
            if block == life % 9 * 8 {
                meter.resume_profile(newest(&stored));
            }
            let mut bytes = Vec::new();
            for _ in 0..metrology::SCANS_PER_BLOCK {
                let scan = load.scan(source.scans as f64 * PERIOD);
                source.scans += 1;
                bytes.extend(scan.iter().flat_map(|code| code.to_le_bytes()));
            }
            lives.sequence += 1;
            let time_us = u64::from(lives.sequence) * 4_000_000;
            let block_of = metrology::Block::from_parts(lives.sequence, 0, time_us, 0, &bytes);
            let outcome = meter.process(&block_of);
            // Every third cut takes the interval that had just ended with it.
            let lost = life % 3 == 1 && block > blocks * 9 / 10;
            stored.extend(outcome.interval.filter(|_| !lost));
            if block == save_at {
                saved = *meter.registers();
            }
        }
    }
    let mut meter = Meter::with_registers(Calibration::NOMINAL, saved);
    meter.resume_profile(newest(&stored));
    let newest = stored.last().unwrap().registers;
    let sum = |energy: fn(&metrology::ProfileEntry) -> u64| stored.iter().map(energy).sum::<u64>();
    assert_eq!(sum(|entry| entry.energy.import_nwh), newest.import_nwh);
    assert_eq!(sum(|entry| entry.energy.import_nvarh), newest.import_nvarh);
    assert!(meter.registers().totals.import_nwh >= newest.import_nwh);
    ends.extend(stored.iter().map(|entry| entry.end));
    assert!(ends.windows(2).all(|two| two[0] < two[1]), "{ends:?}");
    assert!(stored.len() >= 12, "{}", stored.len());
    assert!(stored
        .iter()
        .any(|entry| entry.flags.contains(Flags::POWER_FAIL)));
}

#[test]
fn stored_registers_never_take_the_meter_back() {
    let mut stored = EnergyRegisters::ZERO;
    stored.totals.import_nwh = 5_000_000_000;
    stored.totals.export_nwh = 1;
    let mut meter = Meter::new(Calibration::NOMINAL);
    let mut source = Source::default();
    run(&mut source, &mut meter, &load(230.0, 10.0, 180.0, 50.0), 5);
    let exported = meter.registers().totals.export_nwh;
    assert!(exported > 1);
    meter.restore(&stored);
    assert_eq!(meter.registers().totals.import_nwh, 5_000_000_000);
    assert_eq!(meter.registers().totals.export_nwh, exported);
}

fn calibrate(
    load: &Load,
    range: Range,
    reference: Reference,
) -> Result<Calibration, CalibrationError> {
    let mut calibrator = Calibrator::new(range, reference, &Calibration::NOMINAL, 4)?;
    let mut source = Source::default();
    loop {
        let result = source.block(0, 0, |t| load.scan(t), |block| calibrator.process(block));
        if let Some(result) = result {
            assert!(result.is_err() || calibrator.seconds_left() == 0);
            return result;
        }
        assert!(source.scans < 20 * 6_536, "a calibration ends");
    }
}

fn reference(volts: f64, amperes: f64, lag_degrees: f64) -> Reference {
    Reference {
        volts_uv: (volts * 1e6) as u32,
        amperes_ua: (amperes * 1e6) as u32,
        lag_millidegrees: (lag_degrees * 1e3) as i32,
    }
}

#[test]
fn a_calibration_corrects_gain_and_phase() {
    // The instrument says something else than the nominal front end.
    for (range, hertz, amperes) in [
        (Range::Low, 50.0, 20.0),
        (Range::High, 60.0, 2.0),
        (Range::High, 50.0, 2.0),
    ] {
        for (volts, current, lag, shown_lag) in [
            (1.03, 0.96, 0.0, 0.0),
            (0.97, 1.05, 60.0, 60.35),
            (1.0, 1.0, -30.0, -30.35),
            (1.0, 1.0, 175.0, 175.3),
        ] {
            let seen = load(230.0, amperes, shown_lag, hertz);
            let truth = reference(230.0 * volts, amperes * current, lag);
            let calibration = calibrate(&seen, range, truth).unwrap();
            let mut meter = Meter::new(calibration);
            let shown = run(&mut Source::default(), &mut meter, &seen, 4);
            let last = shown.last().unwrap();
            let apparent = 230.0 * volts * amperes * current;
            assert_near(f64::from(last.volts_uv) / 1e6, 230.0 * volts, 1e-5, "V");
            assert_near(
                f64::from(last.amperes_ua) / 1e6,
                amperes * current,
                2e-5,
                "A",
            );
            let (sine, cosine) = lag.to_radians().sin_cos();
            let active = last.active_uw as f64 / 1e6 / apparent;
            let reactive = last.reactive_uvar as f64 / 1e6 / apparent;
            assert!(
                (active - cosine).abs() < 1e-4,
                "{range:?} {lag}: {active} {cosine}"
            );
            assert!(
                (reactive - sine).abs() < 2e-4,
                "{range:?} {lag}: {reactive} {sine}"
            );
        }
    }
}

#[test]
fn impossible_calibrations_are_refused() {
    let seen = load(230.0, 2.0, 0.0, 50.0);
    let expect = |volts, amperes, lag, error| {
        let found = calibrate(&seen, Range::High, reference(volts, amperes, lag));
        assert_eq!(found.unwrap_err(), error, "{volts} V {amperes} A {lag}");
    };
    expect(300.0, 2.0, 0.0, CalibrationError::VoltageGain);
    expect(230.0, 3.0, 0.0, CalibrationError::CurrentGain);
    expect(230.0, 2.0, 20.0, CalibrationError::Phase);
    expect(230.0, 2.0, 180.0, CalibrationError::Phase);
    expect(0.0, 2.0, 0.0, CalibrationError::Reference);
    expect(230.0, 0.001, 0.0, CalibrationError::Reference);
    let too_much = calibrate(
        &load(230.0, 20.0, 0.0, 50.0),
        Range::High,
        reference(230.0, 20.0, 0.0),
    );
    assert_eq!(too_much.unwrap_err(), CalibrationError::Saturated);
    let silent = calibrate(
        &load(0.0, 2.0, 0.0, 50.0),
        Range::High,
        reference(230.0, 2.0, 0.0),
    );
    assert_eq!(silent.unwrap_err(), CalibrationError::NoFrequency);
    let no_current = calibrate(
        &load(230.0, 0.0, 0.0, 50.0),
        Range::High,
        reference(230.0, 2.0, 0.0),
    );
    assert_eq!(no_current.unwrap_err(), CalibrationError::CurrentGain);
    let mut calibrator = Calibrator::new(
        Range::High,
        reference(230.0, 2.0, 0.0),
        &Calibration::NOMINAL,
        4,
    )
    .unwrap();
    let mut source = Source::default();
    let found = (0..500u32).find_map(|n| {
        let lost_scans = if n == 160 { 80 } else { 0 };
        source.block(
            0,
            lost_scans,
            |t| seen.scan(t),
            |block| calibrator.process(block),
        )
    });
    assert_eq!(found, Some(Err(CalibrationError::MissingSamples)));
}

/// A flush at any block counts the whole cycles so far, takes nothing away from
/// what is counted later, and puts nothing into a register that does not turn.
#[test]
fn a_flush_moves_energy_and_adds_none() {
    for (lag, hertz) in [(0.0, 50.0), (60.0, 49.9), (85.0, 52.3), (150.0, 60.0)] {
        let load = load(230.0, 60.0, lag, hertz);
        let mut source = Source::default();
        let mut flushed = Meter::new(Calibration::NOMINAL);
        run(&mut source, &mut flushed, &load, 3);
        let mut whole = flushed.clone();
        for block in 0..100u32 {
            let mut shown = source.block(
                0,
                0,
                |time| load.scan(time),
                |block| (whole.process(block), flushed.process(block)),
            );
            let before = flushed.registers().totals;
            // Of every length from one block to a second.
            if block % 7 == 3 {
                assert_eq!(flushed.flush(), None);
                assert_eq!(flushed.flush(), None, "twice is once");
                let behind = flushed.registers().totals;
                let since = before.since(&behind);
                assert_eq!(
                    since,
                    metrology::EnergyTotals::default(),
                    "none runs backwards"
                );
                // What is missing is less than a cycle and a block.
                let at = source.scans as f64 * PERIOD;
                let expected = watts(&load).abs() * at / 3_600.0;
                let counted = behind.active_nwh() as f64 / 1e9;
                let least = expected - watts(&load).abs() * 0.046 / 3_600.0;
                // The part of a cycle before the first crossing is no whole cycle.
                let most = expected + 0.02;
                assert!(
                    (least..=most).contains(&counted),
                    "lag {lag}, block {block}: {counted} Wh of {expected}"
                );
            }
            if let (Some(one), Some(other)) = (shown.0.measurement.take(), shown.1.measurement) {
                assert_near(other.active_uw as f64, one.active_uw as f64, 2e-3, "power");
                assert_eq!(one.frequency_uhz, other.frequency_uhz);
            }
        }
        for meter in [&mut whole, &mut flushed] {
            meter.flush();
        }
        let (one, other) = (whole.registers().totals, flushed.registers().totals);
        let turned = |nwh: u64, other: u64| {
            let tolerance = nwh as f64 * 1e-4;
            assert!(
                (nwh as f64 - other as f64).abs() <= tolerance,
                "{nwh} {other}"
            );
            assert_eq!(nwh == 0, other == 0, "a register that does not turn");
        };
        turned(one.import_nwh, other.import_nwh);
        turned(one.export_nwh, other.export_nwh);
        turned(one.import_nvarh, other.import_nvarh);
        turned(one.export_nvarh, other.export_nvarh);
    }
}
