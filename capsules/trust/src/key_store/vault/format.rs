//! The vault's words in flash.
//!
//! Two banks of three pages hold the records, two pages the anchor. A bank of
//! 384 slots of eight words starts with two slots of header:
//!
//! | word | |
//! |---|---|
//! | 0 | magic `WKV1` |
//! | 1 | bank sequence: rises by one for each bank opened |
//! | 2 | base: sequence of the newest change that the copies know |
//! | 3 | copies that follow; bit 31: the other bank is to be erased |
//! | 4, 5 | erase counts of bank 0 and 1 |
//! | 6 to 9 | tag: HMAC-SHA-256 over words 0 to 5, bank and purpose, first 16 bytes |
//! | 13 | kill mark, written before the bank is erased: it is not open any more, however little of it is erased |
//! | 14 | second open mark |
//! | 15 | first open mark, written when the copies are complete |
//!
//! Then copies of all live records, then changes. Each starts at a slot:
//!
//! | word | |
//! |---|---|
//! | 0 | 0x4B (8 bits), change (4), kind (4), length of the content in bytes (16), from the top |
//! | 1 | object (16), step: sequence minus that of the change before (16; 0 in a copy) |
//! | 2 | sequence |
//! | 3 | head tag: AES-128 of words 0 to 2, slot and bank sequence, first 4 bytes |
//! | 4 to 6 | nonce, random |
//! | 7.. | content, sealed; filled to whole words with zeros |
//! | last 4 | tag of AES-128-GCM; associated data: words 0 to 2, slot, bank, bank sequence |
//!
//! A page of the anchor:
//!
//! | word | |
//! |---|---|
//! | 0 | magic `WKA1` |
//! | 1 | page sequence: rises by one for each page opened |
//! | 2 | base: the count at which the page starts |
//! | 3 | erase count of the page |
//! | 4 to 7 | tag over words 0 to 3, page and purpose |
//! | 8, 9 | first and second open mark |
//! | 10 | kill mark |
//! | 11.. | word 10 + *n* is written when the count is base + *n*; the last one written counts |

use flash_formats::KEY_STORE;

use crate::key_store::policy::State;

/// Words of a page.
pub const PAGE_WORDS: usize = 1024;
/// Banks.
pub const BANKS: usize = 2;
/// Pages of a bank.
pub const BANK_PAGES: usize = 3;
/// Words of a bank.
pub const BANK_WORDS: usize = BANK_PAGES * PAGE_WORDS;
/// First page of the anchor.
pub const ANCHOR_PAGE: usize = BANKS * BANK_PAGES;
/// Pages of the anchor.
pub const ANCHOR_PAGES: usize = 2;
/// Pages in all.
pub const PAGES: usize = ANCHOR_PAGE + ANCHOR_PAGES;

/// A word that was never written.
pub const ERASED: u32 = 0xFFFF_FFFF;
/// A mark, or a word of the anchor that counts.
pub const MARK: u32 = 0;

/// Words of a slot.
pub const SLOT_WORDS: usize = 8;
/// Slots of a bank.
pub const SLOTS: usize = BANK_WORDS / SLOT_WORDS;
/// Slots of a bank's header.
pub const HEADER_SLOTS: usize = 2;
/// Slots that live records may take; what is left is for changes.
pub const LIVE_SLOTS: usize = 256;

/// Words that precede the content.
pub const PREFIX_WORDS: usize = 7;
const TAG_WORDS: usize = 4;
/// Longest content in bytes.
pub const MAX_CONTENT: usize = 1024;
/// Longest record in bytes.
pub const RECORD_BYTES: usize = 4 * (PREFIX_WORDS + TAG_WORDS) + MAX_CONTENT;

/// Word of a bank that holds the first open mark.
pub const BANK_MARK: usize = 15;
/// Word of a bank that holds the second open mark.
pub const BANK_SECOND_MARK: usize = 14;
/// Word of a bank that holds the kill mark.
pub const BANK_KILL: usize = 13;
/// Word of an anchor page that holds the first open mark.
pub const ANCHOR_MARK: usize = 8;
/// Word of an anchor page that holds the second open mark.
pub const ANCHOR_SECOND_MARK: usize = 9;
/// Word of an anchor page that holds the kill mark.
pub const ANCHOR_KILL: usize = 10;
/// First word of an anchor page that counts.
pub const ANCHOR_COUNTS: usize = 11;
/// How far an anchor page counts.
pub const ANCHOR_CAPACITY: u32 = (PAGE_WORDS - ANCHOR_COUNTS) as u32;

const BANK_MAGIC: u32 = u32::from_le_bytes([b'W', b'K', b'V', KEY_STORE.digit()]);
const ANCHOR_MAGIC: u32 = u32::from_le_bytes([b'W', b'K', b'A', KEY_STORE.digit()]);
const SCRUB: u32 = 1 << 31;
const HEAD_MAGIC: u32 = 0x4B;

