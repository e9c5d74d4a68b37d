//! The whole app on the fake kernel: samples in; lines, pulses and records out.

mod common;

use common::{value, Board, EnergyStore, Mains, QUEUE_BLOCKS};
use libtock::platform::ErrorCode;
use metering::save_budget::{FIRST_TOKENS, MOST_WARNINGS};
use std::rc::Rc;

const LOAD: Mains = Mains {
    volts: 230.0,
    amperes: 5.0,
    lag_degrees: 36.87,
};
const NO_LOAD: Mains = Mains {
    amperes: 0.0,
    ..LOAD
};

fn meter_lines(lines: &[String]) -> Vec<&String> {
    lines
        .iter()
        .filter(|line| line.starts_with("meter "))
        .collect()
}

#[test]
fn help_names_every_command() {
    Board::new(&Rc::default()).run(|board, app| {
        board.seconds(app, NO_LOAD, 1);
        board.lines();
        board.type_line(app, NO_LOAD, "help");
        let lines = board.lines();
        for command in ["help", "show", "calibrate", "seal"] {
            assert!(
                lines.iter().any(|line| line.starts_with(command)),
                "{lines:?}"
            );
        }
        assert!(lines.iter().all(|line| !line.starts_with("error")));
    });
}

/// A second without voltage is told on the console, with the field's codes.
#[test]
fn an_interruption_is_an_event() {
    Board::new(&Rc::default()).run(|board, app| {
        let off = Mains {
            volts: 0.0,
            amperes: 0.0,
            ..LOAD
        };
        board.seconds(app, LOAD, 3);
        board.seconds(app, off, 1);
        board.seconds(app, LOAD, 2);
        let lines = board.lines();
        let events: Vec<_> = lines.iter().filter(|l| l.starts_with("event ")).collect();
        let codes: Vec<f64> = events.iter().map(|line| value(line, "code")).collect();
        // Missing voltage, then normal again.
        assert!(
            codes.contains(&82.0) && codes.last() == Some(&85.0),
            "{events:?}"
        );
        let longest = events
            .iter()
            .map(|line| value(line, "lasted_ms"))
            .fold(0.0, f64::max);
        assert!((900.0..1_100.0).contains(&longest), "{events:?}");
    });
}

#[test]
fn one_line_a_second_tells_the_load() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        board.seconds(app, LOAD, 12);
        let lines = board.lines();
        let meter = meter_lines(&lines);
        assert!((10..=12).contains(&meter.len()), "{lines:#?}");
        let last = meter.last().expect("lines");
        let near = |key, expected: f64, tolerance: f64| {
            let value = value(last, key);
            assert!((value - expected).abs() <= tolerance, "{key} in {last}");
        };
        near("V", 230.0, 0.3);
        near("A", 5.0, 0.01);
        near("W", 920.0, 2.0);
        near("var", 690.0, 2.0);
        near("VA", 1150.0, 3.0);
        near("PF", 0.8, 0.002);
        near("Hz", 50.0, 0.01);
        near("import_Wh", 920.0 * value(last, "t") / 3600.0, 0.3);
        assert_eq!(value(last, "export_Wh"), 0.0);
        assert_eq!(value(last, "lost"), 0.0);
        assert!((value(last, "samples") - value(last, "t") / 153e-6).abs() <= 6_600.0);
    });
}

#[test]
fn a_block_costs_few_system_calls() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        board.seconds(app, NO_LOAD, 2);
        board.syscalls();
        board.seconds(app, NO_LOAD, 10);
        let per_block = board.syscalls() as f64 / 500.0;
        // Yield twice, take twice (the second finds nothing), exchange; the
        // console costs the rest.
        assert!(per_block < 8.0, "{per_block}");
    });
}

#[test]
fn a_late_app_takes_all_that_waits() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        for _ in 0..50 {
            for _ in 0..QUEUE_BLOCKS {
                board.push(LOAD);
            }
            board.wake(app);
        }
        assert_eq!(board.adc.lost_scans_in_total.get(), 0);
        let lines = board.lines();
        let last = *meter_lines(&lines).last().expect("lines");
        assert_eq!(value(last, "lost"), 0.0);
        assert!((value(last, "W") - 920.0).abs() < 2.0, "{last}");
    });
}

#[test]
fn lost_blocks_are_told() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        board.seconds(app, LOAD, 2);
        for _ in 0..QUEUE_BLOCKS + 3 {
            board.push(LOAD);
        }
        board.wake(app);
        board.seconds(app, LOAD, 2);
        let lines = board.lines();
        let last = *meter_lines(&lines).last().expect("lines");
        assert_eq!(value(last, "lost"), 384.0);
        assert!(meter_lines(&lines)
            .iter()
            .any(|line| !line.ends_with("flags=0x0000")));
    });
}

