//! The energy store's words in flash.
//!
//! A page of 1,024 words:
//!
//! | word | |
//! |---|---|
//! | 0 | magic in the upper 24 bits; bit *k* set: a copy of kind *k* follows |
//! | 1 | page sequence: rises by one for each page opened |
//! | 2 | record sequence that the page's records count from |
//! | 3 | erase count of the page |
//! | 4 | CRC-32 of words 0 to 3 and the page's number |
//! | 5, 6 | open marks, written one after the other when the copies are complete |
//! | 7.. | copies, then records |
//!
//! A record: head, [sequence, in a copy], [mask of changed words, in a delta],
//! payload words, CRC-32, [commit, not in a copy]. The CRC covers page
//! sequence, position, head, record sequence and the whole payload, of a delta
//! as it is after applying it.
//!
//! Head, from bit 0: delta (1), copy (1), kind (1), sequence minus the page's
//! (10, 0 in a copy), length in bytes (10; in a delta the word in the page at
//! which its base starts), check (9).

use capsules_system::crc32;
pub use drivers::energy_store::{Kind, RECORD_BYTES as MAX_PAYLOAD};
use flash_formats::ENERGY_STORE;

/// Pages of the store.
pub const PAGES: usize = 8;
/// Words of a page.
pub const PAGE_WORDS: usize = 1024;
/// Words of a page's header, open marks included.
pub const HEADER_WORDS: usize = 7;
/// First of the two words of the page's header that hold the open marks.
pub const OPEN_MARK_WORD: usize = 5;

/// Longest payload in words.
pub const PAYLOAD_WORDS: usize = MAX_PAYLOAD / 4;
/// Longest record in words: head, mask or sequence, payload, CRC, commit.
pub const RECORD_WORDS: usize = PAYLOAD_WORDS + 4;

/// A word that was never written.
pub const ERASED: u32 = 0xFFFF_FFFF;
/// Ends a record. Leaves the upper half as erased, see [`commit_seen`].
pub const COMMIT: u32 = 0xFFFF_0000;
/// Written before the first record after each start, at the first word that
/// reads as erased: makes a half-written one firm. Leaves the lower half as
/// erased, so that it is never taken for a commit word.
pub const START_MARK: u32 = 0x0000_FFFF;
/// An open mark.
pub const OPEN_MARK: u32 = 0;

/// `WE` and the version of the format, in the upper 24 bits.
const PAGE_MAGIC: u32 = u32::from_be_bytes([b'W', b'E', ENERGY_STORE.digit(), 0]);
const PAGE_MAGIC_MASK: u32 = 0xFFFF_FF00;

const DELTA: u32 = 1 << 0;
const COPY: u32 = 1 << 1;
const KIND_SHIFT: u32 = 2;
const OFFSET_SHIFT: u32 = 3;
const FIELD_SHIFT: u32 = 13;
const CHECK_SHIFT: u32 = 23;
const TEN_BITS: u32 = 0x3FF;

/// Largest distance of a record's sequence from its page's.
pub const MAX_OFFSET: u32 = TEN_BITS;

/// Whether a commit word was at least begun. Then all words before it are firm.
pub fn commit_seen(word: u32) -> bool {
    word >> 16 == 0xFFFF && word != ERASED
}

/// Kinds of records.
pub const KINDS: usize = Kind::ALL.len();

/// A record's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Kind.
    pub kind: Kind,
    /// Number of the record, rising over both kinds.
    pub sequence: u32,
    length: usize,
    words: [u32; PAYLOAD_WORDS],
}

impl Record {
    /// A record with this payload; none if it is empty or longer than [`MAX_PAYLOAD`].
    pub fn new(kind: Kind, sequence: u32, payload: &[u8]) -> Option<Self> {
        if payload.is_empty() || payload.len() > MAX_PAYLOAD {
            return None;
        }
        let mut words = [0; PAYLOAD_WORDS];
        for (word, bytes) in words.iter_mut().zip(payload.chunks(4)) {
            let mut four = [0; 4];
            four[..bytes.len()].copy_from_slice(bytes);
            *word = u32::from_le_bytes(four);
        }
        Some(Record {
            kind,
            sequence,
            length: payload.len(),
            words,
        })
    }

    /// Returns a record of the same content under another sequence.
    pub fn numbered(self, sequence: u32) -> Self {
        Record { sequence, ..self }
    }

    /// Length of the payload in bytes, 1 to [`MAX_PAYLOAD`].
    pub fn length(&self) -> usize {
        self.length
    }

