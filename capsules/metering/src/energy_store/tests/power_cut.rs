//! Power fails at every flash operation, from several starting states, and again in the recovery.

use std::format;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::string::String;
use std::vec::Vec;

use super::super::format::{Kind, ERASED, OPEN_MARK_WORD, PAGE_WORDS};
use super::super::log::{Log, Step};
use super::model::Model;
use testing::word_cells::{Noise, PowerCut, Torn, WordCells, ERASE_PARTS};

/// Length of the registers' payload, as the metering app has it.
const REGISTERS: usize = 48;
/// Length of the calibration's payload.
const CALIBRATION: usize = 96;

const NOISES: [Noise; 3] = [Noise::Old, Noise::Random, Noise::New];

/// A store in some state, and what it must know.
#[derive(Clone)]
struct State {
    name: String,
    flash: WordCells,
    model: Model,
    /// How often it was worked on.
    turn: usize,
}

impl State {
    fn new(name: &str, mut flash: WordCells) -> Self {
        flash.watch(OPEN_MARK_WORD);
        State {
            name: name.into(),
            flash,
            model: Model::default(),
            turn: 0,
        }
    }

    /// The store after writing `registers` records, each with `changed` words
    /// that differ, and a calibration after the first.
    fn filled(name: &str, registers: usize, changed: usize) -> Self {
        let mut state = Self::new(name, WordCells::blank(registers as u64));
        let mut log = state.model.start(&mut state.flash).unwrap();
        for number in 0..registers {
            state.append(&mut log, Kind::Registers, changed).unwrap();
            if number == 0 {
                state.append(&mut log, Kind::Calibration, 5).unwrap();
            }
        }
        state
    }

    fn append(&mut self, log: &mut Log, kind: Kind, changed: usize) -> Result<(), PowerCut> {
        let length = match kind {
            Kind::Registers => REGISTERS,
            Kind::Calibration => CALIBRATION,
        };
        let payload = self.model.next_payload(length, changed);
        self.model.append(log, &mut self.flash, kind, &payload)
    }

    /// What every run does: start, write some records of both kinds, until power fails.
    fn work(&mut self, records: usize) -> Result<(), PowerCut> {
        use Kind::{Calibration, Registers};
        let mut log = self.model.start(&mut self.flash)?;
        self.turn += 1;
        let kinds = [
            [Registers, Calibration, Registers],
            [Calibration, Registers, Registers],
        ];
        for &kind in &kinds[self.turn % 2][..records] {
            self.append(&mut log, kind, 3)?;
            self.model.check(&log);
        }
        Ok(())
    }

    /// The start finds a page to erase; a record is written between two parts of
    /// it, and enough behind it to open the page.
    fn work_beside_an_erase(&mut self, before: usize) -> Result<(), PowerCut> {
        let mut log = self.model.start(&mut self.flash)?;
        let Step::Erase { page } = log.next(&|word| self.flash.read(word)) else {
            panic!("{}: no erase is due", self.name);
        };
        (0..before).try_for_each(|part| self.flash.erase_part(page, part))?;
        self.append(&mut log, Kind::Registers, 3)?;
        (before..ERASE_PARTS).try_for_each(|part| self.flash.erase_part(page, part))?;
        log.erased(&|word| self.flash.read(word));
        (0..12).try_for_each(|_| self.append(&mut log, Kind::Registers, 3))
    }

    /// This state after work with power.
    fn worked(&self) -> State {
        let mut state = self.clone();
        state.flash.operations = 0;
        state.flash.last_watched = None;
        state.work(WORK).unwrap();
        state
    }

    /// Operations that the work takes when power stays.
    fn operations(&self) -> usize {
        self.worked().flash.operations
    }

    /// The state after a cut in the work.
    fn cut(&self, at: usize, torn: Torn) -> State {
        let mut state = self.clone();
        state.name = format!("{}, cut at {at} ({torn:?})", self.name);
        state.flash.cut_after(at, torn);
        assert_eq!(state.work(WORK), Err(PowerCut), "{}", state.name);
        state.flash.power_stays();
        state
    }

    /// The states after a cut at each operation of the work, torn in each way.
    fn cuts(&self) -> impl Iterator<Item = State> + '_ {
        let all = (0..self.operations()).flat_map(|at| Torn::ALL.map(|torn| (at, torn)));
        all.map(|(at, torn)| self.cut(at, torn))
    }

    /// The store starts and shows nothing wrong, works, and starts again,
    /// whatever half-written bits read as each time.
    ///
    /// - `variant`: in which order they do, from which start on it works, and
    ///   how much; below [`VARIANTS`]
    fn recovers(mut self, variant: usize) {
        let [old, random, new] = NOISES;
        let noises = [[old, random, new], [new, random, old]][variant % 2];
        let works_from = variant / 2 % 3;
        let records = [1, WORK][variant / 6];
        for (start, noise) in noises.into_iter().enumerate() {
            self.flash.set_noise(noise);
            assert!(self.model.start(&mut self.flash).is_ok());
            if start >= works_from {
                assert_eq!(self.work(records), Ok(()));
            }
        }
    }
}

/// Records that are written in a run.
const WORK: usize = 3;
/// Ways to recover.
const VARIANTS: usize = 12;

