//! Writing into a sink that may take only part of what it is given.

use crate::utilities::io_write::IoWrite;

/// A sink of bytes.
pub trait BinaryWrite {
    /// Writes from the start of `buffer` and returns how many bytes were taken;
    /// `Err` when the sink takes none any more.
    #[allow(clippy::result_unit_err)]
    fn write_buffer(&mut self, buffer: &[u8]) -> Result<usize, ()>;
}

/// Makes a [`BinaryWrite`] of a synchronous writer, which takes everything.
pub struct BinaryToWriteWrapper<'a> {
    writer: &'a mut dyn IoWrite,
}

impl<'a> BinaryToWriteWrapper<'a> {
    /// Makes a writer that hands everything on to `writer`.
    pub fn new(writer: &'a mut dyn IoWrite) -> BinaryToWriteWrapper<'a> {
        BinaryToWriteWrapper { writer }
    }
}

impl BinaryWrite for BinaryToWriteWrapper<'_> {
    fn write_buffer(&mut self, buffer: &[u8]) -> Result<usize, ()> {
        Ok(self.writer.write(buffer))
    }
}
