//! What is written when: changes, copies into the other bank, the anchor, and what the next start makes of a cut.
//!
//! 1. A change is written behind the last one, then the anchor counts it; only
//!    then it is shown and acknowledged. So whatever a record looks like that the
//!    anchor does not count, nobody relies on it; and a record that the anchor
//!    counts was written to its end.
//! 2. At a start, a whole record beyond the count may be unstable, and the word
//!    of the anchor may have been begun. It is not dropped, because tomorrow the
//!    anchor might show; and not shown, because tomorrow it might not read. All
//!    that counts, it included, is copied to the other bank, and the anchor
//!    counts it then.
//! 3. The first record after a start leaves a slot and a number free: a record of
//!    which nothing was seen may have been begun there. Each record names the
//!    change before it, so that what lies between is void for good.
//! 4. A bank is open once its first mark shows, written when all copies are
//!    complete. The mark may be unstable: the bank before is erased only when a
//!    change after the mark, or the second mark, proves it. The same holds for
//!    the pages of the anchor. What is to be erased gets a kill mark first, so
//!    that it does not come back when the erase is cut short.
//! 5. Where a change leaves a secret behind that is of no use any more, all that
//!    counts is copied to the other bank and this one erased, before the change
//!    is acknowledged. A cut in between is made good at the next start.
//!
//! [`Log`] holds no reference to the flash: its caller carries out what
//! [`Log::next`] asks for. So the tests can stop it between any two operations.

mod copying;
mod counting;
mod going_on;
mod writing;

use kernel::ErrorCode;
use zeroize::Zeroize;

use super::format::{
    record_slots, AnchorHeader, BankHeader, Change, Head, ANCHOR_KILL, ANCHOR_PAGE, ANCHOR_PAGES,
    BANKS, BANK_KILL, BANK_PAGES, BANK_WORDS, ERASED, HEADER_SLOTS, MARK, MAX_CONTENT, PAGES,
    PAGE_WORDS, RECORD_BYTES, SLOTS, SLOT_WORDS,
};
use super::index::{Entry, Generation, Index, MAX_OBJECTS};
use super::scan::{anchor_header, bank_header, open_record, scan, Anchor, Bank, Content, Read};
use super::seal::{Keys, Place};
use crate::key_store::policy::{Kind, State};
use meter_hil::random_source::RandomSource;

/// The next thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write one word of the region, then call [`Log::next`] again.
    Write {
        /// Word.
        word: usize,
        /// Value.
        value: u32,
    },
    /// Erase one page of the region, then call [`Log::next`] again.
    Erase {
        /// Page.
        page: usize,
    },
    /// Nothing is left to do.
    Finished(Outcome),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is due.
    Idle,
    /// The change that was asked for is durable.
    Committed,
    /// Flash or randomness failed.
    Failed(ErrorCode),
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it does.
    pub change: Change,
    /// Number of the object's kind.
    pub kind: u8,
    /// The object.
    pub object: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A new meter: nothing is written before the first change.
    Blank,
    /// The first bank is open, the anchor is not.
    AnchorMissing,
    Ready,
    Refused,
}

/// Why pages are erased.
#[derive(Clone, Copy)]
enum Purpose {
    OpenBank,
    OpenAnchor,
    ForgetOldBank,
}

/// What has just been written.
#[derive(Clone, Copy)]
enum Written {
    BankHeader,
    CopyPrefix,
    Copy,
    BankMark,
    BankSecondMark,
    RecordPrefix,
    Record,
    AnchorHeader,
    AnchorMark,
    AnchorSecondMark,
    AnchorCount(u32),
    /// The kill mark of what is to be erased: pages and purpose.
    Kill(usize, usize, Purpose),
}

#[derive(Clone, Copy)]
enum Phase {
    Decide,
    Erase {
        page: usize,
        end: usize,
        purpose: Purpose,
    },
    Write(Written),
}

/// The bank that is being opened.
struct Opening {
    bank: usize,
    header: BankHeader,
    next_slot: usize,
    /// 0: the state is copied next; *n*: the entry of number *n* - 1.
    cursor: usize,
    state_slot: Option<u16>,
    slots: [u16; MAX_OBJECTS],
}

