//! Writer of the crash log, on the target.

use core::cell::Cell;

use super::layout::{
    AREA_WORDS, ENTRIES, ENTRY_WORDS, HEADER_BOOTS, HEADER_RESET_REASON, HEADER_WORDS, RECORDS,
    RECORD_WORDS, RING_START, SIGNATURE, TABLE_START,
};
use super::record::{CrashRecord, ProcessEntry, ProcessState};

/// The words of the retained RAM. Indices are below [`AREA_WORDS`].
///
/// A board implements it with volatile accesses, so that what was written is in
/// RAM when the reset comes.
pub trait RetainedWords {
    /// Word at `index`.
    fn read(&self, index: usize) -> u32;
    /// Replaces the word at `index`.
    fn write(&self, index: usize, value: u32);
}

impl RetainedWords for [Cell<u32>; AREA_WORDS] {
    fn read(&self, index: usize) -> u32 {
        self[index].get()
    }

    fn write(&self, index: usize, value: u32) {
        self[index].set(value);
    }
}

/// What the area held at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// Noise: power was off. The area was formatted.
    Formatted,
    /// The log of earlier boots.
    Retained,
}

/// The crash log in retained RAM.
pub struct CrashLog<W: RetainedWords> {
    words: W,
}

impl<W: RetainedWords> CrashLog<W> {
    /// Opens the area at boot: formats noise, counts the boot, empties the
    /// process table. Touches about 30 words; records are looked at only when
    /// one is added.
    ///
    /// - `words`: the retained RAM
    /// - `reset_reason`: POWER.RESETREAS
    pub fn open(words: W, reset_reason: u32) -> (Self, Opened) {
        let log = CrashLog { words };
        let retained = log.is_signed();
        for entry in 0..ENTRIES {
            log.words.write(TABLE_START + entry * ENTRY_WORDS, 0);
        }
        let boots = if retained {
            log.words.read(HEADER_BOOTS).wrapping_add(1)
        } else {
            log.words.write(0, 0);
            for slot in 0..RECORDS {
                log.words.write(RING_START + slot * RECORD_WORDS, 0);
            }
            for index in SIGNATURE.len()..HEADER_WORDS {
                log.words.write(index, 0);
            }
            for (index, word) in (0..).zip(SIGNATURE).skip(1) {
                log.words.write(index, word);
            }
            1
        };
        log.words.write(HEADER_BOOTS, boots);
        log.words.write(HEADER_RESET_REASON, reset_reason);
        log.words.write(0, SIGNATURE[0]);
        let opened = if retained {
            Opened::Retained
        } else {
            Opened::Formatted
        };
        (log, opened)
    }

    /// The log as it stands, for a panic handler: nothing is counted or emptied.
    /// None when the area holds no log.
    pub fn attach(words: W) -> Option<Self> {
        let log = CrashLog { words };
        log.is_signed().then_some(log)
    }

    fn is_signed(&self) -> bool {
        (0..)
            .zip(SIGNATURE)
            .all(|(index, word)| self.words.read(index) == word)
    }

    /// Returns how often the kernel has started since power-on; it is 1 at the first start.
    pub fn boots(&self) -> u32 {
        self.words.read(HEADER_BOOTS)
    }

    /// Adds a record, in place of the oldest when the ring is full. The log
    /// sets the record's `sequence` and `boots` itself.
    ///
    /// Returns the sequence. Allocates nothing, calls nobody: safe in a panic.
    pub fn add(&self, record: &CrashRecord) -> u32 {
        let (slot, sequence) = self.next();
        let words = CrashRecord {
            sequence,
            boots: self.boots(),
            ..*record
        }
        .to_words();
        let start = RING_START + slot * RECORD_WORDS;
        self.words.write(start, 0);
        for (index, word) in (0..).zip(words).skip(1) {
            self.words.write(start + index, word);
        }
        self.words.write(start, words[0]);
        sequence
    }

    /// Fills entry `index` of the process table; one past the table is ignored.
    pub fn set_process(&self, index: usize, entry: &ProcessEntry) {
        if index >= ENTRIES {
            return;
        }
        let start = TABLE_START + index * ENTRY_WORDS;
        let words = entry.to_words();
        for (offset, word) in (0..).zip(words).skip(1) {
            self.words.write(start + offset, word);
        }
        self.words.write(start, words[0]);
    }

    /// Changes only the state in entry `index`; for the frequent case.
    pub fn set_process_state(&self, index: usize, state: ProcessState) {
        if index < ENTRIES {
            self.words
                .write(TABLE_START + index * ENTRY_WORDS, state.to_word());
        }
    }

    /// Slot and sequence of the next record: those after the highest valid one.
    fn next(&self) -> (usize, u32) {
        let mut next = (0, 1);
        for slot in 0..RECORDS {
            let start = RING_START + slot * RECORD_WORDS;
            let words = core::array::from_fn(|index| self.words.read(start + index));
            if let Some(record) = CrashRecord::from_words(&words) {
                if record.sequence >= next.1 {
                    next = ((slot + 1) % RECORDS, record.sequence.wrapping_add(1));
                }
            }
        }
        next
    }
}
