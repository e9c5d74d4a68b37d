//! Long random runs against the model, and how evenly the pages wear.

use std::vec::Vec;

use super::super::format::{Kind, MAX_PAYLOAD, PAGES};
use super::super::log::{Log, Outcome, Step};
use super::model::{step_to_end, Model};
use testing::word_cells::{Torn, WordCells};

/// Appends of registers until each page was erased `erases` times.
fn appends_per_erase(changed: usize, erases: u32) -> f64 {
    let mut flash = WordCells::blank(5);
    let mut model = Model::default();
    let mut log = model.start(&mut flash).unwrap();
    let calibration = model.next_payload(96, 5);
    model
        .append(&mut log, &mut flash, Kind::Calibration, &calibration)
        .unwrap();
    let mut appends = 0;
    while flash.erases[PAGES - 1] < erases {
        let payload = model.next_payload(48, changed);
        model
            .append(&mut log, &mut flash, Kind::Registers, &payload)
            .unwrap();
        appends += 1;
    }
    let pages: u32 = flash.erases.iter().sum();
    f64::from(appends) / f64::from(pages - 1)
}

/// The figures of docs/energy-store.md.
#[test]
fn records_per_page_are_as_documented() {
    for (changed, documented) in [(3, 139.0), (5, 108.0), (10, 69.0), (12, 65.0)] {
        let measured = appends_per_erase(changed, 2);
        assert!(
            (measured - documented).abs() < 1.0,
            "{changed} words: {measured} records a page"
        );
    }
}

#[test]
fn random_records_and_cuts() {
    for seed in 1..4 {
        let mut flash = WordCells::garbage(seed);
        let mut model = Model::default();
        let mut cuts = 0;
        for _ in 0..1500 {
            let Ok(mut log) = model.start(&mut flash) else {
                flash.power_stays();
                continue;
            };
            let random = flash.random_bits() as usize;
            flash.cut_after(random % 400, Torn::ALL[random / 512 % Torn::ALL.len()]);
            loop {
                let random = flash.random_bits() as usize;
                let kind = if random.is_multiple_of(16) {
                    Kind::Calibration
                } else {
                    Kind::Registers
                };
                let length = if random.is_multiple_of(7) {
                    4 + random / 128 % (MAX_PAYLOAD - 3)
                } else {
                    48
                };
                let payload = model.next_payload(length, random / 16 % 8);
                if payload_changes(&payload)
                    && model.append(&mut log, &mut flash, kind, &payload).is_err()
                {
                    break;
                }
                model.check(&log);
            }
            cuts += 1;
            if cuts % 3 != 0 {
                flash.power_stays();
            }
        }
        // Cuts come thousands of times more often here than in a meter's life.
        let (least, most) = (
            flash.erases.iter().min().unwrap(),
            flash.erases.iter().max().unwrap(),
        );
        assert!(most - least <= 1 + most / 4, "wear {:?}", flash.erases);
    }
}

/// The model tells records apart by their content.
fn payload_changes(payload: &[u8]) -> bool {
    payload.iter().take(4).any(|&byte| byte != 0)
}

#[test]
fn pages_wear_alike() {
    let mut flash = WordCells::blank(9);
    let mut model = Model::default();
    let mut log = model.start(&mut flash).unwrap();
    for number in 0..5000 {
        let payload = model.next_payload(48, 3);
        model
            .append(&mut log, &mut flash, Kind::Registers, &payload)
            .unwrap();
        if number % 500 == 0 {
            log = model.start(&mut flash).unwrap();
        }
        let erases: Vec<u32> = flash.erases.to_vec();
        // One more than without starts: one of them found a page erased and
        // could not know that it was.
        let most = *erases.iter().max().unwrap();
        assert!(most - erases.iter().min().unwrap() <= 2);
        assert!((most - 1..=most).contains(&log.most_erases()));
    }
}

/// Words written for a record of the registers as the app has it; erases are
/// not allowed.
fn words_without_an_erase(log: &mut Log, flash: &mut WordCells, payload: &[u8]) -> usize {
    assert!(log.append(Kind::Registers, payload));
    let mut words = 0;
    loop {
        match log.next(&|word| flash.read(word)) {
            Step::Write { word, value } => flash.write(word, value).unwrap(),
            Step::Finished(Outcome::Appended { .. }) => return words,
            step => panic!("{step:?} before the record is durable"),
        }
        words += 1;
    }
}

/// The bound of docs/energy-store.md for the record of a failing supply.
#[test]
fn a_record_waits_for_no_erase() {
    const MOST_WORDS: usize = 64;
    for changed in [3, 5, 12] {
        let mut flash = WordCells::blank(11);
        let mut model = Model::default();
        let mut log = model.start(&mut flash).unwrap();
        for kind in [Kind::Registers, Kind::Calibration] {
            let payload = model.next_payload([48, 96][kind.index()], 5);
            model.append(&mut log, &mut flash, kind, &payload).unwrap();
        }
        let mut most = 0;
        for number in 0..3000u32 {
            let mut payload = [0; 48];
            for word in payload.chunks_exact_mut(4).take(changed) {
                word.copy_from_slice(&number.to_le_bytes());
            }
            if number % 37 == 0 {
                // The first of a start may wait for one.
                log = Log::mount(&|word| flash.read(word));
                assert!(log.append(Kind::Registers, &payload));
                let outcome = step_to_end(&mut log, &mut flash).unwrap();
                assert!(matches!(outcome, Outcome::Appended { .. }));
            } else {
                most = most.max(words_without_an_erase(&mut log, &mut flash, &payload));
            }
            // The next save comes much later than an erase takes.
            assert_eq!(step_to_end(&mut log, &mut flash), Ok(Outcome::Idle));
        }
        assert!((40..=MOST_WORDS).contains(&most), "{most} words");
    }
}