    /// Copies the payload to the start of `bytes`; the length, or none if it does not fit.
    pub fn copy_payload(&self, bytes: &mut [u8]) -> Option<usize> {
        let bytes = bytes.get_mut(..self.length)?;
        for (chunk, word) in bytes.chunks_mut(4).zip(self.words) {
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
        Some(self.length)
    }

    fn payload(&self) -> &[u32] {
        &self.words[..self.length.div_ceil(4)]
    }
}

/// A page's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageHeader {
    /// Bit *k*: a copy of kind *k* follows.
    pub copies: u8,
    /// Page sequence.
    pub sequence: u32,
    /// Record sequence that the page's records count from.
    pub base_sequence: u32,
    /// Erase count.
    pub erases: u32,
}

impl PageHeader {
    /// Returns the words of the header of page `page`, but for the open mark, which is
    /// written after them.
    pub fn to_words(self, page: usize) -> [u32; OPEN_MARK_WORD] {
        let mut words = [
            PAGE_MAGIC | u32::from(self.copies),
            self.sequence,
            self.base_sequence,
            self.erases,
            0,
        ];
        words[4] = Self::check(&words, page);
        words
    }

    /// Returns the header of page `page`, if there is a valid one; `read` gives the store's
    /// words by their index.
    pub fn read(page: usize, read: &dyn Fn(usize) -> u32) -> Option<Self> {
        let words: [u32; OPEN_MARK_WORD] =
            core::array::from_fn(|index| read(page * PAGE_WORDS + index));
        if words[0] & PAGE_MAGIC_MASK != PAGE_MAGIC || words[4] != Self::check(&words, page) {
            return None;
        }
        Some(PageHeader {
            copies: words[0] as u8,
            sequence: words[1],
            base_sequence: words[2],
            erases: words[3],
        })
    }

    fn check(words: &[u32; OPEN_MARK_WORD], page: usize) -> u32 {
        crc32::of_words(words[..4].iter().copied().chain([page as u32]))
    }
}

/// Words to be written one after the other.
pub struct Burst {
    words: [u32; RECORD_WORDS + 1],
    length: usize,
}

impl Default for Burst {
    fn default() -> Self {
        Self::new()
    }
}

impl Burst {
    /// Makes a list that has no words yet.
    pub const fn new() -> Self {
        Burst {
            words: [0; RECORD_WORDS + 1],
            length: 0,
        }
    }

    /// Returns the words that were added, the first one first.
    pub fn as_slice(&self) -> &[u32] {
        &self.words[..self.length]
    }

    /// Adds a word; what does not fit (more than a start mark and a record) is
    /// left out, and the verification after writing finds it.
    pub fn push(&mut self, word: u32) {
        if let Some(place) = self.words.get_mut(self.length) {
            *place = word;
            self.length += 1;
        }
    }
}

/// In which form a record stands in a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Copied when the page was opened.
    Copy,
    /// Whole.
    Full,
    /// Only what differs from the whole record at this word of the page.
    Delta(usize),
}

/// Where a record is written.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Header of the page.
    pub header: &'a PageHeader,
    /// Word in the page at which the record's head stands.
    pub word: usize,
}