/// Words of a record with this length of content.
pub const fn record_words(length: usize) -> usize {
    PREFIX_WORDS + length.div_ceil(4) + TAG_WORDS
}

/// Slots of a record with this length of content.
pub const fn record_slots(length: usize) -> usize {
    record_words(length).div_ceil(SLOT_WORDS)
}

/// What a record changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The content is the object's; a successor is gone.
    Current,
    /// The content is the object's successor's.
    Successor,
    /// The object and its successor are gone.
    Erase,
    /// The meter is in this state; keys are gone if it is the last one.
    State(State),
    /// The object is there, but its content did not survive.
    Lost,
    /// The same of the successor.
    LostSuccessor,
}

impl Change {
    fn number(self) -> u32 {
        match self {
            Change::Current => 0,
            Change::Successor => 1,
            Change::Erase => 2,
            Change::Lost => 3,
            Change::LostSuccessor => 4,
            Change::State(state) => 8 + state as u32,
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Change::Current,
            1 => Change::Successor,
            2 => Change::Erase,
            3 => Change::Lost,
            4 => Change::LostSuccessor,
            _ => Change::State(State::from_number(number.checked_sub(8)? as usize)?),
        })
    }
}

/// What stands at the start of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it changes.
    pub change: Change,
    /// Number of the object's kind.
    pub kind: u8,
    /// The object.
    pub object: u16,
    /// Length of the content in bytes.
    pub length: u16,
    /// Sequence minus that of the change that this one follows; 0 in a copy.
    pub step: u16,
    /// Number of the change.
    pub sequence: u32,
}

impl Head {
    /// Returns the words in the order in which they stand in flash, without the tag.
    pub fn to_words(self) -> [u32; 3] {
        [
            HEAD_MAGIC << 24
                | self.change.number() << 20
                | u32::from(self.kind & 15) << 16
                | u32::from(self.length),
            u32::from(self.object) << 16 | u32::from(self.step),
            self.sequence,
        ]
    }

    /// What the words say; none if they are no head.
    pub fn from_words(words: [u32; 3]) -> Option<Self> {
        let length = words[0] as u16;
        if words[0] >> 24 != HEAD_MAGIC || usize::from(length) > MAX_CONTENT {
            return None;
        }
        Some(Head {
            change: Change::from_number(words[0] >> 20 & 15)?,
            kind: (words[0] >> 16 & 15) as u8,
            object: (words[1] >> 16) as u16,
            length,
            step: words[1] as u16,
            sequence: words[2],
        })
    }

    /// Sequence of the change that this one follows; those in between are void.
    pub fn previous(&self) -> u32 {
        self.sequence.wrapping_sub(u32::from(self.step))
    }

    /// Returns how many slots the record takes, its head included.
    pub fn slots(&self) -> usize {
        record_slots(self.length.into())
    }
}

/// Header of a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankHeader {
    /// Bank sequence.
    pub sequence: u32,
    /// Sequence of the newest change that the copies know.
    pub base: u32,
    /// Number of copies.
    pub copies: u16,
    /// Whether the other bank is to be erased.
    pub scrub: bool,
    /// Erase counts of both banks.
    pub erases: [u32; BANKS],
}

impl BankHeader {
    /// Returns the words in the order in which they stand in flash, without the tag.
    pub fn to_words(self) -> [u32; 6] {
        let scrub = if self.scrub { SCRUB } else { 0 };
        [
            BANK_MAGIC,
            self.sequence,
            self.base,
            u32::from(self.copies) | scrub,
            self.erases[0],
            self.erases[1],
        ]
    }

    /// What the words say; none if they are no header.
    pub fn from_words(words: [u32; 6]) -> Option<Self> {
        (words[0] == BANK_MAGIC).then_some(BankHeader {
            sequence: words[1],
            base: words[2],
            copies: words[3] as u16,
            scrub: words[3] & SCRUB != 0,
            erases: [words[4], words[5]],
        })
    }
}

/// Header of a page of the anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorHeader {
    /// Page sequence.
    pub sequence: u32,
    /// The count at which the page starts.
    pub base: u32,
    /// Erase count of the page.
    pub erases: u32,
}

impl AnchorHeader {
    /// Returns the words in the order in which they stand in flash, without the tag.
    pub fn to_words(self) -> [u32; 4] {
        [ANCHOR_MAGIC, self.sequence, self.base, self.erases]
    }

    /// What the words say; none if they are no header.
    pub fn from_words(words: [u32; 4]) -> Option<Self> {
        (words[0] == ANCHOR_MAGIC).then_some(AnchorHeader {
            sequence: words[1],
            base: words[2],
            erases: words[3],
        })
    }
}
