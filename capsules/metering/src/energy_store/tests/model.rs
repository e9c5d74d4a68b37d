//! What the store must know: every record that was tried, and how far it must have come.

use std::format;
use std::vec::Vec;

use super::super::format::{Kind, Record, KINDS, MAX_PAYLOAD};
use super::super::log::{Log, Outcome, Step};
use testing::word_cells::{PowerCut, WordCells};

/// A record that was tried.
#[derive(Clone)]
struct Attempt {
    kind: Kind,
    payload: Vec<u8>,
}

#[derive(Clone, Default)]
pub struct Model {
    attempts: Vec<Attempt>,
    /// For each kind the attempt that was acknowledged or seen last, and its sequence.
    seen: [Option<(usize, u32)>; KINDS],
}

impl Model {
    /// Appends a record as an app would, until it is acknowledged.
    pub fn append(
        &mut self,
        log: &mut Log,
        flash: &mut WordCells,
        kind: Kind,
        payload: &[u8],
    ) -> Result<(), PowerCut> {
        self.attempts.push(Attempt {
            kind,
            payload: payload.to_vec(),
        });
        assert!(log.append(kind, payload));
        match run(log, flash)? {
            Outcome::Appended {
                kind: acknowledged,
                sequence,
            } => {
                assert_eq!(acknowledged, kind);
                self.see(kind, self.attempts.len() - 1, sequence);
                Ok(())
            }
            other => panic!("append ended with {other:?}"),
        }
    }

    /// Starts the store as after a reset and checks all that it shows.
    pub fn start(&mut self, flash: &mut WordCells) -> Result<Log, PowerCut> {
        let mut log = Log::mount(&|word| flash.read(word));
        if log.needs_repair() {
            assert_eq!(run(&mut log, flash)?, Outcome::Repaired);
            assert!(!log.needs_repair());
        }
        self.check(&log);
        Ok(log)
    }

    /// Checks the newest record of each kind against what was acknowledged or seen.
    pub fn check(&mut self, log: &Log) {
        for kind in Kind::ALL {
            match (log.newest(kind), self.seen[kind.index()]) {
                (None, seen) => assert_eq!(seen, None, "{kind:?} is lost"),
                (Some(record), seen) => {
                    let payload = payload_of(record);
                    let first = seen.map_or(0, |(attempt, _)| attempt);
                    let found = (first..self.attempts.len()).find(|&index| {
                        let attempt = &self.attempts[index];
                        attempt.kind == kind && attempt.payload == payload
                    });
                    let Some(found) = found else {
                        panic!("{kind:?} shows {record:?}, which is older than {seen:?} or was never written");
                    };
                    self.see(kind, found, record.sequence);
                }
            }
        }
    }

    fn see(&mut self, kind: Kind, attempt: usize, sequence: u32) {
        if let Some((last, last_sequence)) = self.seen[kind.index()] {
            let order = attempt.cmp(&last);
            assert_eq!(order, sequence.cmp(&last_sequence), "sequence of {kind:?}");
            assert!(order.is_ge());
        }
        self.seen[kind.index()] = Some((attempt, sequence));
    }

    /// The next payload: `changed` words differ from record to record.
    pub fn next_payload(&self, length: usize, changed: usize) -> Vec<u8> {
        let number = self.attempts.len() as u32 + 1;
        let words = (0..).map(|index: u32| {
            let counter = if (index as usize) < changed {
                number.wrapping_mul(index + 1)
            } else {
                0
            };
            (0x0101_0000 * index) ^ counter
        });
        words.flat_map(u32::to_le_bytes).take(length).collect()
    }
}

/// Carries out what the log asks for, and what is to be done behind it: an erase
/// before the next page is needed.
pub fn run(log: &mut Log, flash: &mut WordCells) -> Result<Outcome, PowerCut> {
    let outcome = step_to_end(log, flash)?;
    if outcome != Outcome::Idle {
        assert_eq!(step_to_end(log, flash)?, Outcome::Idle);
    }
    Ok(outcome)
}

/// Carries out what the log asks for until something has come to its end. An
/// erase is done at once.
pub fn step_to_end(log: &mut Log, flash: &mut WordCells) -> Result<Outcome, PowerCut> {
    loop {
        match log.next(&|word| flash.read(word)) {
            Step::Write { word, value } => flash.write(word, value)?,
            Step::Erase { page } => {
                flash.erase(page)?;
                log.erased(&|word| flash.read(word));
            }
            Step::Waiting => panic!("no erase is under way"),
            Step::Finished(outcome) => return Ok(outcome),
        }
    }
}

fn payload_of(record: &Record) -> Vec<u8> {
    let mut bytes = [0; MAX_PAYLOAD];
    let length = record
        .copy_payload(&mut bytes)
        .unwrap_or_else(|| panic!("{}", format!("{record:?}")));
    bytes[..length].to_vec()
}
