//! Writing the energy store: the order of flash operations, one at a time.
//!
//! # Rules
//!
//! 1. A record is written head first, CRC, then commit; it is acknowledged when
//!    the commit word is complete and the record reads back.
//! 2. The first record after each start is preceded by a start mark, so that a
//!    word which reads as erased but is not becomes firm.
//! 3. A page is opened, once it is erased, by its header, a copy of the newest
//!    record of each kind, and two open marks. Only then is it the active one.
//! 4. The page after the active one is erased before it is needed: after the
//!    first record of a start, as soon as the active one has less than
//!    [`SPARE_WORDS`] left. Records go on meanwhile. So a record whose supply is
//!    failing waits for no erase, unless it is the first of its start. Before that
//!    one nothing is erased: starts, however many, wear no page.
//! 5. After a start the next page is opened
//!    - before anything is shown, if the scan believes but does not find firm
//!      ([`Log::needs_repair`]);
//!    - before the first record, if something stands behind the last valid one:
//!      so at most one word of a page is ever in doubt, the one that rule 2 is for;
//!    - before the first record, if the last one is of the other kind: its
//!      commit word may be half written, and only as the last record could it
//!      do without;
//!    - before the first record, if a page that is not open has a higher
//!      sequence than the active one: it may look open at another time.
//!
//! [`Log`] holds no reference to the flash: its caller carries out what
//! [`Log::next`] asks for. So the tests can stop it between any two operations.
//! An erase goes on beside what [`Log::next`] asks for after it.

use super::format::{
    Burst, Decoded, Form, Kind, PageHeader, Place, Record, ERASED, HEADER_WORDS, KINDS, MAX_OFFSET,
    OPEN_MARK, OPEN_MARK_WORD, PAGES, PAGE_WORDS, RECORD_WORDS, START_MARK,
};
use super::scan::{scan_page, scan_store};

/// Words left in the active page below which the next page is erased: two of
/// the longest records.
pub const SPARE_WORDS: usize = 2 * RECORD_WORDS;

/// The next thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write one word of the store, then call [`Log::next`] again.
    Write {
        /// Word of the store.
        word: usize,
        /// Value.
        value: u32,
    },
    /// Start to erase one page, and call [`Log::next`] again; call
    /// [`Log::erased`] when it is erased.
    Erase {
        /// Page of the store.
        page: usize,
    },
    /// Nothing can be done before the page is erased.
    Waiting,
    /// Nothing is left to do.
    Finished(Outcome),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    Idle,
    /// What was not firm is so now.
    Repaired,
    /// The record is durable.
    Appended {
        /// Kind of the record.
        kind: Kind,
        /// Its sequence.
        sequence: u32,
    },
    /// The flash does not hold what is written to it.
    Failed,
}

/// The page that records go to.
#[derive(Clone, Copy)]
struct Active {
    page: usize,
    header: PageHeader,
    next_word: usize,
    /// For each kind, where a firm whole record stands that deltas refer to.
    bases: [Option<usize>; KINDS],
}

/// A page that is being opened.
#[derive(Clone, Copy)]
struct Opening {
    active: Active,
    /// Index of the next kind to be copied.
    next_kind: usize,
}

/// The page that is opened next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spare {
    /// Not known to be erased: what an interrupted erase left may read so.
    None,
    /// It is being erased.
    Erasing(usize),
    /// It is erased.
    Ready(usize),
}

#[derive(Clone, Copy)]
enum Phase {
    /// The next step is to be decided.
    Decide,
    /// Header or copies of a page are being written.
    Open(Opening),
    /// The open marks are being written.
    OpenMarks(Opening),
    /// A record is being written at this word of the active page.
    Append { record: Record, word: usize },
}

/// The state of the store.
pub struct Log {
    active: Option<Active>,
    newest: [Option<Record>; KINDS],
    /// Kind of the last record before this start; none once it does not matter.
    tail_before_start: Option<Kind>,
    start_mark_due: bool,
    repair_due: bool,
    next_page_due: bool,
    highest_page_sequence: u32,
    last_page: usize,
    erases: [Option<u32>; PAGES],
    spare: Spare,
    pending: Option<Record>,
    attempts: usize,
    phase: Phase,
    burst: Burst,
    burst_start: usize,
    burst_done: usize,
}

