//! Crash log: round trip, noise, the ring, and a reset in the middle of a write.

use core::cell::Cell;
use std::vec::Vec;

use super::layout::{AREA_WORDS, ENTRIES, RECORDS, RING_START};
use super::*;

struct Ram {
    words: [Cell<u32>; AREA_WORDS],
    writes_left: Cell<usize>,
}

impl Ram {
    fn filled(mut fill: impl FnMut(usize) -> u32) -> Self {
        Ram {
            words: core::array::from_fn(|index| Cell::new(fill(index))),
            writes_left: Cell::new(usize::MAX),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        self.words
            .iter()
            .flat_map(|word| word.get().to_le_bytes())
            .collect()
    }
}

impl RetainedWords for &Ram {
    fn read(&self, index: usize) -> u32 {
        self.words[index].get()
    }

    fn write(&self, index: usize, value: u32) {
        if self.writes_left.get() > 0 {
            self.writes_left.set(self.writes_left.get() - 1);
            self.words[index].set(value);
        }
    }
}

fn noise() -> Ram {
    let mut state = 1u32;
    Ram::filled(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state
    })
}

fn sample(detail: u32) -> CrashRecord {
    CrashRecord {
        action: FaultAction::Restarted,
        registers: Some(Registers {
            pc: 0x0008_1234,
            r12: 12,
            bfar: 0x4000_0000,
            ..Default::default()
        }),
        uptime_us: 0x1_2345_6789,
        name: Name::start_of("metering"),
        short_id: 7,
        restart_count: 3,
        detail,
        message: Name::end_of("capsules/src/crash_log/tests.rs"),
        ..CrashRecord::new(CrashKind::ProcessFault)
    }
}

fn records(ram: &Ram) -> Vec<CrashRecord> {
    decode(&ram.bytes())
        .unwrap()
        .records
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn noise_is_not_a_crash() {
    let ram = noise();
    assert_eq!(decode(&ram.bytes()), Err(DecodeError::NoLog));
    let (log, opened) = CrashLog::open(&ram, 4);
    assert_eq!((log.boots(), opened), (1, Opened::Formatted));
    let report = decode(&ram.bytes()).unwrap();
    assert_eq!((report.boots, report.reset_reason), (1, 4));
    assert!(report.records.iter().all(Option::is_none));
    assert!(report.processes.iter().all(Option::is_none));
}

#[test]
fn records_survive_a_reset_and_the_oldest_goes_first() {
    let ram = noise();
    let (log, _) = CrashLog::open(&ram, 0);
    assert_eq!(log.add(&sample(1)), 1);
    let (log, opened) = CrashLog::open(&ram, 2);
    assert_eq!((log.boots(), opened), (2, Opened::Retained));
    for detail in 2..=20 {
        assert_eq!(log.add(&sample(detail)), detail);
    }
    let found = records(&ram);
    assert_eq!(found.len(), RECORDS);
    assert!(found.iter().zip(9..=20).all(|(record, sequence)| {
        *record
            == CrashRecord {
                sequence,
                boots: 2,
                ..sample(sequence)
            }
    }));
    assert_eq!(found[0].name.as_str(), "metering");
    assert_eq!(found[0].message.as_str(), "c/crash_log/tests.rs");
}

#[test]
fn a_reset_inside_any_write_loses_at_most_that_record() {
    for writes in 0..40 {
        let ram = noise();
        let (log, _) = CrashLog::open(&ram, 0);
        (1..=15).for_each(|detail| {
            log.add(&sample(detail));
        });
        ram.writes_left.set(writes);
        log.add(&sample(16));
        let mut sequences: Vec<u32> = records(&ram).iter().map(|record| record.sequence).collect();
        if sequences.last() == Some(&16) {
            sequences.pop();
        }
        if sequences.first() == Some(&4) {
            sequences.remove(0);
        }
        assert!(
            sequences.iter().copied().eq(5..=15),
            "after {writes} writes: {sequences:?}"
        );
        ram.writes_left.set(usize::MAX);
        let (log, opened) = CrashLog::open(&ram, 0);
        assert_eq!(opened, Opened::Retained);
        assert!(log.add(&sample(17)) >= 16);
    }
}

#[test]
fn a_reset_inside_formatting_is_formatted_again() {
    for writes in 0..64 {
        let ram = noise();
        ram.writes_left.set(writes);
        CrashLog::open(&ram, 0);
        ram.writes_left.set(usize::MAX);
        CrashLog::open(&ram, 0);
        assert!(records(&ram).is_empty());
    }
}

#[test]
fn one_flipped_bit_drops_the_record() {
    for bit in 0..32 * 32 {
        let ram = noise();
        let (log, _) = CrashLog::open(&ram, 0);
        log.add(&sample(1));
        let word = &ram.words[RING_START + bit / 32];
        word.set(word.get() ^ (1 << (bit % 32)));
        assert!(records(&ram).is_empty());
    }
}

#[test]
fn process_table() {
    let ram = noise();
    let (log, _) = CrashLog::open(&ram, 0);
    let entry = ProcessEntry {
        state: ProcessState::Yielded,
        name: Name::start_of("zähler-mit-ümlaut"),
        short_id: 9,
        restart_count: 1,
        fault_count: 2,
        flash_start: 0x8_0000,
        ram_start: 0x2002_0000,
        dropped_upcalls: 3,
        system_calls: 4,
    };
    log.set_process(2, &entry);
    log.set_process(99, &entry);
    let report = decode(&ram.bytes()).unwrap();
    assert_eq!(report.processes[2], Some(entry));
    assert_eq!(entry.name.as_str(), "zähler-mit-üml");
    log.set_process_state(2, ProcessState::Faulted);
    let state = decode(&ram.bytes()).unwrap().processes[2].map(|entry| entry.state);
    assert_eq!(state, Some(ProcessState::Faulted));
    let refused = ProcessEntry {
        state: ProcessState::Refused(4),
        ..entry
    };
    log.set_process(ENTRIES - 1, &refused);
    let report = decode(&ram.bytes()).unwrap();
    assert_eq!(report.processes[ENTRIES - 1], Some(refused));
    CrashLog::open(&ram, 0);
    assert!(decode(&ram.bytes())
        .unwrap()
        .processes
        .iter()
        .all(Option::is_none));
}