/// Words of the record buffer that are being written.
#[derive(Clone, Copy, Default)]
struct Burst {
    word: usize,
    done: usize,
    first: usize,
    end: usize,
}

/// The state of the vault.
pub struct Log {
    keys: Keys,
    index: Index,
    mode: Mode,
    bank: Bank,
    /// That the bank is open does not hang on an unstable mark.
    firm: bool,
    anchor: Anchor,
    /// The same of the anchor's page.
    anchor_firm: bool,
    bank_sequence: u32,
    /// Pages with a header that could still be believed.
    legible: [bool; PAGES],
    /// No record was written since the start.
    fresh: bool,
    /// The bank holds secrets that are of no use any more.
    scrub: bool,
    /// The other bank does.
    forget: bool,
    pending: Option<Request>,
    content: [u8; MAX_CONTENT],
    content_length: usize,
    /// A change is to be acknowledged when all that it entails is done.
    committing: bool,
    opening: Option<Opening>,
    anchor_opening: AnchorHeader,
    /// The record in the buffer.
    record: Option<(Head, Place)>,
    buffer: [u8; RECORD_BYTES],
    burst: Burst,
    phase: Phase,
}

const NO_BANK: Bank = Bank {
    bank: 0,
    header: BankHeader {
        sequence: 0,
        base: 0,
        copies: 0,
        scrub: false,
        erases: [0; BANKS],
    },
    newest: 0,
    highest: 0,
    next_slot: HEADER_SLOTS,
};

const NO_ANCHOR: Anchor = Anchor {
    page: 1,
    header: AnchorHeader {
        sequence: 0,
        base: 0,
        erases: 0,
    },
    count: 0,
    counted: false,
    erases: [0; ANCHOR_PAGES],
};

impl Log {
    /// Takes the keys of this root, before [`open`](Self::open).
    pub fn derive_keys(&mut self, root: &[u8; 32]) {
        self.keys.derive(root);
    }

    /// Makes a log that knows of nothing before [`open`](Self::open).
    pub const fn closed() -> Self {
        Log {
            keys: Keys::none(),
            index: Index::new(),
            mode: Mode::Refused,
            bank: NO_BANK,
            firm: false,
            anchor: NO_ANCHOR,
            anchor_firm: false,
            bank_sequence: 0,
            legible: [false; PAGES],
            fresh: true,
            scrub: false,
            forget: false,
            pending: None,
            content: [0; MAX_CONTENT],
            content_length: 0,
            committing: false,
            opening: None,
            anchor_opening: NO_ANCHOR.header,
            record: None,
            buffer: [0; RECORD_BYTES],
            burst: Burst {
                word: 0,
                done: 0,
                first: 0,
                end: 0,
            },
            phase: Phase::Decide,
        }
    }

    /// Reads the flash and takes up where it was left.
    #[inline(never)]
    pub fn open(&mut self, read: Read<'_>) {
        for bank in 0..BANKS {
            let killed = read(bank * BANK_WORDS + BANK_KILL) == MARK;
            self.legible[bank * BANK_PAGES] =
                !killed && bank_header(&self.keys, read, bank).is_some();
        }
        for page in 0..ANCHOR_PAGES {
            let killed = read((ANCHOR_PAGE + page) * PAGE_WORDS + ANCHOR_KILL) == MARK;
            self.legible[ANCHOR_PAGE + page] =
                !killed && anchor_header(&self.keys, read, page).is_some();
        }
        match scan(&self.keys, read, &mut self.index, &mut self.buffer) {
            Content::Blank => self.mode = Mode::Blank,
            Content::AnchorMissing(bank) => {
                self.mode = Mode::AnchorMissing;
                self.bank = bank;
                self.bank_sequence = bank.header.sequence;
            }
            Content::Vault {
                bank,
                anchor,
                stale,
                bank_sequence,
            } => {
                self.mode = Mode::Ready;
                self.firm = bank.newest != bank.header.base;
                self.bank = bank;
                self.anchor_firm = anchor.counted;
                self.anchor = anchor;
                self.scrub = stale;
                self.bank_sequence = bank_sequence;
                let other = (BANKS - 1 - bank.bank) * BANK_WORDS;
                self.forget = bank.header.scrub
                    && (other..other + BANK_WORDS).any(|word| read(word) != ERASED);
            }
            Content::Refused => self.mode = Mode::Refused,
        }
    }