impl Log {
    /// Reads the store and takes up where it was left.
    ///
    /// - `read`: reads a word of the store
    #[inline(never)]
    pub fn mount(read: &dyn Fn(usize) -> u32) -> Self {
        let content = scan_store(read);
        let (page_sequence, last_page) = content.highest.unwrap_or((0, PAGES - 1));
        let found = content.active.map(|(_, found)| found);
        Log {
            active: content.active.map(|(page, found)| Active {
                page,
                header: found.header,
                next_word: found.next_word,
                bases: found.copies,
            }),
            newest: found.map_or([None; KINDS], |found| found.newest),
            tail_before_start: found.and_then(|found| found.tail),
            start_mark_due: true,
            repair_due: found.is_some_and(|found| !found.firm),
            next_page_due: content.superseded || found.is_some_and(|found| found.littered),
            highest_page_sequence: page_sequence,
            last_page: content.active.map_or(last_page, |(page, _)| page),
            erases: content.erases,
            spare: Spare::None,
            pending: None,
            attempts: 0,
            phase: Phase::Decide,
            burst: Burst::new(),
            burst_start: 0,
            burst_done: 0,
        }
    }

    /// Whether what [`newest`](Self::newest) gives must not be shown before
    /// [`next`](Self::next) has been carried through.
    pub fn needs_repair(&self) -> bool {
        self.repair_due
    }

    /// Returns the newest durable record of a kind, if there is any.
    #[inline(never)]
    pub fn newest(&self, kind: Kind) -> Option<&Record> {
        self.newest[kind.index()].as_ref()
    }

    /// Sequence of the newest record of all; 0 when there is none.
    pub fn last_sequence(&self) -> u32 {
        let base = self.active.map_or(0, |active| active.header.base_sequence);
        let sequences = self.newest.iter().flatten().map(|record| record.sequence);
        sequences.fold(base, u32::max)
    }

    /// Returns how often the most erased page has been erased.
    pub fn most_erases(&self) -> u32 {
        self.erases.iter().flatten().copied().fold(0, u32::max)
    }

    /// Asks for a record to be written. False if one waits already or the
    /// payload has no allowed length.
    #[inline(never)]
    pub fn append(&mut self, kind: Kind, payload: &[u8]) -> bool {
        if self.pending.is_some() {
            return false;
        }
        // The sequence is set when all before it is known.
        self.pending = Record::new(kind, 0, payload);
        self.pending.is_some()
    }

