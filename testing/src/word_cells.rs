//! The cells of word flash: they know how often each word was written, and power can fail in any operation.

use std::cell::Cell;

use crate::words_in_ram::PAGE_WORDS;

/// Pages of the region.
const PAGES: usize = 8;

/// Parts that a page erase is done in; power can fail in each.
pub const ERASE_PARTS: usize = 10;

/// Power has failed in this operation, which may have changed anything or nothing of what it
/// was to change.
#[derive(Debug, PartialEq, Eq)]
pub struct PowerCut;

/// What an interrupted operation leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Torn {
    /// It had not begun to change anything.
    Nothing,
    /// It had just changed everything.
    Everything,
    /// Each bit is old, new, or reads differently every time.
    Mixed,
    /// Each bit reads differently every time.
    Unstable,
    /// The first half of the word or page is new, the rest old.
    FirstHalf,
    /// The second half of the word or page is new, the rest old.
    SecondHalf,
}

impl Torn {
    /// All that an interrupted operation can leave.
    pub const ALL: [Torn; 6] = [
        Torn::Nothing,
        Torn::Everything,
        Torn::Mixed,
        Torn::Unstable,
        Torn::FirstHalf,
        Torn::SecondHalf,
    ];
}

/// How bits read that an interrupted operation left between 0 and 1. Voltage and
/// temperature decide, so it can differ from one start to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// As before the operation.
    Old,
    /// As the operation would have left them.
    New,
    /// Differently at every read.
    Random,
}

/// One word: which bits are firmly 0, and which read as they like.
#[derive(Clone, Copy, Default)]
struct Word {
    zeros: u32,
    unstable: u32,
    /// The unstable bits come from erasing, not from writing.
    erasing: bool,
    writes: u8,
}

/// The cells of a region, driven step by step: for what decides on the next operation without
/// a driver. A word that is written a third time, or written in a page whose erase was cut
/// short, is a panic.
#[derive(Clone)]
pub struct WordCells {
    words: Vec<Word>,
    /// Whether the last erase of the page was completed.
    clean: [bool; PAGES],
    /// How often each page was wholly erased.
    pub erases: [u32; PAGES],
    /// Operations (words, erase parts) until power fails, and what that leaves.
    cut: Option<(usize, Torn)>,
    /// Operations since power came: words written, and parts of erases.
    pub operations: usize,
    /// Word of a page whose writes are noted.
    watched_word: usize,
    /// Words of a page that may be written although its last erase was cut short,
    /// because they only say that it is to be erased.
    kill_marks: Vec<usize>,
    /// Operations before the last write of a watched word.
    pub last_watched: Option<usize>,
    random: Cell<u64>,
    noise: Noise,
}

impl WordCells {
    /// Flash fresh from the factory.
    pub fn blank(seed: u64) -> Self {
        WordCells {
            words: vec![Word::default(); PAGES * PAGE_WORDS],
            clean: [true; PAGES],
            erases: [0; PAGES],
            cut: None,
            operations: 0,
            watched_word: 0,
            kill_marks: Vec::new(),
            last_watched: None,
            random: Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            noise: Noise::Random,
        }
    }

    /// Flash with random content, some of it unstable.
    pub fn garbage(seed: u64) -> Self {
        let mut flash = Self::blank(seed);
        for index in 0..flash.words.len() {
            flash.words[index] = Word {
                zeros: flash.random_bits(),
                unstable: flash.random_bits() & flash.random_bits() & flash.random_bits(),
                erasing: true,
                writes: 2,
            };
        }
        flash.clean = [false; PAGES];
        flash
    }

