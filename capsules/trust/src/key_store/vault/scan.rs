//! Reading the vault at its start: what counts, and whether it is to be believed.

use super::format::{
    AnchorHeader, BankHeader, Change, Head, ANCHOR_COUNTS, ANCHOR_KILL, ANCHOR_MARK, ANCHOR_PAGE,
    ANCHOR_PAGES, ANCHOR_SECOND_MARK, BANKS, BANK_KILL, BANK_MARK, BANK_SECOND_MARK, BANK_WORDS,
    ERASED, HEADER_SLOTS, MAX_CONTENT, PAGE_WORDS, PREFIX_WORDS, RECORD_BYTES, SLOTS, SLOT_WORDS,
};
use super::index::Index;
use super::seal::{HeadTags, Keys, Place, NONCE, TAG};

/// Reads a word of the region.
pub type Read<'r> = &'r dyn Fn(usize) -> u32;

/// The page of the anchor that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Which of the two pages.
    pub page: usize,
    /// Its header.
    pub header: AnchorHeader,
    /// The count, over both pages: changes up to this one were acknowledged or
    /// were about to be.
    pub count: u32,
    /// Whether a word that counts was written in the page.
    pub counted: bool,
    /// Erase counts of both pages.
    pub erases: [u32; ANCHOR_PAGES],
}

/// A bank that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    /// Which one.
    pub bank: usize,
    /// Its header.
    pub header: BankHeader,
    /// Sequence of the newest change.
    pub newest: u32,
    /// Highest sequence that was ever written in the bank.
    pub highest: u32,
    /// Slot at which the next record is written.
    pub next_slot: usize,
}

/// What the flash holds.
pub enum Content {
    /// Nothing: a new meter.
    Blank,
    /// As [`Blank`](Self::Blank), but the bank is open already; only the anchor is missing.
    AnchorMissing(Bank),
    /// A vault.
    Vault {
        /// The bank that counts.
        bank: Bank,
        /// The anchor.
        anchor: Anchor,
        /// Whether the bank has records of secrets that are of no use any more.
        stale: bool,
        /// Highest bank sequence in use.
        bank_sequence: u32,
    },
    /// Something that this vault did not leave so: altered, older, or another
    /// device's.
    Refused,
}

/// Reads everything. The index is left as the content says; it is only good for
/// [`Content::Vault`].
///
/// - `buffer`: working space; no secret is left in it
#[inline(never)]
pub fn scan(
    keys: &Keys,
    read: Read<'_>,
    index: &mut Index,
    buffer: &mut [u8; RECORD_BYTES],
) -> Content {
    *index = Index::new();
    let mut scanner = Scanner {
        keys,
        tags: keys.head_tags(),
        read,
        buffer,
    };
    match scan_anchor(keys, read) {
        Some(anchor) => scanner.with_anchor(anchor, index),
        None => scanner.without_anchor(),
    }
}

/// Which slots' records are part of the chain of changes.
struct Chain([u32; SLOTS / 32]);

impl Chain {
    fn insert(&mut self, slot: usize) {
        self.0[slot / 32] |= 1 << (slot % 32);
    }

    fn contains(&self, slot: usize) -> bool {
        self.0[slot / 32] >> (slot % 32) & 1 == 1
    }
}

struct Scanner<'r> {
    keys: &'r Keys,
    tags: HeadTags,
    read: Read<'r>,
    buffer: &'r mut [u8; RECORD_BYTES],
}

