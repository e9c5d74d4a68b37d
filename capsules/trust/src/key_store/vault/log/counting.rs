//! The anchor counts what was written.

use kernel::ErrorCode;

use super::super::format::{
    AnchorHeader, ANCHOR_CAPACITY, ANCHOR_COUNTS, ANCHOR_PAGE, ANCHOR_PAGES, ANCHOR_SECOND_MARK,
    PAGE_WORDS,
};
use super::{Log, Purpose, Step, Written};

impl Log {
    /// The anchor counts the record: it is shown from now on.
    pub(super) fn counted(&mut self) -> Result<(), ErrorCode> {
        let Some((head, place)) = self.record.take() else {
            return Ok(());
        };
        self.bank.newest = head.sequence;
        self.pending = None;
        self.committing = true;
        self.scrub |= self.index.apply(&head, place.slot).ok_or(ErrorCode::FAIL)?;
        Ok(())
    }

    /// Starts to let the anchor count to `count`.
    pub(super) fn begin_count(&mut self, count: u32) -> Option<Step> {
        if !self.anchor_firm {
            self.begin_anchor_second_mark();
            return None;
        }
        let beyond = count.wrapping_sub(self.anchor.header.base);
        if !(1..=ANCHOR_CAPACITY).contains(&beyond) {
            return self.begin_anchor_page(count);
        }
        let page = ANCHOR_PAGE + self.anchor.page;
        let word = page * PAGE_WORDS + ANCHOR_COUNTS + beyond as usize - 1;
        self.begin_mark(word, Written::AnchorCount(count));
        None
    }

    /// Starts to open the other page of the anchor.
    pub(super) fn begin_anchor_page(&mut self, base: u32) -> Option<Step> {
        let page = ANCHOR_PAGES - 1 - self.anchor.page;
        self.anchor_opening = AnchorHeader {
            sequence: self.anchor.header.sequence.wrapping_add(1),
            base,
            erases: self.anchor.erases[page].saturating_add(1),
        };
        let page = ANCHOR_PAGE + page;
        self.begin_erase(page, page + 1, Purpose::OpenAnchor)
    }

    pub(super) fn begin_anchor_second_mark(&mut self) {
        let page = ANCHOR_PAGE + self.anchor.page;
        let word = page * PAGE_WORDS + ANCHOR_SECOND_MARK;
        self.begin_mark(word, Written::AnchorSecondMark);
    }
}
