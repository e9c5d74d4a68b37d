//! The metering app with the external flash and the channel: intervals stored and restored, readings published.

mod common;

use std::rc::Rc;

use common::{value, Board, EnergyStore, Mains};
use libtock::platform::ErrorCode;
use libtock::unittest::fake::Storage;
use metering::app::PROFILE_INTERVALS;
use metering::profile_store::PARTITION;
use metering::publisher::CHANNEL;
use metrology::{EnergyTotals, ProfileEntry, Readings, PROFILE_BYTES};

const LOAD: Mains = Mains {
    volts: 230.0,
    amperes: 5.0,
    lag_degrees: 36.87,
};

fn flash() -> Rc<Storage> {
    Storage::new(PARTITION, PROFILE_BYTES)
}

/// An interval of an earlier run.
fn entry(number: u64) -> ProfileEntry {
    ProfileEntry {
        end: 900 * (number + 1),
        energy: EnergyTotals {
            import_nwh: number * 1_000_000_000,
            ..EnergyTotals::default()
        },
        scans: 3_600_000,
        ..ProfileEntry::default()
    }
}

/// The ends of the intervals that `show` lists, and how many there are.
fn shown(
    board: &Board,
    app: &mut metering::app::App<'_, '_, libtock::unittest::fake::Syscalls>,
) -> (Vec<f64>, f64) {
    board.lines();
    board.type_line(app, LOAD, "show");
    board.seconds(app, LOAD, 1);
    let lines = board.lines();
    let ends = lines
        .iter()
        .filter(|line| line.starts_with("profile "))
        .map(|line| value(line, "end"))
        .collect();
    let show = lines.iter().find(|line| line.starts_with("show "));
    (ends, value(show.expect("an answer"), "intervals"))
}

#[test]
fn the_readings_are_those_of_the_line() {
    let board = Board::with_flash(&Rc::default(), &flash());
    board.run(|board, app| {
        board.seconds(app, LOAD, 12);
        let lines = board.lines();
        let meter: Vec<&String> = lines
            .iter()
            .filter(|line| line.starts_with("meter "))
            .collect();
        let sent = board.channel.take_sent();
        assert_eq!(sent.len(), meter.len());
        for ((channel, message), line) in sent.iter().zip(meter) {
            assert_eq!(*channel, CHANNEL);
            let readings = Readings::from_bytes(message).expect("a message of this version");
            let near = |key, got: f64, step: f64| {
                let printed = value(line, key);
                assert!((printed - got).abs() <= step, "{key}: {got} {line}");
            };
            near("t", readings.time_us as f64 / 1e6, 1.0);
            near("V", f64::from(readings.volts_uv) / 1e6, 0.001);
            near("A", f64::from(readings.amperes_ua) / 1e6, 0.0001);
            near("W", readings.active_uw as f64 / 1e6, 0.001);
            near("var", readings.reactive_uvar as f64 / 1e6, 0.001);
            near("VA", readings.apparent_uva as f64 / 1e6, 0.001);
            near("PF", f64::from(readings.power_factor_ppm) / 1e6, 0.0001);
            near("Hz", f64::from(readings.frequency_uhz) / 1e6, 0.001);
            near("import_Wh", readings.totals.import_nwh as f64 / 1e9, 1e-6);
            near(
                "import_varh",
                readings.totals.import_nvarh as f64 / 1e9,
                1e-6,
            );
            near("samples", readings.scans as f64, 0.0);
            near("lost", readings.lost_scans as f64, 0.0);
        }
    });
}

#[test]
fn intervals_are_stored_and_come_back() {
    let (store, flash) = (Rc::<EnergyStore>::default(), flash());
    Board::with_flash(&store, &flash).run(|board, app| {
        board.seconds(app, LOAD, 1_805);
        let lines = board.lines();
        let printed = lines.iter().filter(|line| line.starts_with("profile "));
        assert_eq!(printed.count(), 2);
        let records = flash.records();
        assert_eq!(records.len(), 2);
        let stored = ProfileEntry::from_bytes(records[1].as_ref().unwrap()).unwrap();
        assert_eq!(stored.end, 1_800);
        assert!((stored.energy.import_nwh as f64 / 1e9 - 230.0).abs() < 1.0);
    });
    Board::with_flash(&store, &flash).run(|board, app| {
        board.seconds(app, LOAD, 2);
        assert_eq!(shown(board, app), (vec![1_800.0, 900.0], 2.0));
        assert_eq!(flash.records().len(), 2, "nothing is stored twice");
    });
}

