//! Storage that is read and written by byte, whatever lies below.

use crate::errorcode::ErrorCode;

/// A range of non-volatile bytes. One operation at a time.
pub trait NonvolatileStorage<'a> {
    /// Sets who is told when an operation is done.
    fn set_client(&self, client: &'a dyn NonvolatileStorageClient);

    /// Reads `length` bytes from `address` on into `buffer`, which must be long
    /// enough.
    fn read(
        &self,
        buffer: &'static mut [u8],
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode>;

    /// Writes the first `length` bytes of `buffer` to `address` on.
    fn write(
        &self,
        buffer: &'static mut [u8],
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode>;
}

/// Is told when an operation on storage is done.
pub trait NonvolatileStorageClient {
    /// `length` bytes were read into `buffer`.
    fn read_done(&self, buffer: &'static mut [u8], length: usize);

    /// `length` bytes of `buffer` were written.
    fn write_done(&self, buffer: &'static mut [u8], length: usize);
}