#[test]
fn a_reader_that_stalls_costs_lines_and_no_samples() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        board.seconds(app, LOAD, 3);
        board.lines();
        board.console.stall(true);
        board.seconds(app, LOAD, 20);
        assert!(board.lines().is_empty());
        assert_eq!(board.adc.lost_scans_in_total.get(), 0);
        board.console.stall(false);
        board.wake(app);
        board.seconds(app, LOAD, 3);
        let lines = board.lines();
        let meter = meter_lines(&lines);
        assert!((3..=5).contains(&meter.len()), "{lines:#?}");
        let energy = value(meter.last().expect("lines"), "import_Wh");
        assert!((energy - 920.0 * 26.0 / 3600.0).abs() < 0.4, "{energy}");
        board.type_line(app, LOAD, "show");
        let lines = board.lines();
        let show = lines
            .iter()
            .find(|line| line.starts_with("show "))
            .expect("answer");
        assert!(value(show, "dropped_lines") >= 18.0, "{show}");
    });
}

#[test]
fn a_watt_hour_is_a_pulse() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        board.seconds(app, LOAD, 60);
        let lines = board.lines();
        let energy = value(meter_lines(&lines).last().expect("lines"), "import_Wh");
        let pulses = f64::from(board.leds.lightings(0).expect("LED 0"));
        assert!(
            pulses >= 14.0 && (energy - pulses).abs() <= 2.0,
            "{energy} {pulses}"
        );
        assert_eq!(board.leds.get_led(0), Some(false));
    });
}

#[test]
fn registers_come_back_after_a_power_cut_and_never_run_backwards() {
    let store = Rc::new(EnergyStore::default());
    let mut before = 0.0;
    for start in 0..5u32 {
        let board = Board::new(&store);
        board.run(|board, app| {
            let restored = app.registers().totals.import_nwh;
            let stored = store.records.borrow()[0]
                .as_deref()
                .map(|record| metrology::EnergyRegisters::from_bytes(record).expect("ours"));
            assert_eq!(
                restored,
                stored.map_or(0, |registers| registers.totals.import_nwh)
            );
            assert_eq!(app.registers().power_failures, start);
            board.seconds(app, LOAD, 23 + start);
            let lines = board.lines();
            let meter = meter_lines(&lines);
            let first = value(meter.first().expect("lines"), "import_Wh");
            assert!(first >= before, "{first} after {before}");
            // At most ten seconds' energy is at risk at first.
            before = value(meter.last().expect("lines"), "import_Wh") - 920.0 * 11.0 / 3600.0;
        });
        board.store.cut_power();
    }
    assert!(before > 15.0);
}

fn saved(store: &EnergyStore) -> metrology::EnergyRegisters {
    let records = store.records.borrow();
    let record = records[0].as_deref().expect("saved");
    metrology::EnergyRegisters::from_bytes(record).expect("ours")
}

#[test]
fn a_falling_supply_has_the_registers_saved_at_once() {
    let store = Rc::new(EnergyStore::default());
    let board = Board::new(&store);
    board.run(|board, app| {
        // In the middle of a second, and of the ten seconds between two saves.
        board.seconds(app, LOAD, 16);
        for _ in 0..25 {
            board.block(app, LOAD);
        }
        let writes = store.writes.get()[0];
        board.supply.set_low(true);
        board.wake(app);
        assert_eq!(store.writes.get()[0], writes + 1);
        let energy = saved(&store).totals.import_nwh as f64 / 1e9;
        let expected = 920.0 * 16.5 / 3600.0;
        // Less than a cycle and a block of it, which are 0.01 Wh.
        assert!(
            (expected - 0.012..=expected + 0.01).contains(&energy),
            "{energy}"
        );
        // The supply comes back: lines go on, and the second is not counted twice.
        board.supply.set_low(false);
        board.seconds(app, LOAD, 4);
        let lines = board.lines();
        let last = *meter_lines(&lines).last().expect("lines");
        assert!((value(last, "W") - 920.0).abs() < 2.0, "{last}");
        let energy = value(last, "import_Wh");
        assert!(
            (energy - 920.0 * value(last, "t") / 3600.0).abs() < 0.3,
            "{last}"
        );
        assert_eq!(value(last, "export_Wh"), 0.0);
    });
    drop(board);
    // A restart after it goes on from there.
    Board::new(&store).run(|_, app| assert_eq!(app.registers().totals, saved(&store).totals));
}

#[test]
fn a_start_in_a_low_supply_saves_the_first_second() {
    for low in [false, true] {
        let store = Rc::new(EnergyStore::default());
        let board = Board::new(&store);
        board.supply.set_low(low);
        board.run(|board, app| {
            board.seconds(app, LOAD, 2);
            assert_eq!(store.writes.get()[0], low.into());
        });
    }
}

