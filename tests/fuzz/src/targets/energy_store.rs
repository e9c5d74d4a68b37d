//! The energy store over flash in which anything may stand.

use std::cell::RefCell;
use std::sync::OnceLock;

use capsules_metering::energy_store::format::{PageHeader, PAGES, PAGE_WORDS};
use capsules_metering::energy_store::log::{Log, Outcome, Step};
use capsules_metering::energy_store::Kind;

const WORDS: usize = PAGES * PAGE_WORDS;
/// Operations that an append takes at most: it may have to try every page.
const MAX_OPERATIONS: usize = PAGES * 128;

/// Input: which flash to begin with, then patches (u16 word, u8 operation, u32
/// value). Whatever stands there, the store starts, takes records, and shows
/// them after the next start.
pub fn run(data: &[u8]) {
    let Some((&start, patches)) = data.split_first() else {
        return;
    };
    let mut words = match start % 3 {
        0 => vec![u32::MAX; WORDS],
        1 => filled().clone(),
        _ => interrupted().clone(),
    };
    for patch in patches.chunks_exact(7) {
        let word = usize::from(u16::from_le_bytes([patch[0], patch[1]])) % WORDS;
        let value = u32::from_le_bytes([patch[3], patch[4], patch[5], patch[6]]);
        match patch[2] % 4 {
            0 => words[word] = value,
            1 => words[word] ^= value,
            2 => words[word] &= value,
            _ => words[word] |= value,
        }
    }
    let flash = RefCell::new(words);
    let mut log = Log::mount(&|word| flash.borrow()[word]);
    if at_the_end_of_numbers(&log, &flash) {
        return;
    }
    if log.needs_repair() {
        carry_out(&mut log, &flash);
        assert!(!log.needs_repair());
    }
    let kinds = [Kind::Registers, Kind::Calibration, Kind::Registers];
    for (number, kind) in kinds.into_iter().enumerate() {
        assert!(log.append(kind, &[number as u8 ^ start; 48]));
        let outcome = carry_out(&mut log, &flash);
        assert!(matches!(outcome, Outcome::Appended { .. }), "{outcome:?}");
        let next = Log::mount(&|word| flash.borrow()[word]);
        assert!(!next.needs_repair());
        for kind in Kind::ALL {
            assert_eq!(next.newest(kind), log.newest(kind));
        }
    }
}

/// Whether a sequence is about to overflow, which no store in service comes to;
/// an input that forges a CRC does.
fn at_the_end_of_numbers(log: &Log, flash: &RefCell<Vec<u32>>) -> bool {
    const NEAR: u32 = u32::MAX - 64;
    let read = |word: usize| flash.borrow()[word];
    let headers = (0..PAGES).filter_map(|page| PageHeader::read(page, &read));
    let page_sequence = headers.map(|header| header.sequence).max();
    log.last_sequence() >= NEAR || page_sequence.is_some_and(|sequence| sequence >= NEAR)
}

fn carry_out(log: &mut Log, flash: &RefCell<Vec<u32>>) -> Outcome {
    for _ in 0..MAX_OPERATIONS {
        match log.next(&|word| flash.borrow()[word]) {
            Step::Write { word, value } => flash.borrow_mut()[word] &= value,
            Step::Erase { page } => {
                flash.borrow_mut()[page * PAGE_WORDS..][..PAGE_WORDS].fill(u32::MAX);
                log.erased(&|word| flash.borrow()[word]);
            }
            Step::Waiting => panic!("no erase is under way"),
            Step::Finished(outcome) => return outcome,
        }
    }
    panic!("the store does not come to an end");
}

/// A store that has been round all pages.
fn filled() -> &'static Vec<u32> {
    static FILLED: OnceLock<Vec<u32>> = OnceLock::new();
    FILLED.get_or_init(|| {
        let flash = RefCell::new(vec![u32::MAX; WORDS]);
        let mut log = Log::mount(&|word| flash.borrow()[word]);
        for number in 0..1500u32 {
            let kind = Kind::ALL[usize::from(number % 100 == 0)];
            let mut payload = [0; 48];
            payload[..4].copy_from_slice(&number.to_le_bytes());
            assert!(log.append(kind, &payload));
            carry_out(&mut log, &flash);
        }
        flash.into_inner()
    })
}

/// The same store, whose last record lacks its commit word.
fn interrupted() -> &'static Vec<u32> {
    static INTERRUPTED: OnceLock<Vec<u32>> = OnceLock::new();
    INTERRUPTED.get_or_init(|| {
        let before = filled().clone();
        let flash = RefCell::new(before.clone());
        let mut log = Log::mount(&|word| flash.borrow()[word]);
        assert!(log.append(Kind::Registers, &[0x77; 48]));
        carry_out(&mut log, &flash);
        let mut after = flash.into_inner();
        let last = (0..WORDS).rev().find(|&word| after[word] != before[word]);
        after[last.expect("a record was written")] = u32::MAX;
        after
    })
}

/// Blank, filled and interrupted stores, with damage to headers and records.
pub fn seeds() -> Vec<Vec<u8>> {
    let patch = |word: u16, operation: u8, value: u32| {
        [&word.to_le_bytes()[..], &[operation], &value.to_le_bytes()].concat()
    };
    vec![
        vec![0],
        vec![1],
        vec![2],
        [vec![1], patch(0, 1, 1), patch(1024 + 5, 3, u32::MAX)].concat(),
        [vec![2], patch(2048 + 4, 0, 0), patch(3072 + 7, 2, 0xFFFF)].concat(),
        [
            vec![1],
            (0..8)
                .flat_map(|page| patch(page * 1024 + 1, 1, 1 << page))
                .collect(),
        ]
        .concat(),
    ]
}