#[test]
fn the_newest_come_back_past_holes_and_strangers() {
    let flash = flash();
    for number in 0..300 {
        flash.push(match number {
            // Torn, of another version, too short.
            297 => None,
            296 => Some(vec![9; PROFILE_BYTES]),
            295 => Some(vec![1; 3]),
            _ => Some(entry(number).to_bytes().to_vec()),
        });
    }
    flash.set_oldest(250);
    Board::with_flash(&Rc::default(), &flash).run(|board, app| {
        board.seconds(app, LOAD, 2);
        let ends = [300.0, 299.0, 295.0, 294.0].map(|number| number * 900.0);
        assert_eq!(
            shown(board, app),
            (ends.to_vec(), PROFILE_INTERVALS as f64 - 3.0)
        );
    });
    flash.set_oldest(0);
    Board::with_flash(&Rc::default(), &flash).run(|board, app| {
        board.seconds(app, LOAD, 2);
        assert_eq!(shown(board, app).1, PROFILE_INTERVALS as f64 - 3.0);
    });
}

#[test]
fn a_store_that_opens_late_or_is_slow_loses_nothing() {
    let flash = flash();
    (0..3).for_each(|number| flash.push(Some(entry(number).to_bytes().to_vec())));
    flash.set_opening(5);
    flash.set_slow(true);
    let board = Board::with_flash(&Rc::default(), &flash);
    board.run(|board, app| {
        for _ in 0..20 {
            board.seconds(app, LOAD, 1);
            flash.complete();
        }
        assert_eq!(shown(board, app).1, 3.0);
        // An append that fails is tried again, and a slow one holds up nothing.
        flash.set_failing(Some(ErrorCode::Busy));
        board.seconds(app, LOAD, 890);
        flash.complete();
        board.seconds(app, LOAD, 2);
        assert_eq!(flash.records().len(), 3);
        flash.set_failing(None);
        for _ in 0..3 {
            flash.complete();
            board.seconds(app, LOAD, 2);
        }
        assert_eq!(flash.records().len(), 4);
        assert_eq!(shown(board, app).1, 4.0);
        assert_eq!(board.adc.lost_scans_in_total.get(), 0);
    });
}

#[test]
fn no_interval_ends_before_it_is_known_where_the_stored_ones_did() {
    let flash = flash();
    (0..50).for_each(|number| flash.push(Some(entry(number).to_bytes().to_vec())));
    flash.set_slow(true);
    let board = Board::with_flash(&Rc::default(), &flash);
    board.run(|board, app| {
        board.seconds(app, LOAD, 2);
        flash.complete();
        board.seconds(app, LOAD, 903);
        assert_eq!(flash.records().len(), 50);
        flash.set_slow(false);
        flash.complete();
        board.seconds(app, LOAD, 3);
        let (ends, _) = shown(board, app);
        assert_eq!(ends, [50.0, 49.0, 48.0, 47.0].map(|number| number * 900.0));
        board.seconds(app, LOAD, 900);
        let records = flash.records();
        assert_eq!(records.len(), 51);
        let newest = ProfileEntry::from_bytes(records[50].as_ref().unwrap()).unwrap();
        // What was measured meanwhile is in it.
        assert!(newest.energy.import_nwh > 440_000_000_000, "{newest:?}");
        assert_eq!(newest.end % 900, 0);
        assert!(newest.end > 50 * 900);
    });
}

#[test]
fn the_interval_that_a_cut_leaves_open_is_carried_over() {
    let (store, flash) = (Rc::<EnergyStore>::default(), flash());
    for life in [1_000, 300, 500, 1_300] {
        Board::with_flash(&store, &flash).run(|board, app| board.seconds(app, LOAD, life));
    }
    let intervals: Vec<ProfileEntry> = flash
        .records()
        .iter()
        .map(|record| ProfileEntry::from_bytes(record.as_ref().unwrap()).unwrap())
        .collect();
    assert!(intervals.len() >= 2, "{intervals:?}");
    let sum: u64 = intervals.iter().map(|entry| entry.energy.import_nwh).sum();
    let newest = intervals.last().unwrap();
    assert_eq!(sum, newest.registers.import_nwh);
    let cut = metrology::Flags::POWER_FAIL;
    assert!(intervals.iter().any(|entry| entry.flags.contains(cut)));
    assert!(intervals.windows(2).all(|two| two[0].end < two[1].end));
}

#[test]
fn without_storage_and_channel_it_measures_all_the_same() {
    Board::new(&Rc::default()).run(|board, app| {
        board.seconds(app, LOAD, 905);
        assert_eq!(shown(board, app).1, 1.0);
    });
    // A storage without a working flash.
    let flash = flash();
    flash.set_failing(Some(ErrorCode::Off));
    Board::with_flash(&Rc::default(), &flash).run(|board, app| {
        board.seconds(app, LOAD, 905);
        assert_eq!(shown(board, app).1, 1.0);
        assert!(flash.records().is_empty());
    });
}
