//! Flash memory that is read and written in whole pages.

use crate::errorcode::ErrorCode;

/// How an operation on flash failed.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The flash reported an error.
    FlashError,
    /// The page is protected.
    FlashMemoryProtectionError,
}

/// Sets the client of a flash, whose type depends on the flash itself.
pub trait HasClient<'a, C> {
    /// Sets who is told when an operation is done.
    fn set_client(&'a self, client: &'a C);
}

/// A flash of equal pages. One operation at a time.
pub trait Flash {
    /// A buffer of one page.
    type Page: AsMut<[u8]> + Default;

    /// Reads page `page_number` into `buf`.
    fn read_page(
        &self,
        page_number: usize,
        buf: &'static mut Self::Page,
    ) -> Result<(), (ErrorCode, &'static mut Self::Page)>;

    /// Writes `buf` to page `page_number`, erasing it first if need be.
    fn write_page(
        &self,
        page_number: usize,
        buf: &'static mut Self::Page,
    ) -> Result<(), (ErrorCode, &'static mut Self::Page)>;

    /// Sets every byte of page `page_number` to 0xFF.
    fn erase_page(&self, page_number: usize) -> Result<(), ErrorCode>;
}

/// Is told when an operation on flash is done.
pub trait Client<F: Flash> {
    /// The page is in `read_buffer`.
    fn read_complete(&self, read_buffer: &'static mut F::Page, result: Result<(), Error>);

    /// The page is written.
    fn write_complete(&self, write_buffer: &'static mut F::Page, result: Result<(), Error>);

    /// The page is erased.
    fn erase_complete(&self, result: Result<(), Error>);
}
