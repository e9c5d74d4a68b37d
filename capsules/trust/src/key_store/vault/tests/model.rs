//! What the vault must hold: all that was acknowledged, and perhaps a change that was cut.

use std::collections::BTreeMap;
use std::vec::Vec;

use kernel::ErrorCode;

use super::super::format::{Change, MAX_CONTENT};
use super::super::index::Generation;
use super::super::log::{Log, Outcome, Request, Step};
use crate::key_store::policy::{Kind, State};
use testing::random::SeededRandom;
use testing::word_cells::{PowerCut, WordCells};

pub const ROOT: [u8; 32] = [7; 32];

/// A key, a key with successors, a certificate, a counter, a trust anchor.
pub const OBJECTS: [(u16, Kind); 5] = [
    (1, Kind::P256),
    (2, Kind::Aes128),
    (3, Kind::Certificate),
    (4, Kind::Counter),
    (5, Kind::TrustAnchor),
];

/// What a vault holds: state, and contents by object and generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    pub state: State,
    pub contents: BTreeMap<(u16, bool), Vec<u8>>,
}

impl Holding {
    /// The same after a change.
    pub fn after(&self, change: Change, object: u16, content: &[u8]) -> Holding {
        let mut after = self.clone();
        match change {
            Change::Current => {
                after.contents.remove(&(object, true));
                after.contents.insert((object, false), content.to_vec());
            }
            Change::Successor => {
                after.contents.insert((object, true), content.to_vec());
            }
            Change::Erase => after.contents.retain(|(number, _), _| *number != object),
            Change::State(state) => {
                after.state = state;
                if state == State::Decommissioned {
                    after
                        .contents
                        .retain(|(number, _), _| !kind_of(*number).is_erased_at_the_end());
                }
            }
            Change::Lost | Change::LostSuccessor => unreachable!(),
        }
        after
    }

    /// What a log shows.
    pub fn shown(log: &Log, flash: &WordCells) -> Holding {
        let mut holding = Holding {
            state: log.state(),
            ..Holding::default()
        };
        let mut bytes = [0; MAX_CONTENT];
        let read = |word| flash.read(word);
        for number in 1..=OBJECTS.len() as u16 + 60 {
            for generation in [Generation::Current, Generation::Successor] {
                match log.read(number, generation, kind_of(number), &mut bytes, &read) {
                    Ok(length) => {
                        let key = (number, generation == Generation::Successor);
                        holding.contents.insert(key, bytes[..length].to_vec());
                    }
                    Err(error) => assert_eq!(error, ErrorCode::UNINSTALLED, "object {number}"),
                }
            }
        }
        holding
    }
}

pub fn kind_of(object: u16) -> Kind {
    let found = OBJECTS.iter().find(|(number, _)| *number == object);
    found.map_or(Kind::Counter, |(_, kind)| *kind)
}

#[derive(Clone)]
pub struct Model {
    /// What was acknowledged or seen last.
    pub holding: Holding,
    /// What may also be there: changes that were cut.
    tried: Vec<Holding>,
    pub random: SeededRandom,
    turn: u32,
}

impl Model {
    pub fn new(seed: u64) -> Self {
        Model {
            holding: Holding::default(),
            tried: Vec::new(),
            random: SeededRandom::new(seed),
            turn: 0,
        }
    }

    /// Starts the vault as after a reset and checks all that it shows.
    pub fn start(&mut self, flash: &mut WordCells) -> Result<Log, PowerCut> {
        let mut log = Log::closed();
        log.derive_keys(&ROOT);
        log.open(&|word| flash.read(word));
        assert!(!log.is_refused(), "refused");
        if log.needs_settling() {
            assert_eq!(run(&mut log, flash, &self.random)?, Outcome::Idle);
        }
        assert!(!log.needs_settling());
        self.check(&log, flash);
        // What else is due does not change what is shown.
        assert_eq!(run(&mut log, flash, &self.random)?, Outcome::Idle);
        assert!(!log.has_work());
        self.check(&log, flash);
        Ok(log)
    }

    pub fn check(&mut self, log: &Log, flash: &WordCells) {
        let shown = Holding::shown(log, flash);
        if shown != self.holding {
            let tried = self.tried.contains(&shown);
            assert!(tried, "shows {shown:?}, not {:?}", self.holding);
            self.holding = shown;
            // The others are void: they followed what was before.
            self.tried.clear();
        }
    }

    /// Commits a change as the key store would, until it is acknowledged.
    pub fn commit(
        &mut self,
        log: &mut Log,
        flash: &mut WordCells,
        change: Change,
        object: u16,
        content: &[u8],
    ) -> Result<(), PowerCut> {
        let request = Request {
            change,
            kind: kind_of(object) as u8,
            object,
        };
        let after = self.holding.after(change, object, content);
        self.tried.push(after.clone());
        assert_eq!(log.commit(request, content), Ok(()));
        assert_eq!(run(log, flash, &self.random)?, Outcome::Committed);
        self.holding = after;
        self.tried.clear();
        self.check(log, flash);
        Ok(())
    }

    /// Content that no other has.
    pub fn next_content(&mut self, length: usize) -> Vec<u8> {
        self.turn += 1;
        let turn = self.turn;
        (0..length as u32)
            .map(|index| (turn.wrapping_mul(167).wrapping_add(index * 13) >> (index % 3)) as u8)
            .collect()
    }
}

/// Carries out what the log asks for.
pub fn run(
    log: &mut Log,
    flash: &mut WordCells,
    random: &SeededRandom,
) -> Result<Outcome, PowerCut> {
    loop {
        match log.next(&|word| flash.read(word), random) {
            Step::Write { word, value } => flash.write(word, value)?,
            Step::Erase { page } => flash.erase(page)?,
            Step::Finished(outcome) => return Ok(outcome),
        }
    }
}