    /// Bits of a generator that the flash's seed starts.
    pub fn random_bits(&self) -> u32 {
        let mut state = self.random.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.random.set(state);
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    /// Lets these words of the region be written before an erase that was cut
    /// short is repeated.
    pub fn kill_marks(&mut self, words: &[usize]) {
        self.kill_marks = words.to_vec();
    }

    /// Notes the writes of this word of each page.
    pub fn watch(&mut self, word: usize) {
        self.watched_word = word;
    }

    /// Sets how unstable bits read from here on.
    pub fn set_noise(&mut self, noise: Noise) {
        self.noise = noise;
    }

    /// Power fails in the operation after the next `operations`.
    pub fn cut_after(&mut self, operations: usize, torn: Torn) {
        self.cut = Some((operations, torn));
    }

    /// Power does not fail any more.
    pub fn power_stays(&mut self) {
        self.cut = None;
    }

    /// The word, as it reads now: unstable bits may read differently the next time.
    pub fn read(&self, word: usize) -> u32 {
        let word = &self.words[word];
        if word.unstable == 0 {
            return !word.zeros;
        }
        let unstable_zeros = match (self.noise, word.erasing) {
            (Noise::Random, _) => word.unstable & self.random_bits(),
            (Noise::Old, true) | (Noise::New, false) => word.unstable,
            (Noise::New, true) | (Noise::Old, false) => 0,
        };
        !(word.zeros | unstable_zeros)
    }

    /// Takes bits of the word from 1 to 0.
    ///
    /// # Errors
    /// [`PowerCut`]: power has failed within the write.
    pub fn write(&mut self, word: usize, value: u32) -> Result<(), PowerCut> {
        let page = word / PAGE_WORDS;
        assert!(
            self.clean[page] || self.kill_marks.contains(&word),
            "page {page} is written without a completed erase"
        );
        if word % PAGE_WORDS == self.watched_word {
            self.last_watched = Some(self.operations);
        }
        let new = !value;
        match self.step() {
            None => {
                let target = &mut self.words[word];
                target.zeros |= new;
                target.unstable &= !new;
                target.writes += 1;
                let erased_next = self.kill_marks.contains(&word);
                assert!(
                    target.writes <= 2 || erased_next,
                    "word {word} is written three times"
                );
                Ok(())
            }
            Some(torn) => {
                let (random, other) = (self.random_bits(), self.random_bits());
                let (firm, unstable) = match torn {
                    Torn::Nothing => (0, 0),
                    Torn::Everything => (new, 0),
                    Torn::Mixed => (new & random, new & !random & other),
                    Torn::Unstable => (0, new),
                    Torn::FirstHalf => (new & 0xFFFF, 0),
                    Torn::SecondHalf => (new & 0xFFFF_0000, 0),
                };
                let target = &mut self.words[word];
                target.unstable |= unstable & !target.zeros;
                target.zeros |= firm;
                target.unstable &= !target.zeros;
                // Without a firm trace no program can know that there was a write.
                target.writes += u8::from(firm != 0);
                Err(PowerCut)
            }
        }
    }

    /// Takes all bits of the page to 1.
    ///
    /// # Errors
    /// [`PowerCut`]: power has failed within the erase.
    pub fn erase(&mut self, page: usize) -> Result<(), PowerCut> {
        (0..ERASE_PARTS).try_for_each(|part| self.erase_part(page, part))
    }

    /// Does one of the [`ERASE_PARTS`] of an erase, of which the last completes it.
    ///
    /// # Errors
    /// [`PowerCut`]: power has failed within the part.
    pub fn erase_part(&mut self, page: usize, part: usize) -> Result<(), PowerCut> {
        self.clean[page] = false;
        if let Some(torn) = self.step() {
            self.tear_page(page, torn, part);
            return Err(PowerCut);
        }
        if part + 1 == ERASE_PARTS {
            self.words[page * PAGE_WORDS..][..PAGE_WORDS].fill(Word::default());
            self.clean[page] = true;
            self.erases[page] += 1;
        }
        Ok(())
    }

    /// Words of a page are erased at the same time, bit by bit.
    fn tear_page(&mut self, page: usize, torn: Torn, part: usize) {
        for index in 0..PAGE_WORDS {
            let progress =
                (0..part).fold(0, |bits, _| bits | self.random_bits() & self.random_bits());
            let wobble = self.random_bits();
            let target = &mut self.words[page * PAGE_WORDS + index];
            let programmed = target.zeros | target.unstable;
            target.erasing = true;
            match torn {
                Torn::Nothing => {}
                Torn::Everything => {
                    target.zeros = 0;
                    target.unstable = 0;
                }
                Torn::Mixed => {
                    target.unstable = programmed & progress & wobble;
                    target.zeros &= !progress;
                }
                Torn::Unstable => {
                    target.zeros = 0;
                    target.unstable = programmed;
                }
                Torn::FirstHalf | Torn::SecondHalf => {
                    if (index < PAGE_WORDS / 2) == (torn == Torn::FirstHalf) {
                        target.zeros = 0;
                        target.unstable = 0;
                    }
                }
            }
        }
    }

    /// Counts an operation; how it is torn if power fails in it.
    fn step(&mut self) -> Option<Torn> {
        self.operations += 1;
        match self.cut.as_mut() {
            None => None,
            Some((0, torn)) => Some(*torn),
            Some((left, _)) => {
                *left -= 1;
                None
            }
        }
    }
}
