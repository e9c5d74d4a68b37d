//! Power fails at every flash operation, from several starting states, and again in the recovery.

use std::format;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::string::String;
use std::vec::Vec;

use super::super::format::Kind;
use super::super::log::Log;
use super::mock_flash::{MockFlash, Noise, PowerCut, Torn};
use super::model::Model;

/// Length of the registers' payload, as the metering app has it.
const REGISTERS: usize = 48;
/// Length of the calibration's payload.
const CALIBRATION: usize = 64;

const NOISES: [Noise; 3] = [Noise::Old, Noise::Random, Noise::New];

/// A store in some state, and what it must know.
#[derive(Clone)]
struct State {
    name: String,
    flash: MockFlash,
    model: Model,
    /// How often it was worked on.
    turn: usize,
}

impl State {
    fn new(name: &str, flash: MockFlash) -> Self {
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
        let mut state = Self::new(name, MockFlash::blank(registers as u64));
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

    /// What every run does: start, write some of both kinds, until power fails.
    fn work(&mut self) -> Result<(), PowerCut> {
        use Kind::{Calibration, Registers};
        let mut log = self.model.start(&mut self.flash)?;
        self.turn += 1;
        let kinds = [
            [Registers, Calibration, Registers],
            [Calibration, Registers, Registers],
        ];
        for kind in kinds[self.turn % 2] {
            self.append(&mut log, kind, 3)?;
            self.model.check(&log);
        }
        Ok(())
    }

    /// Operations that the work takes when power stays.
    fn operations(&self) -> usize {
        let mut state = self.clone();
        let before = state.flash.operations;
        state.work().unwrap();
        state.flash.operations - before
    }

    /// The state after a cut in the work.
    fn cut(&self, at: usize, torn: Torn) -> State {
        let mut state = self.clone();
        state.name = format!("{}, cut at {at} ({torn:?})", self.name);
        state.flash.cut_after(at, torn);
        assert_eq!(state.work(), Err(PowerCut), "{}", state.name);
        state.flash.power_stays();
        state
    }

    /// The states after a cut at each operation of the work, torn in each way.
    fn cuts(&self) -> impl Iterator<Item = State> + '_ {
        let all = (0..self.operations()).flat_map(|at| Torn::ALL.map(|torn| (at, torn)));
        all.map(|(at, torn)| self.cut(at, torn))
    }

    /// The store starts and shows nothing wrong, then works, then starts again,
    /// whatever half-written bits read as each time.
    fn recovers(self) {
        let [old, random, new] = NOISES;
        for noises in [[old, random, new], [new, random, old]] {
            for works_from in 0..3 {
                let mut state = self.clone();
                for (start, noise) in noises.into_iter().enumerate() {
                    state.flash.set_noise(noise);
                    assert!(state.model.start(&mut state.flash).is_ok());
                    if start >= works_from {
                        assert_eq!(state.work(), Ok(()));
                    }
                }
            }
        }
    }
}

/// Records with three changed words that fill the first page.
fn first_page() -> usize {
    let mut state = State::new("", MockFlash::blank(1));
    let mut log = state.model.start(&mut state.flash).unwrap();
    let mut count = 0;
    while state.flash.erases[1] == 0 {
        state.append(&mut log, Kind::Registers, 3).unwrap();
        count += 1;
    }
    count - 1
}

fn starting_states() -> Vec<State> {
    let page = first_page();
    let mut states = Vec::from([
        State::new("blank", MockFlash::blank(1)),
        State::new("garbage", MockFlash::garbage(2)),
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

/// Says which state it was, when a check fails.
fn named(state: State, check: impl FnOnce(State)) {
    let name = state.name.clone();
    let passed = catch_unwind(AssertUnwindSafe(|| check(state))).is_ok();
    assert!(passed, "{name}");
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
                named(first.cut(at, torn), State::recovers);
            }
        }
    }
}

#[test]
fn one_cut_at_every_operation() {
    for state in starting_states() {
        state.cuts().for_each(|state| named(state, State::recovers));
    }
}

#[test]
fn a_second_cut_in_the_recovery() {
    for before in 0..4 {
        let state = State::filled("opens a page", first_page() - 4 + before, 3);
        cut_twice(&state, 19);
    }
}

/// Takes minutes; for the long tests.
#[test]
#[ignore]
fn a_second_cut_at_every_operation_of_the_recovery() {
    starting_states()
        .iter()
        .for_each(|state| cut_twice(state, 1));
}

#[test]
fn many_cuts_in_a_row() {
    let page = first_page();
    for seed in 0..60 {
        let mut state = State::filled(&format!("seed {seed}"), page - 8 + seed % 10, 3);
        for _ in 0..60 {
            let random = state.flash.random_bits() as usize;
            state.flash.set_noise(NOISES[random % 3]);
            let torn = Torn::ALL[random / 1024 % Torn::ALL.len()];
            state = state.cut(random / 3 % state.operations(), torn);
            state.name = format!("seed {seed}");
        }
        named(state, State::recovers);
    }
}
