//! Randomness that is the same in every run: numbers from a seed, and entropy from the test.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use kernel::hil::entropy::{Client32, Continue, Entropy32};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::random_source::RandomSource;

/// Bytes from which on two equal answers are a mistake and not chance.
const NEVER_TWICE: usize = 8;

/// Random bytes that depend on a seed alone. It remembers what it gave, and panics if
/// eight bytes or more were to come a second time.
#[derive(Clone)]
pub struct SeededRandom {
    state: Cell<u64>,
    given: RefCell<BTreeSet<Vec<u8>>>,
    /// The error with which requests fail; `None` while they succeed.
    pub fails: Cell<Option<ErrorCode>>,
}

impl SeededRandom {
    /// The bytes of this seed. The same bytes come however they are split into requests.
    pub fn new(seed: u64) -> Self {
        SeededRandom {
            state: Cell::new(seed),
            given: RefCell::default(),
            fails: Cell::new(None),
        }
    }

    /// All answers of at least `length` bytes so far.
    pub fn given(&self, length: usize) -> Vec<Vec<u8>> {
        let given = self.given.borrow();
        let long = given.iter().filter(|bytes| bytes.len() >= length);
        long.cloned().collect()
    }

    /// One byte of the generator splitmix64.
    fn byte(&self) -> u8 {
        let state = self.state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 56) as u8
    }
}

impl RandomSource for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ErrorCode> {
        if let Some(error) = self.fails.get() {
            return Err(error);
        }
        bytes.fill_with(|| self.byte());
        let new = self.given.borrow_mut().insert(bytes.to_vec());
        assert!(new || bytes.len() < NEVER_TWICE, "no answer comes twice");
        Ok(())
    }
}

/// A source of entropy whose words the test gives one by one.
#[derive(Default)]
pub struct FakeEntropy {
    wanted: Cell<bool>,
    given: Cell<usize>,
    /// Requests are refused with OFF.
    pub off: Cell<bool>,
    client: OptionalCell<&'static dyn Client32>,
}

impl FakeEntropy {
    /// Whether the client waits for words.
    pub fn is_wanted(&self) -> bool {
        self.wanted.get()
    }

    /// Words that [`give_while_wanted`](Self::give_while_wanted) has given.
    pub fn given(&self) -> usize {
        self.given.get()
    }

    /// Answers the client once, with these words and this result.
    ///
    /// # Panics
    /// If the client waits for no words.
    pub fn give(&self, words: &[u32], result: Result<(), ErrorCode>) {
        assert!(self.wanted.take(), "words are wanted");
        self.answer(words, result);
    }

    /// Gives words one by one while they are wanted, `limit` at most. `word` makes a word
    /// of its number, counted from the first that was ever given.
    pub fn give_while_wanted(&self, limit: usize, mut word: impl FnMut(usize) -> u32) {
        for _ in 0..limit {
            if !self.wanted.take() {
                return;
            }
            let number = self.given.replace(self.given.get() + 1);
            self.answer(&[word(number)], Ok(()));
        }
    }

    /// Tells the client of a failure, whether it waits for words or not.
    pub fn fail(&self, error: ErrorCode) {
        self.answer(&[], Err(error));
    }

    fn answer(&self, words: &[u32], result: Result<(), ErrorCode>) {
        let client = self.client.get().expect("a client");
        let wants = client.entropy_available(&mut words.iter().copied(), result);
        self.wanted.set(wants == Continue::More);
    }
}

impl Entropy32<'static> for FakeEntropy {
    fn get(&self) -> Result<(), ErrorCode> {
        if self.off.get() {
            return Err(ErrorCode::OFF);
        }
        self.wanted.set(true);
        Ok(())
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn set_client(&'static self, client: &'static dyn Client32) {
        self.client.set(client);
    }
}
