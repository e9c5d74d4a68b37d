//! Flash that is written word by word, as a power-safe store sees it.

use kernel::ErrorCode;

/// A region of flash, in pages of equal size.
///
/// Words are numbered from the start of the region. Writing takes bits from 1
/// to 0, erasing a page takes all of its bits to 1. One operation runs at a
/// time; its end comes by [`WordFlashClient::finished`], never from within a
/// call of this trait. Power may fail within any of them: a word may then read
/// as anything between old and new, differently from read to read, and so may
/// every word of a page that was being erased.
pub trait WordFlash<'a> {
    /// Who hears of the end of operations.
    fn set_client(&self, client: &'a dyn WordFlashClient);

    /// Word at `word`, as it reads now. Also while an operation runs, outside
    /// of what it changes.
    fn read(&self, word: usize) -> u32;

    /// Starts to write one word. At most two writes a word between erases.
    ///
    /// `BUSY`: an operation runs. `INVAL`: outside of the region.
    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode>;

    /// Starts to erase one page. May be done in parts; it is finished when the
    /// page is wholly erased.
    ///
    /// `BUSY`: an operation runs. `INVAL`: outside of the region.
    fn erase(&self, page: usize) -> Result<(), ErrorCode>;
}

/// Hears of the end of operations.
pub trait WordFlashClient {
    /// The operation that was started has ended.
    fn finished(&self, result: Result<(), ErrorCode>);
}