/// Records with three changed words that fill the first page.
fn first_page() -> usize {
    let mut state = State::new("", WordCells::blank(1));
    let mut log = state.model.start(&mut state.flash).unwrap();
    let mut count = 0;
    while state.flash.read(PAGE_WORDS) == ERASED {
        state.append(&mut log, Kind::Registers, 3).unwrap();
        count += 1;
    }
    count - 1
}

fn starting_states() -> Vec<State> {
    let page = first_page();
    let mut states = Vec::from([
        State::new("blank", WordCells::blank(1)),
        State::new("garbage", WordCells::garbage(2)),
        State::filled("one record", 1, 3),
        State::filled("half a page", page / 2, 3),
        State::filled("one page before the wrap", page * 7 - 4, 3),
        State::filled("after the wrap", page * 9, 3),
        State::filled("long records", 40, 12),
    ]);
    // So near the end of a page that the work opens the next one, at each of its records.
    states.extend((0..6).map(|before| {
        State::filled(
            &format!("{before} before the page's end"),
            page - 8 + before,
            3,
        )
    }));
    states
}

/// Checks that the state recovers; says which one it was when it does not.
fn assert_recovers(state: State, variant: usize) {
    let name = state.name.clone();
    let passed = catch_unwind(AssertUnwindSafe(|| state.recovers(variant))).is_ok();
    assert!(passed, "{name}, variant {variant}");
}

/// A second cut after each first one, at every `every`th operation, torn in turn.
fn cut_twice(state: &State, every: usize) {
    for (index, first) in state.cuts().enumerate() {
        for noise in NOISES {
            let mut first = first.clone();
            first.name = format!("{}, {noise:?}", first.name);
            first.flash.set_noise(noise);
            for at in (index % every..first.operations()).step_by(every) {
                let torn = Torn::ALL[(index + at / every) % Torn::ALL.len()];
                assert_recovers(first.cut(at, torn), (index / 6 + at) % VARIANTS);
            }
        }
    }
}

#[test]
fn one_cut_at_every_operation() {
    for (number, state) in starting_states().into_iter().enumerate() {
        for (index, cut) in state.cuts().enumerate() {
            assert_recovers(cut, (index / 6 + number) % VARIANTS);
        }
    }
}

#[test]
fn a_cut_while_records_are_written_beside_an_erase() {
    let state = State::filled("nearly full", first_page() - 8, 3);
    for before in [0, 1, ERASE_PARTS - 1, ERASE_PARTS] {
        let mut whole = state.clone();
        whole.flash.operations = 0;
        whole.work_beside_an_erase(before).unwrap();
        for at in 0..whole.flash.operations {
            for torn in Torn::ALL {
                let mut cut = state.clone();
                cut.name = format!("{before} parts, cut at {at} ({torn:?})");
                cut.flash.cut_after(at, torn);
                assert_eq!(cut.work_beside_an_erase(before), Err(PowerCut));
                cut.flash.power_stays();
                assert_recovers(cut, at % VARIANTS);
            }
        }
    }
}

#[test]
fn a_second_cut_in_the_recovery() {
    for before in 0..4 {
        let state = State::filled("opens a page", first_page() - 4 + before, 3);
        cut_twice(&state, 41);
    }
}

/// Litter of the first cut shows at one start and not at the next.
#[test]
fn a_second_cut_behind_what_the_first_one_left() {
    for state in starting_states().into_iter().take(4) {
        for at in 0..state.operations() {
            for noise in [Noise::New, Noise::Random] {
                let mut first = state.cut(at, Torn::Unstable);
                first.flash.set_noise(noise);
                for second in 0..3 {
                    let second = first.cut(second, Torn::Unstable);
                    // Even variants start with the old content.
                    for variant in [0, 6] {
                        assert_recovers(second.clone(), variant);
                    }
                }
            }
        }
    }
}

/// A page whose open mark shows at one start and not at the next.
#[test]
fn a_second_cut_that_leaves_an_open_mark_unstable() {
    for before in 0..9 {
        let state = State::filled("opens a page", first_page() - 8 + before, 3);
        for at in 0..state.operations() {
            let mut first = state.cut(at, Torn::Unstable);
            first.flash.set_noise(Noise::New);
            if let Some(opening) = first.worked().flash.last_watched {
                let second = first.cut(opening, Torn::Unstable);
                (0..VARIANTS).for_each(|variant| assert_recovers(second.clone(), variant));
            }
        }
    }
}

#[test]
#[ignore = "long: every pair of cuts in six variants takes minutes"]
fn every_cut_in_every_variant() {
    for state in starting_states() {
        for cut in state.cuts() {
            (0..VARIANTS).for_each(|variant| assert_recovers(cut.clone(), variant));
        }
        cut_twice(&state, 1);
    }
}

#[test]
fn many_cuts_in_a_row() {
    let page = first_page();
    for seed in 0..40 {
        let mut state = State::filled(&format!("seed {seed}"), page - 8 + seed % 10, 3);
        for _ in 0..60 {
            let random = state.flash.random_bits() as usize;
            state.flash.set_noise(NOISES[random % 3]);
            let torn = Torn::ALL[random / 1024 % Torn::ALL.len()];
            state = state.cut(random / 3 % state.operations(), torn);
            state.name = format!("seed {seed}");
        }
        assert_recovers(state, seed % VARIANTS);
    }
}
