//! What follows a burst that was written, or a page that was erased.

use kernel::ErrorCode;

use super::super::format::{
    ANCHOR_MARK, ANCHOR_PAGE, ANCHOR_PAGES, BANK_PAGES, BANK_WORDS, ERASED, PAGE_WORDS,
};
use super::super::scan::Read;
use super::{Log, Mode, Phase, Purpose, Step, Written};
use meter_hil::random_source::RandomSource;

impl Log {
    /// Goes on after a burst that was written.
    pub(super) fn written(
        &mut self,
        written: Written,
        read: Read<'_>,
        random: &dyn RandomSource,
    ) -> Result<Option<Step>, ErrorCode> {
        self.verify_burst(read)?;
        self.phase = Phase::Decide;
        match written {
            Written::RecordPrefix => self.begin_body(Written::Record)?,
            Written::Record => {
                let (head, _) = self.record.ok_or(ErrorCode::FAIL)?;
                self.firm = true;
                return Ok(self.begin_count(head.sequence));
            }
            Written::AnchorCount(count) => {
                self.anchor.count = count;
                self.anchor.counted = true;
                self.anchor_firm = true;
                self.counted()?;
            }
            Written::AnchorHeader => {
                let page = ANCHOR_PAGE + ANCHOR_PAGES - 1 - self.anchor.page;
                self.legible[page] = true;
                self.begin_mark(page * PAGE_WORDS + ANCHOR_MARK, Written::AnchorMark);
            }
            Written::AnchorMark => {
                self.anchor.page = ANCHOR_PAGES - 1 - self.anchor.page;
                self.anchor.header = self.anchor_opening;
                self.anchor.count = self.anchor_opening.base;
                self.anchor.counted = false;
                self.anchor.erases[self.anchor.page] = self.anchor_opening.erases;
                self.anchor_firm = true;
                self.mode = Mode::Ready;
                self.counted()?;
            }
            Written::AnchorSecondMark => self.anchor_firm = true,
            Written::BankSecondMark => self.firm = true,
            Written::Kill(page, end, purpose) => {
                self.legible[page] = false;
                return Ok(self.begin_erase(page, end, purpose));
            }
            Written::BankHeader => {
                let opening = self.opening.as_ref().ok_or(ErrorCode::FAIL)?;
                self.legible[opening.bank * BANK_PAGES] = true;
                self.copy_next(read, random)?;
            }
            Written::Copy => self.copy_next(read, random)?,
            Written::CopyPrefix => self.begin_body(Written::Copy)?,
            Written::BankMark => self.opened()?,
        }
        Ok(None)
    }

    /// Goes on after a page that was erased.
    pub(super) fn erased(
        &mut self,
        page: usize,
        end: usize,
        purpose: Purpose,
        read: Read<'_>,
    ) -> Result<Option<Step>, ErrorCode> {
        let first = page * PAGE_WORDS;
        if (first..first + PAGE_WORDS).any(|word| read(word) != ERASED) {
            return Err(ErrorCode::FAIL);
        }
        if page + 1 < end {
            return Ok(self.begin_erase(page + 1, end, purpose));
        }
        self.phase = Phase::Decide;
        match purpose {
            Purpose::ForgetOldBank => self.forget = false,
            Purpose::OpenAnchor => {
                let header = self.anchor_opening;
                let tag = self.keys.anchor_tag(header, page - ANCHOR_PAGE);
                let words = header.to_words().into_iter().chain(tag);
                let count = self.fill_buffer(words);
                self.begin_burst(first, 0, count, Written::AnchorHeader);
            }
            Purpose::OpenBank => {
                let opening = self.opening.as_ref().ok_or(ErrorCode::FAIL)?;
                let (bank, header) = (opening.bank, opening.header);
                let tag = self.keys.bank_tag(header, bank);
                let words = header.to_words().into_iter().chain(tag);
                let count = self.fill_buffer(words);
                self.begin_burst(bank * BANK_WORDS, 0, count, Written::BankHeader);
            }
        }
        Ok(None)
    }
}
