//! Writing bytes where there is no `std::io`.

use crate::collections::ring_buffer::RingBuffer;

/// A synchronous sink of bytes that never fails, though it may drop some.
pub trait IoWrite: core::fmt::Write {
    /// Writes `buf` and returns how many bytes were written.
    fn write(&mut self, buf: &[u8]) -> usize;

    /// Writes the content of `buf`, oldest first; returns how many bytes.
    fn write_ring_buffer(&mut self, buf: &RingBuffer<'_, u8>) -> usize {
        let (first, second) = buf.as_slices();
        self.write(first.unwrap_or_default()) + self.write(second.unwrap_or_default())
    }
}
