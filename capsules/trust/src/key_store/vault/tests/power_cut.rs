//! Power fails at every flash operation, from several starting states, and again in the repair.

use std::format;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::string::String;

use super::super::format::{
    Change, ANCHOR_CAPACITY, ANCHOR_KILL, ANCHOR_PAGE, BANK_KILL, BANK_WORDS, LIVE_SLOTS,
    PAGE_WORDS, SLOTS,
};
use super::super::log::Log;
use super::model::{Model, OBJECTS};
use crate::key_store::policy::State as MeterState;
use testing::word_cells::{Noise, PowerCut, Torn, WordCells};

const NOISES: [Noise; 3] = [Noise::Old, Noise::Random, Noise::New];

/// What is done to the vault in a run.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// A counter and a certificate.
    Public,
    /// A key is replaced: the old one must vanish.
    Replace,
    /// A key gets a successor, which becomes the current one.
    Renew,
    /// A key is erased.
    Erase,
    /// The state changes.
    Advance,
    /// The keys are erased with the state.
    Decommission,
}

/// A vault in some state, and what it must hold.
#[derive(Clone)]
struct State {
    name: String,
    flash: WordCells,
    model: Model,
    work: Work,
}

impl State {
    fn blank(work: Work) -> Self {
        let mut flash = WordCells::blank(1);
        flash.kill_marks(&[
            BANK_KILL,
            BANK_WORDS + BANK_KILL,
            ANCHOR_PAGE * PAGE_WORDS + ANCHOR_KILL,
            (ANCHOR_PAGE + 1) * PAGE_WORDS + ANCHOR_KILL,
        ]);
        State {
            name: format!("blank, {work:?}"),
            flash,
            model: Model::new(1),
            work,
        }
    }

    /// A vault with an object of each kind and `counts` commits of a counter.
    fn filled(name: &str, work: Work, counts: usize) -> Self {
        let mut state = Self::blank(work);
        state.name = format!("{name}, {work:?}");
        let mut log = state.model.start(&mut state.flash).unwrap();
        for (object, length) in [(1, 96), (2, 16), (3, 300), (4, 4), (5, 65)] {
            state
                .put(&mut log, Change::Current, object, length)
                .unwrap();
        }
        state.count(&mut log, counts);
        state
    }

    /// A vault whose live records take half of the room that there is for them.
    fn half_full(work: Work) -> Self {
        let mut state = Self::filled("half full", work, 0);
        let mut log = state.model.start(&mut state.flash).unwrap();
        state.put(&mut log, Change::Current, 3, 1024).unwrap();
        let mut object = OBJECTS.len() as u16;
        while log.live_slots() < LIVE_SLOTS / 2 {
            object += 1;
            state.put(&mut log, Change::Current, object, 4).unwrap();
        }
        state
    }

    fn count(&mut self, log: &mut Log, counts: usize) {
        for _ in 0..counts {
            self.put(log, Change::Current, 4, 4).unwrap();
        }
    }

    fn put(
        &mut self,
        log: &mut Log,
        change: Change,
        object: u16,
        length: usize,
    ) -> Result<(), PowerCut> {
        let content = self.model.next_content(length);
        self.model
            .commit(log, &mut self.flash, change, object, &content)
    }

    /// What every run does: start, change something, until power fails.
    fn run(&mut self) -> Result<(), PowerCut> {
        let mut log = self.model.start(&mut self.flash)?;
        match self.work {
            Work::Public => {
                self.put(&mut log, Change::Current, 4, 4)?;
                self.put(&mut log, Change::Current, 3, 40)
            }
            Work::Replace => self.put(&mut log, Change::Current, 1, 96),
            Work::Renew => {
                self.put(&mut log, Change::Successor, 2, 16)?;
                self.put(&mut log, Change::Current, 2, 16)
            }
            Work::Erase => self.put(&mut log, Change::Erase, 2, 0),
            Work::Advance => self.put(&mut log, Change::State(MeterState::Operational), 0, 0),
            Work::Decommission => {
                self.put(&mut log, Change::State(MeterState::Decommissioned), 0, 0)
            }
        }
    }