    /// The next flash operation. To be called when the one before has ended
    /// well; [`failed`](Self::failed) if it has not.
    #[inline(never)]
    pub fn next(&mut self, read: &dyn Fn(usize) -> u32) -> Step {
        loop {
            if let Some(&value) = self.burst.as_slice().get(self.burst_done) {
                let word = self.burst_start + self.burst_done;
                self.burst_done += 1;
                return Step::Write { word, value };
            }
            let step = match self.phase {
                Phase::Decide => self.decide(read),
                Phase::Open(opening) => self.copy(opening),
                Phase::OpenMarks(opening) => self.opened(opening, read),
                Phase::Append { record, word } => self.appended(record, word, read),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// The page that [`next`](Self::next) had erased is erased.
    #[inline(never)]
    pub fn erased(&mut self, read: &dyn Fn(usize) -> u32) {
        let Spare::Erasing(page) = self.spare else {
            return;
        };
        let blank = (0..PAGE_WORDS).all(|word| read(page * PAGE_WORDS + word) == ERASED);
        if blank {
            self.spare = Spare::Ready(page);
        } else {
            // It does not hold what it should: the next one is tried.
            self.spare = Spare::None;
            self.attempts += 1;
        }
    }

    /// The page cannot be erased. An outcome if a record waited for it.
    pub fn erase_failed(&mut self) -> Option<Outcome> {
        self.spare = Spare::None;
        let waits = self.pending.is_some() && matches!(self.phase, Phase::Decide);
        waits.then(|| self.failed())
    }

    /// Whether the next page is to be erased before it is needed.
    fn spare_due(&self) -> bool {
        let full = |active: &Active| active.next_word + SPARE_WORDS > PAGE_WORDS;
        self.spare == Spare::None && self.active.as_ref().is_some_and(full)
    }

    /// The write that [`next`](Self::next) asked for has failed. The page
    /// that it belonged to is not used any more.
    #[inline(never)]
    pub fn failed(&mut self) -> Outcome {
        self.burst = Burst::new();
        self.burst_done = 0;
        self.phase = Phase::Decide;
        self.next_page_due = true;
        self.pending = None;
        self.attempts = 0;
        Outcome::Failed
    }

    fn decide(&mut self, read: &dyn Fn(usize) -> u32) -> Option<Step> {
        if self.attempts > PAGES {
            return Some(Step::Finished(self.failed()));
        }
        let sequence = self.last_sequence().wrapping_add(1);
        let pending = self.pending.map(|record| record.numbered(sequence));
        if self.repair_due {
            return self.open_next();
        }
        let Some(record) = pending else {
            if self.spare_due() {
                return Some(self.erase_next());
            }
            return Some(Step::Finished(Outcome::Idle));
        };
        let tail_of_other_kind = self
            .tail_before_start
            .is_some_and(|tail| tail != record.kind);
        if self.next_page_due || tail_of_other_kind || !self.begin_append(record, read) {
            return self.open_next();
        }
        None
    }

    /// Prepares the words of a record; false if the active page has no room for it.
    fn begin_append(&mut self, record: Record, read: &dyn Fn(usize) -> u32) -> bool {
        let Some(active) = self.active else {
            return false;
        };
        let offset = record.sequence.wrapping_sub(active.header.base_sequence);
        if !(1..=MAX_OFFSET).contains(&offset) {
            return false;
        }
        let mut burst = Burst::new();
        let mut word = active.next_word;
        if self.start_mark_due {
            burst.push(START_MARK);
            word += 1;
        }
        let base = active.bases[record.kind.index()]
            .and_then(|word| Some((word, active.decode(word, read)?.record)));
        let place = Place {
            header: &active.header,
            word,
        };
        let base = base.as_ref().map(|(word, base)| (*word, base));
        place.encode(&record, false, base, &mut burst);
        if active.next_word + burst.as_slice().len() > PAGE_WORDS {
            return false;
        }
        self.begin_burst(active.page, active.next_word, burst);
        self.phase = Phase::Append { record, word };
        true
    }

    /// Verifies a record that has been written.
    fn appended(
        &mut self,
        record: Record,
        word: usize,
        read: &dyn Fn(usize) -> u32,
    ) -> Option<Step> {
        self.phase = Phase::Decide;
        let decoded = self.active.and_then(|active| active.decode(word, read));
        let (Some(active), Some(decoded)) = (
            self.active.as_mut(),
            decoded.filter(|decoded| decoded.record == record),
        ) else {
            self.next_page_due = true;
            self.attempts += 1;
            return None;
        };
        active.next_word = decoded.end;
        if decoded.form == Form::Full {
            active.bases[record.kind.index()] = Some(word);
        }
        self.newest[record.kind.index()] = Some(record);
        self.start_mark_due = false;
        self.tail_before_start = None;
        self.pending = None;
        self.attempts = 0;
        Some(Step::Finished(Outcome::Appended {
            kind: record.kind,
            sequence: record.sequence,
        }))
    }

    /// Starts to erase the page after the last one that was tried.
    fn erase_next(&mut self) -> Step {
        let in_use = self.active.map(|active| active.page);
        let mut page = (self.last_page + 1) % PAGES;
        if Some(page) == in_use {
            page = (page + 1) % PAGES;
        }
        self.last_page = page;
        self.erases[page] = Some(self.erases_before(page).saturating_add(1));
        self.spare = Spare::Erasing(page);
        Step::Erase { page }
    }

    /// Starts to open the erased page, or sees to it that there is one.
    fn open_next(&mut self) -> Option<Step> {
        let page = match self.spare {
            Spare::None => return Some(self.erase_next()),
            Spare::Erasing(_) => return Some(Step::Waiting),
            Spare::Ready(page) => page,
        };
        self.spare = Spare::None;
        let copies = Kind::ALL
            .iter()
            .filter(|kind| self.newest[kind.index()].is_some())
            .fold(0, |copies, kind| copies | 1 << kind.index());
        self.highest_page_sequence = self.highest_page_sequence.wrapping_add(1);
        let header = PageHeader {
            copies,
            sequence: self.highest_page_sequence,
            base_sequence: self.last_sequence(),
            erases: self.erases[page].unwrap_or(1),
        };
        let active = Active {
            page,
            header,
            next_word: HEADER_WORDS,
            bases: [None; KINDS],
        };
        let mut burst = Burst::new();
        let words = header.to_words(page);
        words.into_iter().for_each(|word| burst.push(word));
        self.begin_burst(page, 0, burst);
        self.phase = Phase::Open(Opening {
            active,
            next_kind: 0,
        });
        None
    }

    /// Erase count of a page. One whose header was lost to an interrupted erase,
    /// or never written, is taken to be as worn as the pages' turn makes it:
    /// interrupted erases are not counted.
    fn erases_before(&self, page: usize) -> u32 {
        let previous = self.erases[(page + PAGES - 1) % PAGES].unwrap_or(0);
        self.erases[page].unwrap_or(if page == 0 {
            previous
        } else {
            previous.saturating_sub(1)
        })
    }

    /// Starts on the next copy, or on the open marks.
    fn copy(&mut self, mut opening: Opening) -> Option<Step> {
        let mut burst = Burst::new();
        while let Some(kind) = Kind::ALL.get(opening.next_kind).copied() {
            opening.next_kind += 1;
            if let Some(record) = self.newest[kind.index()] {
                let word = opening.active.next_word;
                let place = Place {
                    header: &opening.active.header,
                    word,
                };
                place.encode(&record, true, None, &mut burst);
                opening.active.bases[kind.index()] = Some(word);
                opening.active.next_word += burst.as_slice().len();
                self.begin_burst(opening.active.page, word, burst);
                self.phase = Phase::Open(opening);
                return None;
            }
        }
        (OPEN_MARK_WORD..HEADER_WORDS).for_each(|_| burst.push(OPEN_MARK));
        self.begin_burst(opening.active.page, OPEN_MARK_WORD, burst);
        self.phase = Phase::OpenMarks(opening);
        None
    }

    /// Verifies an opened page and makes it the active one.
    fn opened(&mut self, opening: Opening, read: &dyn Fn(usize) -> u32) -> Option<Step> {
        let Active { page, header, .. } = opening.active;
        let content = PageHeader::read(page, read)
            .filter(|found| *found == header)
            .and_then(|header| scan_page(page, header, read));
        if !content.is_some_and(|content| content.firm && content.newest == self.newest) {
            return self.page_refused();
        }
        self.active = Some(opening.active);
        self.tail_before_start = None;
        self.start_mark_due = false;
        self.next_page_due = false;
        self.phase = Phase::Decide;
        let repaired = core::mem::replace(&mut self.repair_due, false);
        (repaired && self.pending.is_none()).then_some(Step::Finished(Outcome::Repaired))
    }

    /// The page does not hold what was written: the next one is tried.
    fn page_refused(&mut self) -> Option<Step> {
        self.next_page_due = true;
        self.attempts += 1;
        self.phase = Phase::Decide;
        None
    }

    fn begin_burst(&mut self, page: usize, word: usize, burst: Burst) {
        self.burst = burst;
        self.burst_start = page * PAGE_WORDS + word;
        self.burst_done = 0;
    }
}

impl Active {
    fn decode(&self, word: usize, read: &dyn Fn(usize) -> u32) -> Option<Decoded> {
        let page_read = |word: usize| read(self.page * PAGE_WORDS + word);
        Place {
            header: &self.header,
            word,
        }
        .decode(&page_read)
    }
}
