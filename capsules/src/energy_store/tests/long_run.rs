//! Long random runs against the model, and how evenly the pages wear.

use std::vec::Vec;

use super::super::format::{Kind, MAX_PAYLOAD, PAGES};
use super::model::Model;
use crate::test_flash::{MockFlash, Torn};

/// Appends of registers until each page was erased `erases` times.
fn appends_per_erase(changed: usize, erases: u32) -> f64 {
    let mut flash = MockFlash::blank(5);
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
        let mut flash = MockFlash::garbage(seed);
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
    let mut flash = MockFlash::blank(9);
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
        assert!(erases.iter().max().unwrap() - erases.iter().min().unwrap() <= 1);
        assert_eq!(log.most_erases(), *erases.iter().max().unwrap());
    }
}