    /// Operations that the work takes when power stays.
    fn operations(&self) -> usize {
        let mut state = self.clone();
        state.flash.operations = 0;
        state.run().unwrap();
        state.flash.operations
    }

    /// The state after a cut in the work.
    fn cut(&self, at: usize, torn: Torn) -> State {
        let mut state = self.clone();
        state.name = format!("{}, cut at {at} ({torn:?})", self.name);
        state.flash.cut_after(at, torn);
        assert_eq!(state.run(), Err(PowerCut), "{}", state.name);
        state.flash.power_stays();
        state
    }

    /// The vault starts and shows nothing wrong, works, and starts again,
    /// whatever half-written bits read as each time.
    fn recovers(mut self, variant: usize) {
        let [old, random, new] = NOISES;
        let noises = [[old, random, new], [new, random, old]][variant % 2];
        let works_from = variant / 2 % 3;
        for (start, noise) in noises.into_iter().enumerate() {
            self.flash.set_noise(noise);
            assert!(self.model.start(&mut self.flash).is_ok());
            if start >= works_from {
                assert_eq!(self.run(), Ok(()));
            }
        }
    }
}

/// Ways to recover.
const VARIANTS: usize = 6;

/// Checks that the state recovers; says which one it was when it does not.
fn assert_recovers(state: State, variant: usize) {
    let name = state.name.clone();
    let passed = catch_unwind(AssertUnwindSafe(|| state.recovers(variant))).is_ok();
    assert!(passed, "{name}, variant {variant}");
}

/// Cuts at every operation of the work, each torn in all ways.
fn cut_everywhere(state: &State) {
    cut_once(state, 1);
}

/// Cuts at every `every`th operation of the work, each torn in all ways.
fn cut_once(state: &State, every: usize) {
    for at in (0..state.operations()).step_by(every) {
        for (index, torn) in Torn::ALL.into_iter().enumerate() {
            assert_recovers(state.cut(at, torn), (at + index) % VARIANTS);
        }
    }
}

/// Ways in which the first of two cuts tears.
const FIRST_TORN: [Torn; 3] = [Torn::Unstable, Torn::Mixed, Torn::Everything];

/// A second cut after each first one, at every `every`th operation, torn in turn.
/// The ways of the first cut take different operations for the second, so that
/// up to three together leave none out.
fn cut_twice(state: &State, first_every: usize, every: usize) {
    for first_at in (0..state.operations()).step_by(first_every) {
        for (way, torn) in FIRST_TORN.into_iter().enumerate() {
            let noise = NOISES[first_at / first_every % 3];
            let mut first = state.cut(first_at, torn);
            first.flash.set_noise(noise);
            let from = (first_at + way) % every;
            for at in (from..first.operations()).step_by(every) {
                let torn = Torn::ALL[(first_at + at / every) % Torn::ALL.len()];
                assert_recovers(first.cut(at, torn), at % VARIANTS);
            }
        }
    }
}

/// Counts after which the next change makes the vault change banks.
fn before_copying() -> usize {
    // Header, the five objects as they were first written, two slots a count.
    (SLOTS - 2 - 4 - 2 - 11 - 2 - 4) / 2 - 1
}

const ALL_WORK: [Work; 6] = [
    Work::Public,
    Work::Replace,
    Work::Renew,
    Work::Erase,
    Work::Advance,
    Work::Decommission,
];

#[test]
fn a_blank_vault() {
    for work in [Work::Public, Work::Replace, Work::Advance] {
        cut_everywhere(&State::blank(work));
    }
}

#[test]
fn a_second_cut_in_a_blank_vault() {
    cut_twice(&State::blank(Work::Public), 3, 5);
    // Where the marks are.
    cut_twice(&State::blank(Work::Advance), 1, 7);
}

#[test]
fn a_vault_with_a_few_objects() {
    for work in ALL_WORK {
        cut_everywhere(&State::filled("few", work, 0));
    }
}

#[test]
fn a_half_full_vault() {
    cut_everywhere(&State::half_full(Work::Public));
    for work in [Work::Replace, Work::Decommission] {
        cut_once(&State::half_full(work), 17);
    }
}