impl Scanner<'_> {
    fn with_anchor(&mut self, anchor: Anchor, index: &mut Index) -> Content {
        let mut found: Option<(Bank, Chain, usize)> = None;
        let mut bank_sequence = 0;
        for number in 0..BANKS {
            let Some(header) = self.open_header(number) else {
                continue;
            };
            bank_sequence = bank_sequence.max(header.sequence);
            // One that was being erased is incomplete; it only counts that one is there.
            let Some((bank, chain, changes)) = self.bank(number, header, anchor.count) else {
                continue;
            };
            let rank = |bank: &Bank| (bank.newest, bank.header.sequence);
            let better = found
                .as_ref()
                .is_none_or(|(other, ..)| rank(other) < rank(&bank));
            if better {
                found = Some((bank, chain, changes));
            }
        }
        let Some((bank, chain, changes)) = found.filter(|(bank, ..)| bank.newest >= anchor.count)
        else {
            return Content::Refused;
        };
        match self.fill_index(&bank, &chain, changes, index) {
            Some(stale) => Content::Vault {
                bank,
                anchor,
                stale,
                bank_sequence,
            },
            None => Content::Refused,
        }
    }

    /// Without an anchor only a vault that never held anything is believed.
    fn without_anchor(&mut self) -> Content {
        let anchor_marked = (0..ANCHOR_PAGES).any(|page| {
            let first = (ANCHOR_PAGE + page) * PAGE_WORDS;
            (ANCHOR_MARK..PAGE_WORDS)
                .filter(|word| *word != ANCHOR_KILL)
                .any(|word| (self.read)(first + word) != ERASED)
        });
        if anchor_marked {
            return Content::Refused;
        }
        let mut content = Content::Blank;
        for number in 0..BANKS {
            let mark = (self.read)(number * BANK_WORDS + BANK_MARK);
            content = match (self.open_header(number), content) {
                (Some(header), Content::Blank) => match self.bank(number, header, 0) {
                    Some((bank, ..)) if bank.highest == 0 && header.sequence == 1 => {
                        Content::AnchorMissing(bank)
                    }
                    _ => return Content::Refused,
                },
                (None, content) if mark == ERASED => content,
                _ => return Content::Refused,
            };
        }
        content
    }

    /// The header of a bank that was opened.
    fn open_header(&self, bank: usize) -> Option<BankHeader> {
        let header = bank_header(self.keys, self.read, bank)?;
        let word = |word: usize| (self.read)(bank * BANK_WORDS + word);
        let marked = word(BANK_MARK) != ERASED || word(BANK_SECOND_MARK) != ERASED;
        let open = marked || self.changes_traced(bank, &header);
        (open && word(BANK_KILL) == ERASED).then_some(header)
    }

    /// Whether any word behind the copies was written.
    fn changes_traced(&self, bank: usize, header: &BankHeader) -> bool {
        self.copies_end(bank, header).is_some_and(|slot| {
            let first = bank * BANK_WORDS;
            (slot * SLOT_WORDS..BANK_WORDS).any(|word| (self.read)(first + word) != ERASED)
        })
    }

    /// The slot behind the copies; none if one is missing.
    fn copies_end(&self, bank: usize, header: &BankHeader) -> Option<usize> {
        (0..header.copies).try_fold(HEADER_SLOTS, |slot, _| {
            let head = self
                .head(bank, header, slot)
                .filter(|head| head.step == 0)?;
            Some(slot + head.slots())
        })
    }

    /// The head that stands at this slot.
    fn head(&self, bank: usize, header: &BankHeader, slot: usize) -> Option<Head> {
        if slot >= SLOTS {
            return None;
        }
        let first = bank * BANK_WORDS + slot * SLOT_WORDS;
        let words = core::array::from_fn(|word| (self.read)(first + word));
        let head = Head::from_words(words)?;
        let place = Place {
            bank,
            bank_sequence: header.sequence,
            slot,
        };
        let whole = slot + head.slots() <= SLOTS;
        (whole && self.tags.tag(&head, place) == (self.read)(first + 3)).then_some(head)
    }

    /// Finds the chain of changes of a bank; none if a copy or a change is missing.
    fn bank(
        &mut self,
        number: usize,
        header: BankHeader,
        count: u32,
    ) -> Option<(Bank, Chain, usize)> {
        let changes = self.copies_end(number, &header)?;
        let mut chain = Chain([0; SLOTS / 32]);
        let mut highest = header.base;
        let mut newest = None;
        let mut expected = header.base;
        for slot in (changes..SLOTS).rev() {
            let Some(head) = self
                .head(number, &header, slot)
                .filter(|head| head.step != 0)
            else {
                continue;
            };
            highest = highest.max(head.sequence);
            let follows = match newest {
                // Beyond the count only what is whole; up to it all is whole.
                None => head.sequence <= count || self.is_whole(number, &header, slot, &head),
                Some(_) if head.sequence < expected => return None,
                Some(_) => head.sequence == expected,
            };
            if follows {
                newest.get_or_insert(head.sequence);
                expected = head.previous();
                chain.insert(slot);
            }
        }
        if expected != header.base {
            return None;
        }
        let first = number * BANK_WORDS;
        let last_word = (changes * SLOT_WORDS..BANK_WORDS)
            .rev()
            .find(|word| (self.read)(first + word) != ERASED);
        // The word behind the last one may be half written.
        let next_slot = last_word.map_or(changes, |word| word / SLOT_WORDS + 1) + 1;
        let bank = Bank {
            bank: number,
            header,
            newest: newest.unwrap_or(header.base),
            highest,
            next_slot,
        };
        Some((bank, chain, changes))
    }

    fn is_whole(&mut self, bank: usize, header: &BankHeader, slot: usize, head: &Head) -> bool {
        let place = Place {
            bank,
            bank_sequence: header.sequence,
            slot,
        };
        let whole = open_record(self.keys, head, place, self.read, self.buffer);
        zeroize::Zeroize::zeroize(&mut self.buffer[..]);
        whole
    }

    /// Reads copies and changes in their order. Whether secrets are stale; none
    /// if something does not fit together.
    fn fill_index(
        &mut self,
        bank: &Bank,
        chain: &Chain,
        changes: usize,
        index: &mut Index,
    ) -> Option<bool> {
        let mut stale = false;
        let mut slot = HEADER_SLOTS;
        while slot < SLOTS {
            let head = if slot < changes || chain.contains(slot) {
                self.head(bank.bank, &bank.header, slot)
            } else {
                None
            };
            let Some(head) = head else {
                slot += 1;
                continue;
            };
            // Its tag covers the head's words wholly.
            if matches!(head.change, Change::State(_))
                && !self.is_whole(bank.bank, &bank.header, slot, &head)
            {
                return None;
            }
            stale |= index.apply(&head, slot)?;
            slot += head.slots();
        }
        Some(stale)
    }
}