#[test]
fn a_falling_supply_waits_for_the_record_that_is_on_its_way() {
    let store = Rc::new(EnergyStore::default());
    let board = Board::new(&store);
    board.run(|board, app| {
        store.slow.set(true);
        board.seconds(app, LOAD, 15);
        assert_eq!(store.writes.get()[0], 0, "a save is under way");
        board.supply.set_low(true);
        board.wake(app);
        store.complete();
        board.wake(app);
        assert_eq!(store.writes.get()[0], 1);
        store.complete();
        board.wake(app);
        assert_eq!(store.writes.get()[0], 2);
        let energy = saved(&store).totals.import_nwh as f64 / 1e9;
        assert!((energy - 920.0 * 15.0 / 3600.0).abs() < 0.02, "{energy}");
    });
}

#[test]
fn a_supply_that_bounces_does_not_wear_the_store_out() {
    let store = Rc::new(EnergyStore::default());
    let board = Board::new(&store);
    board.run(|board, app| {
        // Without anything new to save it costs nothing at all.
        board.seconds(app, NO_LOAD, 3);
        for _ in 0..10 {
            board.supply.set_low(true);
            board.block(app, NO_LOAD);
            board.supply.set_low(false);
        }
        assert_eq!(store.writes.get()[0], 0);
        for _ in 0..60 * 50 {
            board.supply.set_low(true);
            board.block(app, LOAD);
            board.supply.set_low(false);
        }
        // Of the start's tokens, all that warnings may take; and one comes in
        // two minutes.
        let most = FIRST_TOKENS + MOST_WARNINGS + 1;
        assert_eq!(store.writes.get()[0], most - 1);
        board.seconds(app, LOAD, 61);
        assert_eq!(store.writes.get()[0], most);
    });
}

#[test]
fn a_save_that_is_under_way_does_not_count() {
    let store = Rc::new(EnergyStore::default());
    store.slow.set(true);
    let board = Board::new(&store);
    board.run(|board, app| {
        board.seconds(app, LOAD, 60);
        assert_eq!(store.writes.get(), [0, 0]);
        board.type_line(app, LOAD, "show");
        let lines = board.lines();
        let show = lines
            .iter()
            .find(|line| line.starts_with("show "))
            .expect("answer");
        assert_eq!(value(show, "saves"), 0.0);
        assert!(value(show, "unsaved_Wh") > 14.0, "{show}");
        store.complete();
        board.wake(app);
        board.type_line(app, LOAD, "show");
        let lines = board.lines();
        let show = lines
            .iter()
            .find(|line| line.starts_with("show "))
            .expect("answer");
        assert_eq!(value(show, "saves"), 1.0);
    });
}

#[test]
fn a_failing_store_is_tried_again() {
    let store = Rc::new(EnergyStore::default());
    store.failing.set(Some(ErrorCode::Fail));
    let board = Board::new(&store);
    board.run(|board, app| {
        board.seconds(app, LOAD, 25);
        assert_eq!(store.writes.get(), [0, 0]);
        store.failing.set(None);
        board.seconds(app, LOAD, 11);
        assert_eq!(store.writes.get(), [1, 0]);
    });
}

#[test]
fn a_store_that_is_still_mounting_is_waited_for() {
    let store = Rc::new(EnergyStore::default());
    store.records.borrow_mut()[0] = Some(
        metrology::EnergyRegisters {
            totals: metrology::EnergyTotals {
                import_nwh: 5_000_000_000,
                ..Default::default()
            },
            ..Default::default()
        }
        .to_bytes()
        .to_vec(),
    );
    store.busy_reads.set(20);
    Board::new(&store).run(|_, app| {
        assert_eq!(app.registers().totals.import_nwh, 5_000_000_000);
    });
}

#[test]
fn records_that_cannot_be_read_are_never_written_over() {
    let store = Rc::new(EnergyStore::default());
    *store.records.borrow_mut() = [Some(vec![9; 20]), Some(vec![9; 20])];
    let board = Board::new(&store);
    board.run(|board, app| {
        board.seconds(app, LOAD, 30);
        board.type_line(app, LOAD, "calibrate low 230 5 0");
        board.type_line(app, LOAD, "seal");
        let lines = board.lines();
        for expected in [
            "error registers_unreadable",
            "error calibration_unreadable",
            "error calibrate sealed",
            "error seal sealed",
        ] {
            assert!(
                lines.iter().any(|line| line == expected),
                "{expected}: {lines:#?}"
            );
        }
    });
    assert_eq!(store.writes.get(), [0, 0]);
}

