//! The key store's vault over flash in which anything may stand.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use capsules_trust::key_store::policy::{Kind, State};
use capsules_trust::key_store::vault::format::{
    ANCHOR_PAGE, ERASED, MAX_CONTENT, PAGES, PAGE_WORDS, SLOT_WORDS,
};
use capsules_trust::key_store::vault::log::{Log, Outcome, Step};
use capsules_trust::key_store::vault::{Change, Generation, Request};
use kernel::ErrorCode;

use testing::random::SeededRandom;

const ROOT: [u8; 32] = [7; 32];
const WORDS: usize = PAGES * PAGE_WORDS;
/// Flash operations that anything takes at most: all that counts is copied to the
/// other bank, twice, and the anchor moves to its other page.
const MAX_OPERATIONS: usize = WORDS;
/// Bytes of a change of the flash in the input.
const PATCH: usize = 8;

/// Objects of the vault that the images come from.
const OBJECTS: [(u16, Kind); 6] = [
    (1, Kind::P256),
    (2, Kind::Aes128),
    (3, Kind::Certificate),
    (4, Kind::Counter),
    (5, Kind::TrustAnchor),
    (6, Kind::Secret),
];

/// Input: which image to begin with, then changes of it (see `patch`). Whatever
/// stands there: the vault refuses it, or shows what it held at one moment of its
/// life, and then takes changes and keeps them.
pub fn run(data: &[u8]) {
    let Some((&start, patches)) = data.split_first() else {
        return;
    };
    let history = history();
    let (words, moment) = match usize::from(start) % (history.images.len() + 1) {
        0 => (vec![ERASED; WORDS], 0),
        image => history.images[image - 1].clone(),
    };
    let anchor = words[ANCHOR_PAGE * PAGE_WORDS..].to_vec();
    let flash = RefCell::new(words);
    for change in patches.chunks_exact(PATCH) {
        patch(&mut flash.borrow_mut(), change, history);
    }
    let before = flash.borrow().clone();
    let random = SeededRandom::new(u64::from(start) + 1000);
    let mut log = opened(&flash);
    if log.needs_settling() || log.has_work() {
        assert!(!log.is_refused());
        assert_eq!(carry_out(&mut log, &flash, &random), Outcome::Idle);
        assert!(!log.needs_settling());
    }
    let held = Shown::of(&log, &flash);
    if log.is_refused() {
        let refused = log.commit(request(Change::Current, 4), &[0; 4]);
        assert_eq!(refused, Err(ErrorCode::FAIL));
        let outcome = carry_out(&mut log, &flash, &random);
        assert_eq!(outcome, Outcome::Failed(ErrorCode::FAIL));
        assert!(*flash.borrow() == before, "what is refused is written over");
        return;
    }
    // Who leaves the anchor alone cannot bring back an earlier moment.
    let same_anchor = before[ANCHOR_PAGE * PAGE_WORDS..] == anchor;
    let moments = &history.moments[if same_anchor { moment } else { 0 }..];
    let known = moments.iter().any(|moment| held.is_of(moment));
    assert!(known, "shows what it never held: {held:?}");
    accepts_changes(&mut log, held, &flash, &random);
}

/// An open vault takes changes, and shows them at the next start.
fn accepts_changes(log: &mut Log, held: Shown, flash: &RefCell<Vec<u32>>, random: &SeededRandom) {
    let mut expected = held;
    for (number, object) in [4, 2, 3, 2].into_iter().enumerate() {
        let content = vec![number as u8 ^ 0xA5; 16];
        let change = Change::Current;
        if log.commit(request(change, object), &content) != Ok(()) {
            // Its chain of changes holds no more than fits.
            panic!("no room for object {object}");
        }
        assert_eq!(carry_out(log, flash, random), Outcome::Committed);
        expected.take(object, &content);
        assert_eq!(Shown::of(log, flash), expected);
        let next = opened(flash);
        assert!(!next.is_refused() && !next.needs_settling());
        assert_eq!(Shown::of(&next, flash), expected);
    }
}

fn opened(flash: &RefCell<Vec<u32>>) -> Log {
    let mut log = Log::closed();
    log.derive_keys(&ROOT);
    log.open(&|word| flash.borrow()[word]);
    log
}

fn request(change: Change, object: u16) -> Request {
    let known = OBJECTS.iter().find(|(number, _)| *number == object);
    Request {
        change,
        kind: known.map_or(0, |(_, kind)| *kind as u8),
        object,
    }
}

