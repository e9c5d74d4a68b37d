//! The figures of docs/key-store.md.

use super::super::format::{record_slots, Change, LIVE_SLOTS, SLOTS};
use super::model::Model;
use testing::word_cells::WordCells;

/// Commits of a counter until the banks have changed `times` times.
fn commits(model: &mut Model, flash: &mut WordCells, times: u32) -> u32 {
    let mut log = model.start(flash).unwrap();
    let before: u32 = flash.erases.iter().take(6).sum();
    let mut commits = 0;
    while flash.erases.iter().take(6).sum::<u32>() < before + 3 * times {
        let content = model.next_content(4);
        model
            .commit(&mut log, flash, Change::Current, 4, &content)
            .unwrap();
        commits += 1;
    }
    commits
}

#[test]
fn commits_per_copying_are_as_documented() {
    for (certificates, documented) in [(0, 190), (6, 88)] {
        let mut model = Model::new(5);
        let mut flash = WordCells::blank(5);
        let mut log = model.start(&mut flash).unwrap();
        for number in 0..certificates {
            let content = model.next_content(1024);
            model
                .commit(&mut log, &mut flash, Change::Current, 20 + number, &content)
                .unwrap();
        }
        commits(&mut model, &mut flash, 1);
        let measured = commits(&mut model, &mut flash, 4) / 4;
        // A counter alone takes two slots, and the start leaves one free.
        assert!(measured.abs_diff(documented) <= 1, "{measured}");
    }
}

#[test]
fn sizes_are_as_documented() {
    let sizes = [(4, 2), (16, 2), (32, 3), (65, 4), (96, 5), (1024, 34)];
    for (length, slots) in sizes {
        assert_eq!(record_slots(length), slots, "{length} bytes");
    }
    assert_eq!(SLOTS - 2 - LIVE_SLOTS, 126);
}

/// Pages wear alike.
#[test]
fn wear_is_even() {
    let mut model = Model::new(6);
    let mut flash = WordCells::blank(6);
    commits(&mut model, &mut flash, 12);
    let banks = &flash.erases[..6];
    let least = banks.iter().min().unwrap();
    assert!(banks.iter().all(|erases| erases - least <= 1), "{banks:?}");
    let anchor = &flash.erases[6..];
    assert!(anchor[0].abs_diff(anchor[1]) <= 1, "{anchor:?}");
}