#[test]
fn a_vault_that_changes_banks() {
    for before in 0..3 {
        let state = State::filled("copies", Work::Public, before_copying() - before);
        cut_everywhere(&state);
    }
    let mut copied = State::filled("copied", Work::Public, before_copying());
    copied.run().unwrap();
    let sequence = copied.model.holding.clone();
    cut_everywhere(&copied);
    assert_eq!(sequence, copied.model.holding);
}

#[test]
fn an_anchor_that_changes_pages() {
    // Starts leave numbers free, so some of these are just before the page's end.
    for before in 0..3 {
        let counts = ANCHOR_CAPACITY as usize - 5 - before;
        cut_everywhere(&State::filled("anchor", Work::Public, counts));
    }
}

#[test]
fn a_second_cut_in_the_repair() {
    for work in [Work::Public, Work::Replace, Work::Decommission] {
        cut_twice(&State::filled("few", work, 0), 7, 11);
    }
    cut_twice(
        &State::filled("copies", Work::Public, before_copying()),
        7,
        13,
    );
}

/// The window between a record and its count, which the repair is for.
#[test]
fn a_second_cut_at_every_operation_of_the_settling() {
    let state = State::filled("few", Work::Advance, 0);
    let operations = state.operations();
    for at in operations - 3..operations {
        for torn in Torn::ALL {
            for noise in NOISES {
                let mut first = state.cut(at, torn);
                first.flash.set_noise(noise);
                for second in 0..first.operations() {
                    let torn = Torn::ALL[second % Torn::ALL.len()];
                    assert_recovers(first.cut(second, torn), second % VARIANTS);
                }
            }
        }
    }
}

#[test]
fn many_cuts_in_a_row() {
    for seed in 0..24 {
        let mut state = State::filled("many", Work::Public, before_copying() - seed % 4);
        for turn in 0..40 {
            let random = state.flash.random_bits() as usize;
            state.flash.set_noise(NOISES[random % 3]);
            state.work = [Work::Public, Work::Replace, Work::Renew][turn % 3];
            let torn = Torn::ALL[random / 1024 % Torn::ALL.len()];
            state = state.cut(random / 3 % state.operations(), torn);
            state.name = format!("seed {seed}, turn {turn}");
        }
        assert_recovers(state, seed % VARIANTS);
    }
}

// A second cut at every operation of the repair after a first one at every
// operation of the work: a test for each start, so that they share the cores.

#[test]
#[ignore = "long: thousands of pairs of cuts"]
fn every_two_cuts_in_a_blank_vault() {
    cut_twice(&State::blank(Work::Public), 1, 3);
}

#[test]
#[ignore = "long: tens of thousands of pairs of cuts"]
fn every_two_cuts_in_what_leaves_no_secret_behind() {
    for work in [Work::Public, Work::Advance] {
        cut_twice(&State::filled("few", work, 0), 1, 1);
    }
}

#[test]
#[ignore = "long: a hundred thousand pairs of cuts"]
fn every_two_cuts_in_replacing() {
    cut_twice(&State::filled("few", Work::Replace, 0), 1, 3);
}

#[test]
#[ignore = "long: a hundred thousand pairs of cuts"]
fn every_two_cuts_in_renewing() {
    cut_twice(&State::filled("few", Work::Renew, 0), 1, 3);
}

#[test]
#[ignore = "long: tens of thousands of pairs of cuts"]
fn every_two_cuts_in_erasing() {
    for work in [Work::Erase, Work::Decommission] {
        cut_twice(&State::filled("few", work, 0), 1, 3);
    }
}

#[test]
#[ignore = "long: tens of thousands of pairs of cuts"]
fn every_two_cuts_in_changing_banks() {
    let state = State::filled("copies", Work::Public, before_copying());
    cut_twice(&state, 1, 3);
}

#[test]
#[ignore = "long: tens of thousands of pairs of cuts in a large vault"]
fn two_cuts_in_a_half_full_vault() {
    cut_twice(&State::half_full(Work::Public), 1, 3);
    cut_twice(&State::half_full(Work::Replace), 17, 29);
}