    /// Whether the flash holds something that this vault did not leave so.
    pub fn is_refused(&self) -> bool {
        self.mode == Mode::Refused
    }

    /// Whether what the vault holds must not be shown before
    /// [`next`](Self::next) has been carried through.
    pub fn needs_settling(&self) -> bool {
        self.bank.newest > self.anchor.count
    }

    /// Whether something is to be written, even if nobody asks for it.
    pub fn has_work(&self) -> bool {
        self.mode == Mode::Ready && (self.needs_settling() || self.scrub || self.forget)
    }

    /// Returns the meter's state.
    pub fn state(&self) -> State {
        self.index.state()
    }

    /// Number of the newest change that was acknowledged.
    pub fn newest(&self) -> u32 {
        self.bank.newest
    }

    /// Slots that live records take, of [`LIVE_SLOTS`](super::format::LIVE_SLOTS).
    pub fn live_slots(&self) -> usize {
        self.index.live_slots()
    }

    /// Returns how often the most erased page of banks and anchor has been erased.
    pub fn most_erases(&self) -> u32 {
        let banks = self.bank.header.erases.into_iter();
        banks.chain(self.anchor.erases).fold(0, u32::max)
    }

    /// Returns the entry of an object's current content, or of its successor, if there is
    /// one.
    pub fn find(&self, object: u16, generation: Generation) -> Option<&Entry> {
        self.index.find(object, generation)
    }

    /// Copies the content of an object to the start of `bytes`, and returns its length in
    /// bytes.
    ///
    /// # Errors
    /// Fails with `UNINSTALLED` if there is none, with `FAIL` if it is not what was written,
    /// or of another kind, and with `SIZE` if it is longer than `bytes`.
    #[inline(never)]
    pub fn read(
        &self,
        object: u16,
        generation: Generation,
        kind: Kind,
        bytes: &mut [u8],
        read: Read<'_>,
    ) -> Result<usize, ErrorCode> {
        let entry = self
            .find(object, generation)
            .ok_or(ErrorCode::UNINSTALLED)?;
        if entry.lost || entry.kind != kind {
            return Err(ErrorCode::FAIL);
        }
        let head = self.head(entry.slot, read).ok_or(ErrorCode::FAIL)?;
        if head.object != object {
            return Err(ErrorCode::FAIL);
        }
        let length = usize::from(head.length);
        let bytes = bytes.get_mut(..length).ok_or(ErrorCode::SIZE)?;
        let place = self.place(entry.slot.into());
        open_record(&self.keys, &head, place, read, bytes)
            .then_some(length)
            .ok_or(ErrorCode::FAIL)
    }

    /// Asks for a change of an object to `content`.
    ///
    /// # Errors
    /// Fails with `BUSY` while another change is on its way, with `SIZE` if the content is
    /// longer than [`MAX_CONTENT`] bytes, with `NOMEM` if there is no room, and with `FAIL`
    /// if the vault is refused.
    pub fn commit(&mut self, request: Request, content: &[u8]) -> Result<(), ErrorCode> {
        if self.is_refused() {
            return Err(ErrorCode::FAIL);
        }
        if self.pending.is_some() || self.committing {
            return Err(ErrorCode::BUSY);
        }
        let target = self.content.get_mut(..content.len());
        let target = target.ok_or(ErrorCode::SIZE)?;
        let length = content.len();
        if !self.index.has_room(request.change, request.object, length) {
            return Err(ErrorCode::NOMEM);
        }
        target.copy_from_slice(content);
        self.content_length = length;
        self.pending = Some(request);
        Ok(())
    }

