//! Words on their way into flash: records, marks, erases.

use kernel::ErrorCode;
use zeroize::Zeroize;

use super::super::format::{
    record_words, Head, ANCHOR_KILL, BANK_KILL, BANK_SECOND_MARK, BANK_WORDS, MARK, PAGE_WORDS,
    PREFIX_WORDS, SLOT_WORDS,
};
use super::super::scan::Read;
use super::super::seal::{Place, NONCE};
use super::{Burst, Log, Phase, Purpose, Request, Step, Written};
use meter_hil::random_source::RandomSource;

impl Log {
    /// Starts on the record of the change that was asked for.
    pub(super) fn begin_record(
        &mut self,
        request: Request,
        random: &dyn RandomSource,
    ) -> Result<(), ErrorCode> {
        let distance = if self.fresh { 2 } else { 1 };
        let sequence = self.bank.highest.checked_add(distance);
        let sequence = sequence.ok_or(ErrorCode::NOMEM)?;
        let head = Head {
            change: request.change,
            kind: request.kind,
            object: request.object,
            length: self.content_length as u16,
            step: u16::try_from(sequence - self.bank.newest).map_err(|_| ErrorCode::FAIL)?,
            sequence,
        };
        let slot = self.bank.next_slot;
        // From here on the place and the number are used up.
        self.bank.highest = sequence;
        self.bank.next_slot += head.slots();
        self.fresh = false;
        let content = &mut self.content[..self.content_length];
        self.buffer[4 * PREFIX_WORDS..][..content.len()].copy_from_slice(content);
        content.zeroize();
        let place = self.place(slot);
        self.begin_prefix(head, place, Written::RecordPrefix, random)
    }

    /// Starts to write the first words of a record, whose content stands in the
    /// buffer in the clear.
    pub(super) fn begin_prefix(
        &mut self,
        head: Head,
        place: Place,
        written: Written,
        random: &dyn RandomSource,
    ) -> Result<(), ErrorCode> {
        let tag = self.keys.head_tags().tag(&head, place);
        let words = head.to_words().into_iter().chain([tag]);
        for (bytes, word) in self.buffer.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        random.fill(&mut self.buffer[4 * PREFIX_WORDS - NONCE..4 * PREFIX_WORDS])?;
        self.record = Some((head, place));
        let word = place.bank * BANK_WORDS + place.slot * SLOT_WORDS;
        self.begin_burst(word, 0, PREFIX_WORDS, written);
        Ok(())
    }

    /// Seals the content in the buffer and starts to write it.
    pub(super) fn begin_body(&mut self, written: Written) -> Result<(), ErrorCode> {
        let (head, place) = self.record.ok_or(ErrorCode::FAIL)?;
        let length = usize::from(head.length);
        let padded = 4 * length.div_ceil(4);
        let (prefix, body) = self.buffer.split_at_mut(4 * PREFIX_WORDS);
        let nonce = &prefix[4 * PREFIX_WORDS - NONCE..];
        let tag = self.keys.seal(&head, place, nonce, &mut body[..length]);
        body[length..padded].fill(0);
        body[padded..padded + tag.len()].copy_from_slice(&tag);
        let word = place.bank * BANK_WORDS + place.slot * SLOT_WORDS;
        self.begin_burst(word, PREFIX_WORDS, record_words(length), written);
        Ok(())
    }

    pub(super) fn begin_second_mark(&mut self) {
        let word = self.bank.bank * BANK_WORDS + BANK_SECOND_MARK;
        self.begin_mark(word, Written::BankSecondMark);
    }

    pub(super) fn begin_mark(&mut self, word: usize, written: Written) {
        let count = self.fill_buffer([MARK].into_iter());
        self.begin_burst(word, 0, count, written);
    }

    pub(super) fn begin_erase(
        &mut self,
        page: usize,
        end: usize,
        purpose: Purpose,
    ) -> Option<Step> {
        if self.legible[page] {
            let mark = match purpose {
                Purpose::OpenAnchor => ANCHOR_KILL,
                Purpose::OpenBank | Purpose::ForgetOldBank => BANK_KILL,
            };
            self.begin_mark(page * PAGE_WORDS + mark, Written::Kill(page, end, purpose));
            return None;
        }
        self.phase = Phase::Erase { page, end, purpose };
        Some(Step::Erase { page })
    }

    /// Puts words into the buffer; how many.
    pub(super) fn fill_buffer(&mut self, words: impl Iterator<Item = u32>) -> usize {
        let places = self.buffer.chunks_exact_mut(4).zip(words);
        places
            .map(|(bytes, word)| bytes.copy_from_slice(&word.to_le_bytes()))
            .count()
    }

    /// Starts to write words `first` to `end` of the buffer, word 0 of which
    /// belongs to `word` of the region.
    pub(super) fn begin_burst(&mut self, word: usize, first: usize, end: usize, written: Written) {
        self.burst = Burst {
            word,
            done: first,
            first,
            end,
        };
        self.phase = Phase::Write(written);
    }

    pub(super) fn next_of_burst(&mut self) -> Option<Step> {
        let Burst {
            word, done, end, ..
        } = self.burst;
        if done == end {
            return None;
        }
        self.burst.done += 1;
        Some(Step::Write {
            word: word + done,
            value: self.buffer_word(done),
        })
    }

    pub(super) fn verify_burst(&self, read: Read<'_>) -> Result<(), ErrorCode> {
        let Burst {
            word, first, end, ..
        } = self.burst;
        let same = (first..end).all(|index| read(word + index) == self.buffer_word(index));
        same.then_some(()).ok_or(ErrorCode::FAIL)
    }

    pub(super) fn buffer_word(&self, index: usize) -> u32 {
        let bytes = self.buffer[4 * index..4 * index + 4].iter();
        bytes
            .rev()
            .fold(0, |word, byte| word << 8 | u32::from(*byte))
    }
}