#[test]
fn calibration_is_measured_stored_and_used_again() {
    let store = Rc::new(EnergyStore::default());
    // The front end reads 3 % too much; the reference instrument knows better.
    let real = Mains {
        amperes: 20.0,
        lag_degrees: 0.0,
        ..LOAD
    };
    let seen = Mains {
        volts: real.volts * 1.02,
        amperes: real.amperes * 1.03,
        ..real
    };
    let board = Board::new(&store);
    board.run(|board, app| {
        board.seconds(app, seen, 2);
        board.type_line(app, seen, "calibrate low 230 20 0");
        board.seconds(app, seen, 15);
        board.type_line(app, seen, "seal");
        board.seconds(app, seen, 3);
        board.type_line(app, seen, "calibrate low 230 20 0");
        let lines = board.lines();
        let answers: Vec<_> = lines
            .iter()
            .filter(|line| !line.starts_with("meter"))
            .collect();
        assert_eq!(
            answers,
            [
                "ok calibrate started",
                "ok calibrate low revision=1",
                "ok seal",
                "error calibrate sealed"
            ]
        );
        let watts = value(meter_lines(&lines).last().expect("lines"), "W");
        assert!((watts - 4_600.0).abs() < 5.0, "{watts}");
    });
    assert_eq!(store.writes.get()[1], 2);
    drop(board);

    let board = Board::new(&store);
    board.run(|board, app| {
        board.seconds(app, seen, 4);
        board.type_line(app, seen, "seal");
        let lines = board.lines();
        let watts = value(meter_lines(&lines).last().expect("lines"), "W");
        assert!((watts - 4_600.0).abs() < 5.0, "{watts}");
        assert!(lines.iter().any(|line| line == "error seal sealed"));
    });
}

#[test]
fn a_calibration_that_is_not_durable_does_not_hold() {
    let store = Rc::new(EnergyStore::default());
    let seen = Mains {
        volts: 235.0,
        amperes: 20.0,
        lag_degrees: 0.0,
    };
    let board = Board::new(&store);
    board.run(|board, app| {
        board.seconds(app, seen, 2);
        store.failing.set(Some(ErrorCode::Fail));
        board.type_line(app, seen, "calibrate low 230 20 0");
        board.seconds(app, seen, 15);
        board.type_line(app, seen, "seal");
        board.seconds(app, seen, 2);
        let lines = board.lines();
        assert!(lines
            .iter()
            .any(|line| line == "error calibrate not_stored"));
        assert!(lines.iter().any(|line| line == "error seal not_stored"));
        let volts = value(meter_lines(&lines).last().expect("lines"), "V");
        assert!((volts - 235.0).abs() < 0.3, "{volts}");
    });
    assert_eq!(*store.records.borrow(), [None, None]);
}

#[test]
fn a_load_that_contradicts_the_reference_is_refused() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        board.seconds(app, LOAD, 2);
        board.type_line(app, LOAD, "calibrate low 230 50 0");
        board.type_line(app, LOAD, "calibrate low 230 50 0");
        board.seconds(app, LOAD, 15);
        let lines = board.lines();
        assert!(
            lines.iter().any(|line| line == "error calibrate busy"),
            "{lines:#?}"
        );
        assert!(lines
            .iter()
            .any(|line| line == "error calibrate current_gain"));
        assert!(!lines
            .iter()
            .any(|line| line.starts_with("ok calibrate low")));
    });
}

#[test]
fn noise_on_the_console_does_no_harm() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        let mut state = 7u32;
        for _ in 0..100 {
            let noise: Vec<u8> = (0..300)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            board.console.type_in(&noise);
            board.block(app, LOAD);
        }
        board.seconds(app, LOAD, 2);
        board.type_line(app, LOAD, "");
        board.lines();
        board.type_line(app, LOAD, "show");
        let lines = board.lines();
        assert!(
            lines.iter().any(|line| line.starts_with("show sealed=0 ")),
            "{lines:#?}"
        );
        assert_eq!(board.adc.lost_scans_in_total.get(), 0);
    });
}

#[test]
fn a_quarter_of_an_hour_ends_with_a_profile_line() {
    let board = Board::new(&Rc::default());
    board.run(|board, app| {
        board.seconds(app, LOAD, 905);
        let lines = board.lines();
        let profile = lines
            .iter()
            .find(|line| line.starts_with("profile "))
            .expect("profile line");
        assert_eq!(value(profile, "end"), 900.0);
        assert!(
            (value(profile, "import_Wh") - 230.0).abs() < 1.0,
            "{profile}"
        );
        board.type_line(app, LOAD, "show");
        let lines = board.lines();
        assert!(lines.iter().any(|line| line == profile), "{lines:#?}");
    });
}