/// Reads a record of the region and opens it: the content stands at the start of
/// `buffer` then. False if it is not whole.
#[inline(never)]
pub fn open_record(
    keys: &Keys,
    head: &Head,
    place: Place,
    read: Read<'_>,
    buffer: &mut [u8],
) -> bool {
    let first = place.bank * BANK_WORDS + place.slot * SLOT_WORDS;
    let length = usize::from(head.length).min(MAX_CONTENT);
    let content_word = first + PREFIX_WORDS;
    let mut nonce = [0; NONCE];
    let mut tag = [0; TAG];
    read_bytes(read, first + PREFIX_WORDS - NONCE / 4, &mut nonce);
    read_bytes(read, content_word + length.div_ceil(4), &mut tag);
    let Some(content) = buffer.get_mut(..length) else {
        return false;
    };
    read_bytes(read, content_word, content);
    keys.open(head, place, &nonce, content, &tag)
}

fn read_bytes(read: Read<'_>, first: usize, bytes: &mut [u8]) {
    for (word, bytes) in (first..).zip(bytes.chunks_mut(4)) {
        bytes.copy_from_slice(&read(word).to_le_bytes()[..bytes.len()]);
    }
}

/// The header of a bank, whether the bank is open or not.
pub fn bank_header(keys: &Keys, read: Read<'_>, bank: usize) -> Option<BankHeader> {
    let word = |word: usize| read(bank * BANK_WORDS + word);
    let header = BankHeader::from_words(core::array::from_fn(word))?;
    let tag: [u32; 4] = core::array::from_fn(|index| word(6 + index));
    (tag == keys.bank_tag(header, bank)).then_some(header)
}

/// The header of a page of the anchor, whether the page is open or not.
pub fn anchor_header(keys: &Keys, read: Read<'_>, page: usize) -> Option<AnchorHeader> {
    let word = |word: usize| read((ANCHOR_PAGE + page) * PAGE_WORDS + word);
    let header = AnchorHeader::from_words(core::array::from_fn(word))?;
    let tag: [u32; 4] = core::array::from_fn(|index| word(4 + index));
    (tag == keys.anchor_tag(header, page)).then_some(header)
}

/// Reads the anchor; none if no page of it is open.
fn scan_anchor(keys: &Keys, read: Read<'_>) -> Option<Anchor> {
    let mut found: Option<Anchor> = None;
    let mut erases = [0; ANCHOR_PAGES];
    for (page, erases) in erases.iter_mut().enumerate() {
        let word = |word| read((ANCHOR_PAGE + page) * PAGE_WORDS + word);
        let Some(header) = anchor_header(keys, read, page) else {
            continue;
        };
        *erases = header.erases;
        let last = (ANCHOR_COUNTS..PAGE_WORDS)
            .rev()
            .find(|index| word(*index) != ERASED);
        let marked = [ANCHOR_MARK, ANCHOR_SECOND_MARK]
            .iter()
            .any(|index| word(*index) != ERASED);
        if (!marked && last.is_none()) || word(ANCHOR_KILL) != ERASED {
            continue;
        }
        let counted = last.map_or(0, |last| (last + 1 - ANCHOR_COUNTS) as u32);
        let count = header.base.saturating_add(counted);
        let better = found
            .is_none_or(|other| (other.count, other.header.sequence) < (count, header.sequence));
        if better {
            found = Some(Anchor {
                page,
                header,
                count,
                counted: last.is_some(),
                erases: [0; ANCHOR_PAGES],
            });
        }
    }
    found.map(|anchor| Anchor { erases, ..anchor })
}
