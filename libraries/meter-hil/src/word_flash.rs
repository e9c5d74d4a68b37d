//! Flash that is written word by word, as a power-safe store sees it.

use kernel::ErrorCode;

/// A region of flash, in pages of equal size.
///
/// Words are numbered from the start of the region. Writing takes bits from 1
/// to 0, erasing a page takes all of its bits to 1. One write and one erase run
/// at a time; their ends come by [`WordFlashClient`], never from within a call
/// of this trait. An erase is done in parts, and words of other pages are
/// written between them: a write never waits for a whole erase. Power may fail
/// within any of them: a word may then read as anything between old and new,
/// differently from read to read, and so may every word of a page that was being
/// erased.
pub trait WordFlash<'a> {
    /// Who hears of the end of operations.
    fn set_client(&self, client: &'a dyn WordFlashClient);

    /// Word at `word`, as it reads now. Also while an operation runs, outside
    /// of what it changes.
    fn read(&self, word: usize) -> u32;

    /// Starts to write one word, of no page that is being erased. At most two writes a word
    /// between erases.
    ///
    /// # Errors
    /// Fails with `BUSY` while a write runs, and with `INVAL` if the word is outside of the
    /// region.
    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode>;

    /// Starts to erase one page; it is finished when the page is wholly erased.
    ///
    /// # Errors
    /// Fails with `BUSY` while an erase runs, and with `INVAL` if the page is outside of the
    /// region.
    fn erase(&self, page: usize) -> Result<(), ErrorCode>;
}

/// Hears of the end of operations.
pub trait WordFlashClient {
    /// The write that was started has ended.
    fn written(&self, result: Result<(), ErrorCode>);

    /// The erase that was started has ended.
    fn erased(&self, result: Result<(), ErrorCode>);
}