    /// The next flash operation. To be called when the one before has ended
    /// well; [`failed`](Self::failed) if it has not.
    #[inline(never)]
    pub fn next(&mut self, read: Read<'_>, random: &dyn RandomSource) -> Step {
        loop {
            if let Some(step) = self.next_of_burst() {
                return step;
            }
            let step = match self.phase {
                Phase::Decide => self.decide(random),
                Phase::Erase { page, end, purpose } => self.erased(page, end, purpose, read),
                Phase::Write(written) => self.written(written, read, random),
            };
            match step {
                Ok(None) => {}
                Ok(Some(step)) => return step,
                Err(error) => return Step::Finished(self.failed(error)),
            }
        }
    }

    /// The operation that [`next`](Self::next) asked for has failed. Whether the
    /// change took effect is known after the next start. What could not be settled
    /// is refused until then.
    #[inline(never)]
    pub fn failed(&mut self, error: ErrorCode) -> Outcome {
        self.content.zeroize();
        self.buffer.zeroize();
        self.burst = Burst::default();
        self.phase = Phase::Decide;
        self.pending = None;
        self.committing = false;
        self.opening = None;
        self.record = None;
        if self.needs_settling() {
            self.mode = Mode::Refused;
        }
        Outcome::Failed(error)
    }

    /// What is due next, by the rules.
    fn decide(&mut self, random: &dyn RandomSource) -> Result<Option<Step>, ErrorCode> {
        match self.mode {
            Mode::Refused => return Err(ErrorCode::FAIL),
            Mode::Blank if self.pending.is_none() => {
                return Ok(Some(Step::Finished(Outcome::Idle)))
            }
            Mode::Blank => return Ok(self.begin_opening(false)),
            Mode::AnchorMissing if self.pending.is_none() => {
                return Ok(Some(Step::Finished(Outcome::Idle)))
            }
            Mode::AnchorMissing if !self.firm => self.begin_second_mark(),
            Mode::AnchorMissing => return Ok(self.begin_anchor_page(0)),
            Mode::Ready => return self.decide_ready(random),
        }
        Ok(None)
    }

    fn decide_ready(&mut self, random: &dyn RandomSource) -> Result<Option<Step>, ErrorCode> {
        let moved = self.bank.newest == self.bank.header.base;
        if self.needs_settling() && !moved {
            return Ok(self.begin_opening(self.scrub));
        }
        if (self.needs_settling() || self.forget) && !self.firm {
            self.begin_second_mark();
            return Ok(None);
        }
        if self.needs_settling() {
            return Ok(self.begin_count(self.bank.newest));
        }
        if self.forget {
            let page = (BANKS - 1 - self.bank.bank) * BANK_PAGES;
            let purpose = Purpose::ForgetOldBank;
            return Ok(self.begin_erase(page, page + BANK_PAGES, purpose));
        }
        if self.scrub {
            return Ok(self.begin_opening(true));
        }
        if let Some(request) = self.pending {
            if self.bank.next_slot + record_slots(self.content_length) > SLOTS {
                if !self.firm {
                    self.begin_second_mark();
                    return Ok(None);
                }
                return Ok(self.begin_opening(false));
            }
            if self.anchor_firm {
                self.begin_record(request, random)?;
            } else {
                self.begin_anchor_second_mark();
            }
            return Ok(None);
        }
        let outcome = if core::mem::take(&mut self.committing) {
            Outcome::Committed
        } else {
            Outcome::Idle
        };
        Ok(Some(Step::Finished(outcome)))
    }

    fn place(&self, slot: usize) -> Place {
        Place {
            bank: self.bank.bank,
            bank_sequence: self.bank.header.sequence,
            slot,
        }
    }

    /// The head of a record of the active bank, if it is a head.
    fn head(&self, slot: u16, read: Read<'_>) -> Option<Head> {
        let first = self.bank.bank * BANK_WORDS + usize::from(slot) * SLOT_WORDS;
        Head::from_words(core::array::from_fn(|word| read(first + word)))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.content.zeroize();
        self.buffer.zeroize();
    }
}
