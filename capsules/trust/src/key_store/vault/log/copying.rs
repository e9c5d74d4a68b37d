//! Copying all that counts to the other bank.

use kernel::ErrorCode;

use super::super::format::{
    BankHeader, Change, Head, BANKS, BANK_MARK, BANK_PAGES, BANK_WORDS, HEADER_SLOTS, PREFIX_WORDS,
};
use super::super::index::{Entry, Generation, MAX_OBJECTS};
use super::super::scan::{open_record, Bank, Read};
use super::super::seal::Place;
use super::{Log, Mode, Opening, Purpose, Step, Written};
use meter_hil::random_source::RandomSource;

impl Log {
    /// Starts to copy all that counts to the other bank.
    ///
    /// - `scrub`: whether this bank is to be erased then
    pub(super) fn begin_opening(&mut self, scrub: bool) -> Option<Step> {
        let bank = match self.mode {
            Mode::Blank => 0,
            _ => BANKS - 1 - self.bank.bank,
        };
        let mut erases = self.bank.header.erases;
        erases[bank] = erases[bank].saturating_add(1);
        if scrub {
            let other = &mut erases[BANKS - 1 - bank];
            *other = other.saturating_add(1);
        }
        self.opening = Some(Opening {
            bank,
            header: BankHeader {
                sequence: self.bank_sequence.wrapping_add(1),
                base: self.bank.newest,
                copies: self.index.records(),
                scrub,
                erases,
            },
            next_slot: HEADER_SLOTS,
            cursor: 0,
            state_slot: None,
            slots: [0; MAX_OBJECTS],
        });
        // Of a bank with this sequence there is no second content.
        self.bank_sequence = self.bank_sequence.wrapping_add(1);
        let page = bank * BANK_PAGES;
        self.begin_erase(page, page + BANK_PAGES, Purpose::OpenBank)
    }

    /// Starts on the next copy, or on the open mark.
    pub(super) fn copy_next(
        &mut self,
        read: Read<'_>,
        random: &dyn RandomSource,
    ) -> Result<(), ErrorCode> {
        self.record = None;
        let Some((head, old_slot)) = self.next_to_copy(read)? else {
            let opening = self.opening.as_ref().ok_or(ErrorCode::FAIL)?;
            let word = opening.bank * BANK_WORDS + BANK_MARK;
            self.begin_mark(word, Written::BankMark);
            return Ok(());
        };
        let old_place = self.place(old_slot.into());
        let opening = self.opening.as_mut().ok_or(ErrorCode::FAIL)?;
        let content = &mut self.buffer[4 * PREFIX_WORDS..];
        let survived = open_record(&self.keys, &head, old_place, read, content);
        let cursor = opening.cursor - 1;
        let head = match (survived, cursor.checked_sub(1)) {
            (true, _) => Head { step: 0, ..head },
            (false, None) => return Err(ErrorCode::FAIL),
            (false, Some(number)) => {
                let entry = self.index.entry_mut(number).ok_or(ErrorCode::FAIL)?;
                let lost = lost(entry, head.sequence);
                entry.lost = true;
                entry.slots = lost.slots() as u8;
                lost
            }
        };
        let place = Place {
            bank: opening.bank,
            bank_sequence: opening.header.sequence,
            slot: opening.next_slot,
        };
        match cursor.checked_sub(1) {
            None => opening.state_slot = Some(place.slot as u16),
            Some(number) => opening.slots[number] = place.slot as u16,
        }
        opening.next_slot += head.slots();
        self.begin_prefix(head, place, Written::CopyPrefix, random)
    }

    /// The next record to be copied and where it stands; moves the cursor behind it.
    pub(super) fn next_to_copy(
        &mut self,
        read: Read<'_>,
    ) -> Result<Option<(Head, u16)>, ErrorCode> {
        let opening = self.opening.as_mut().ok_or(ErrorCode::FAIL)?;
        if opening.cursor == 0 {
            opening.cursor = 1;
            if let Some(slot) = self.index.state_slot() {
                let head = self.head(slot, read).ok_or(ErrorCode::FAIL)?;
                return Ok(Some((head, slot)));
            }
        }
        let opening = self.opening.as_mut().ok_or(ErrorCode::FAIL)?;
        let first = opening.cursor - 1;
        let next = self.index.entries().find(|(number, _)| *number >= first);
        let Some((number, entry)) = next else {
            return Ok(None);
        };
        opening.cursor = number + 2;
        let (slot, lost) = (entry.slot, lost(entry, 0));
        let head = self.head(slot, read);
        Ok(Some((head.unwrap_or(lost), slot)))
    }

    /// The other bank is open: it is the one that counts.
    pub(super) fn opened(&mut self) -> Result<(), ErrorCode> {
        let opening = self.opening.take().ok_or(ErrorCode::FAIL)?;
        for (number, slot) in opening.slots.into_iter().enumerate() {
            if let Some(entry) = self.index.entry_mut(number) {
                entry.slot = slot;
            }
        }
        if let Some(slot) = opening.state_slot {
            self.index.move_state(slot);
        }
        self.bank = Bank {
            bank: opening.bank,
            header: opening.header,
            newest: self.bank.newest,
            highest: self.bank.highest,
            next_slot: opening.next_slot,
        };
        self.firm = true;
        self.forget = opening.header.scrub;
        self.scrub = false;
        if self.mode == Mode::Blank {
            self.mode = Mode::AnchorMissing;
        }
        Ok(())
    }
}

/// The head of a record that says that an object's content did not survive.
fn lost(entry: &Entry, sequence: u32) -> Head {
    Head {
        change: match entry.generation {
            Generation::Current => Change::Lost,
            Generation::Successor => Change::LostSuccessor,
        },
        kind: entry.kind as u8,
        object: entry.object,
        length: 0,
        step: 0,
        sequence,
    }
}