/// Does what the log asks for, until it asks for nothing.
fn carry_out(log: &mut Log, flash: &RefCell<Vec<u32>>, random: &SeededRandom) -> Outcome {
    for _ in 0..MAX_OPERATIONS {
        match log.next(&|word| flash.borrow()[word], random) {
            Step::Finished(outcome) => return outcome,
            step => operate(&mut flash.borrow_mut(), step),
        }
    }
    panic!("the vault does not come to an end");
}

fn operate(words: &mut [u32], step: Step) {
    match step {
        Step::Write { word, value } => words[word] &= value,
        Step::Erase { page } => words[page * PAGE_WORDS..][..PAGE_WORDS].fill(ERASED),
        Step::Finished(_) => {}
    }
}

/// What a vault answers: state, and each object that is not absent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    state: State,
    answers: BTreeMap<(u16, bool), Result<Vec<u8>, ErrorCode>>,
}

impl Shown {
    fn of(log: &Log, flash: &RefCell<Vec<u32>>) -> Shown {
        let read = |word: usize| flash.borrow()[word];
        let mut answers = BTreeMap::new();
        for (object, kind) in OBJECTS {
            for generation in [Generation::Current, Generation::Successor] {
                let mut bytes = [0; MAX_CONTENT];
                let answer = log.read(object, generation, kind, &mut bytes, &read);
                if answer == Err(ErrorCode::UNINSTALLED) {
                    continue;
                }
                let answer = answer.map(|length| bytes[..length].to_vec());
                answers.insert((object, generation == Generation::Successor), answer);
            }
        }
        Shown {
            state: log.state(),
            answers,
        }
    }

    /// Whether this is a moment of the vault's life, but for records that are
    /// said to be altered.
    fn is_of(&self, moment: &Shown) -> bool {
        let alike = |(ours, theirs): (&Result<Vec<u8>, ErrorCode>, &_)| {
            *ours == Err(ErrorCode::FAIL) || ours == theirs
        };
        self.state == moment.state
            && self.answers.keys().eq(moment.answers.keys())
            && self
                .answers
                .values()
                .zip(moment.answers.values())
                .all(alike)
    }

    /// The object's content is this now.
    fn take(&mut self, object: u16, content: &[u8]) {
        self.answers.remove(&(object, true));
        self.answers.insert((object, false), Ok(content.to_vec()));
    }
}

/// A vault's life: what it showed, what its flash held.
struct History {
    moments: Vec<Shown>,
    /// Each with the number of the moment that it was taken in.
    images: Vec<(Vec<u32>, usize)>,
}

impl History {
    fn take_image(&mut self, flash: &RefCell<Vec<u32>>) {
        let moment = self.moments.len() - 1;
        self.images.push((flash.borrow().clone(), moment));
    }
}

/// A life with all kinds of changes, in the course of which the banks change
/// several times; power fails in some changes.
fn history() -> &'static History {
    static HISTORY: OnceLock<History> = OnceLock::new();
    HISTORY.get_or_init(|| {
        let random = SeededRandom::new(1);
        let flash = RefCell::new(vec![ERASED; WORDS]);
        let log = opened(&flash);
        let mut history = History {
            moments: vec![Shown::of(&log, &flash)],
            images: Vec::new(),
        };
        let mut log = log;
        for number in 0..150u32 {
            let (change, object, length) = match number % 10 {
                // A counter rises often.
                0 | 3 | 6 | 8 => (Change::Current, 4, 4),
                1 => (Change::Current, 1, 96),
                2 => (Change::Current, 2, 16),
                4 => (Change::Successor, 2, 16),
                5 => (Change::Current, 3, 300 + number as usize),
                7 => (Change::Current, 5, 65),
                _ if number % 30 == 9 => (Change::Erase, 1, 0),
                _ if number == 79 => (Change::State(State::Operational), 0xFFFF, 0),
                _ if number == 139 => (Change::State(State::Decommissioned), 0xFFFF, 0),
                _ => (Change::Current, 6, 32),
            };
            let content: Vec<u8> = (0..length)
                .map(|index| (number * 31 + index as u32 * 7) as u8)
                .collect();
            assert_eq!(log.commit(request(change, object), &content), Ok(()));
            // Where power fails, the next start decides what became of the change.
            let cut = (number % 8 == 5).then_some(1 + number as usize % 23);
            if !change_until(&mut log, &flash, &random, cut) {
                history.take_image(&flash);
                log = opened(&flash);
                assert!(!log.is_refused());
                assert_eq!(carry_out(&mut log, &flash, &random), Outcome::Idle);
            }
            history.moments.push(Shown::of(&log, &flash));
            if number % 6 == 0 || number > 140 {
                history.take_image(&flash);
            }
        }
        history
    })
}