impl Place<'_> {
    /// Adds the words of `record` to the burst.
    ///
    /// - `base`: a firm whole record of the same kind in the same page and the
    ///   word at which it stands; used when that makes the record shorter
    #[inline(never)]
    pub fn encode(
        &self,
        record: &Record,
        copy: bool,
        base: Option<(usize, &Record)>,
        burst: &mut Burst,
    ) {
        let payload = record.payload();
        let delta = base
            .filter(|(_, base)| !copy && base.length == record.length && base.kind == record.kind)
            .map(|(word, base)| (word, difference(&base.words, &record.words)))
            .filter(|(_, mask)| mask.count_ones() as usize + 1 < payload.len());
        let kind = (record.kind.index() as u32) << KIND_SHIFT;
        let offset = record.sequence.wrapping_sub(self.header.base_sequence) << OFFSET_SHIFT;
        let head = with_check(match (copy, delta) {
            (true, _) => COPY | kind | (record.length as u32) << FIELD_SHIFT,
            (false, None) => kind | offset | (record.length as u32) << FIELD_SHIFT,
            (false, Some((word, _))) => DELTA | kind | offset | (word as u32) << FIELD_SHIFT,
        });
        burst.push(head);
        if copy {
            burst.push(record.sequence);
        }
        match delta {
            Some((_, mask)) => {
                burst.push(mask);
                (0..)
                    .zip(payload)
                    .filter(|(bit, _)| mask >> bit & 1 == 1)
                    .for_each(|(_, &word)| burst.push(word));
            }
            None => payload.iter().for_each(|&word| burst.push(word)),
        }
        burst.push(self.crc(head, record));
        if !copy {
            burst.push(COMMIT);
        }
    }

    /// Decodes what stands here; none unless it is a record with the right CRC.
    ///
    /// - `page`: reads a word of the page
    #[inline(never)]
    pub fn decode(&self, page: &dyn Fn(usize) -> u32) -> Option<Decoded> {
        let head = page(self.word);
        if head != with_check(head) {
            return None;
        }
        let kind = Kind::from_number((head >> KIND_SHIFT & 1) as usize)?;
        let offset = head >> OFFSET_SHIFT & TEN_BITS;
        let field = (head >> FIELD_SHIFT & TEN_BITS) as usize;
        let mut cursor = Cursor {
            page,
            next: self.word + 1,
        };
        let (form, record) = if head & DELTA == 0 {
            if field == 0 || field > MAX_PAYLOAD {
                return None;
            }
            let is_copy = head & COPY != 0;
            let sequence = if is_copy {
                cursor.word()?
            } else {
                self.sequence(offset)?
            };
            let mut words = [0; PAYLOAD_WORDS];
            for word in &mut words[..field.div_ceil(4)] {
                *word = cursor.word()?;
            }
            let form = if is_copy { Form::Copy } else { Form::Full };
            (
                form,
                Record {
                    kind,
                    sequence,
                    length: field,
                    words,
                },
            )
        } else {
            // A base is whole and stands before its delta: this ends here.
            if head & COPY != 0 || field < HEADER_WORDS || field >= self.word {
                return None;
            }
            if page(field) & DELTA != 0 {
                return None;
            }
            let base = Place {
                header: self.header,
                word: field,
            }
            .decode(page)?
            .record;
            let mut record = Record {
                sequence: self.sequence(offset)?,
                ..base
            };
            let mask = cursor.word()?;
            if base.kind != kind || mask >> record.payload().len() != 0 {
                return None;
            }
            for (bit, word) in (0..).zip(&mut record.words) {
                if mask >> bit & 1 == 1 {
                    *word = cursor.word()?;
                }
            }
            (Form::Delta(field), record)
        };
        if cursor.word()? != self.crc(head, &record) {
            return None;
        }
        let (commit, end) = match form {
            Form::Copy => (COMMIT, cursor.next),
            Form::Full | Form::Delta(_) => (cursor.word()?, cursor.next),
        };
        Some(Decoded {
            record,
            form,
            commit,
            end,
        })
    }

    fn sequence(&self, offset: u32) -> Option<u32> {
        (offset != 0).then(|| self.header.base_sequence.wrapping_add(offset))
    }

    fn crc(&self, head: u32, record: &Record) -> u32 {
        let place = [
            self.header.sequence,
            self.word as u32,
            head,
            record.sequence,
        ];
        crc32::of_words(place.into_iter().chain(record.payload().iter().copied()))
    }
}

/// A valid record in a page.
#[derive(Clone, Copy, Debug)]
pub struct Decoded {
    /// Content.
    pub record: Record,
    /// Form in which it stands there.
    pub form: Form,
    /// Its commit word as it reads; [`COMMIT`] for a copy, which has none.
    pub commit: u32,
    /// Word in the page after it.
    pub end: usize,
}

/// Reads the words of a record and stops at the page's end.
struct Cursor<'a> {
    page: &'a dyn Fn(usize) -> u32,
    next: usize,
}

impl Cursor<'_> {
    fn word(&mut self) -> Option<u32> {
        if self.next >= PAGE_WORDS {
            return None;
        }
        self.next += 1;
        Some((self.page)(self.next - 1))
    }
}

/// Bit *n* set: word *n* differs.
fn difference(base: &[u32; PAYLOAD_WORDS], new: &[u32; PAYLOAD_WORDS]) -> u32 {
    (0..)
        .zip(base.iter().zip(new))
        .fold(0, |mask, (bit, (base, new))| {
            mask | u32::from(base != new) << bit
        })
}

/// The head with its check bits; a head that is its own result is plausible.
fn with_check(head: u32) -> u32 {
    let fields = head & ((1 << CHECK_SHIFT) - 1);
    let check = (fields ^ 0x2A_5A5A).wrapping_mul(0x9E37_79B1) >> CHECK_SHIFT;
    fields | check << CHECK_SHIFT
}

const _: () = assert!(PAYLOAD_WORDS < 32 && PAGE_WORDS <= TEN_BITS as usize + 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_no_heads() {
        for word in [ERASED, COMMIT, START_MARK, OPEN_MARK] {
            assert_ne!(word, with_check(word));
        }
        assert!(!commit_seen(ERASED) && commit_seen(COMMIT) && !commit_seen(START_MARK));
    }
}