/// Carries a change out, up to an operation in which power fails: half of the
/// bits of a word are written. Whether the change is done.
fn change_until(
    log: &mut Log,
    flash: &RefCell<Vec<u32>>,
    random: &SeededRandom,
    cut: Option<usize>,
) -> bool {
    for operation in 0..MAX_OPERATIONS {
        let step = log.next(&|word| flash.borrow()[word], random);
        if let Step::Finished(outcome) = step {
            assert_eq!(outcome, Outcome::Committed);
            return true;
        }
        if cut == Some(operation) {
            if let Step::Write { word, value } = step {
                flash.borrow_mut()[word] &= value | 0x5555_5555;
            }
            return false;
        }
        operate(&mut flash.borrow_mut(), step);
    }
    panic!("the change does not come to an end");
}

/// Changes the flash as someone could who has it in hand: kind, image, place
/// (u16), other place (u16), amount (u16).
fn patch(words: &mut [u32], change: &[u8], history: &History) {
    let half = |at: usize| usize::from(u16::from_le_bytes([change[at], change[at + 1]]));
    // Most of the flash is erased: places are those of what was written, but for some.
    let written: Vec<usize> = (0..WORDS).filter(|word| words[*word] != ERASED).collect();
    let word = |number: usize| match written.len() {
        0 => number % WORDS,
        _ if change[0] & 0xC0 == 0xC0 => number % WORDS,
        count => written[number % count],
    };
    let (place, other, amount) = (word(half(2)), word(half(4)), half(6));
    let (image, _) = &history.images[usize::from(change[1]) % history.images.len()];
    let value = (other as u32) << 16 | amount as u32;
    let slots = (amount % 40 + 1) * SLOT_WORDS;
    let [to, from] = [place, other].map(|word| word / SLOT_WORDS * SLOT_WORDS);
    let end = |start: usize, length: usize| (start + length).min(WORDS);
    match change[0] % 16 {
        0 | 10..=13 => words[place] ^= 1 << (amount % 32),
        1 => words[place] = value,
        2 => words[place] &= value,
        3 => words.swap(place, other),
        // A page, a slot or some of them, and a bank or the anchor from another moment.
        4 => {
            let page = place / PAGE_WORDS * PAGE_WORDS;
            words[page..][..PAGE_WORDS].copy_from_slice(&image[page..][..PAGE_WORDS]);
        }
        5 => words[to..end(to, slots)].copy_from_slice(&image[to..end(to, slots)]),
        6 => {
            let part = [0..3, 3..6, 6..8, 0..6][amount % 4].clone();
            let part = part.start * PAGE_WORDS..part.end * PAGE_WORDS;
            words[part.clone()].copy_from_slice(&image[part]);
        }
        // Records moved or exchanged.
        7 => {
            let until = end(from, slots.min(WORDS - to));
            words.copy_within(from..until, to);
        }
        8 => (0..slots.min(WORDS - to).min(WORDS - from))
            .for_each(|word| words.swap(to + word, from + word)),
        _ => words[place..end(place, amount)].fill(ERASED),
    }
}

/// Every image as it was, and as it could be made.
pub fn seeds() -> Vec<Vec<u8>> {
    let change = |kind: u8, image: u8, place: u16, other: u16, amount: u16| {
        let numbers = [place, other, amount].map(u16::to_le_bytes);
        [&[kind, image][..], numbers.as_flattened()].concat()
    };
    let images = history().images.len() as u8;
    let mut seeds: Vec<Vec<u8>> = (0..=images).map(|image| vec![image]).collect();
    for image in (1..=images).step_by(3) {
        let earlier = image.saturating_sub(1 + image % 5);
        let place = u16::from(image) * 77;
        seeds.extend([
            [vec![image], change(0, 0, place, 0, place)].concat(),
            [
                vec![image],
                change(0, 0, place, 0, 1),
                change(1, 0, place, 9, 7),
            ]
            .concat(),
            [vec![image], change(4, earlier, place, 0, 0)].concat(),
            [vec![image], change(6, earlier, 0, 0, u16::from(image))].concat(),
            [vec![image], change(7, 0, place, 128, 4)].concat(),
            [vec![image], change(8, 0, place, 128, 4)].concat(),
            [vec![image], change(9, 0, place, 0, place * 16)].concat(),
            [vec![image], change(5, earlier, place, 0, 9)].concat(),
        ]);
    }
    seeds
}
