//! The part's memories, at fixed host addresses so that the core may map them.

use std::alloc::{alloc_zeroed, dealloc, handle_alloc_error, Layout};
use std::ptr::NonNull;
use std::sync::Arc;

/// Host bytes that stand for one memory of the part: page-aligned, never
/// moved, and only ever reached through copies, because the core reaches the
/// same bytes through its own pointer.
#[derive(Debug)]
pub struct Memory {
    block: Arc<Block>,
}

/// Keeps the bytes of a memory where they are, for the cores that map them, and
/// gives no way to reach them.
#[derive(Debug)]
pub(crate) struct Kept(Arc<Block>);

impl Kept {
    /// The memory again; none while it is somewhere else.
    pub fn reclaim(&mut self) -> Option<Memory> {
        Arc::get_mut(&mut self.0)?;
        let block = Arc::clone(&self.0);
        Some(Memory { block })
    }
}

#[derive(Debug)]
struct Block {
    bytes: NonNull<u8>,
    length: usize,
}

// SAFETY: the bytes are owned by this value alone. Only the one `Memory` that
// has it reaches them, and the cores that map them. Those run only in the
// machine that has the `Memory`, move between threads together with it, or
// stand still in the depot behind its lock.
unsafe impl Send for Block {}
// SAFETY: a shared `Block` gives nobody but that one `Memory` its bytes.
unsafe impl Sync for Block {}

/// The alignment the core asks of mapped memory.
const ALIGNMENT: usize = 4096;

impl Memory {
    /// `length` bytes (a multiple of 4 KB, not zero), each `fill`.
    pub fn new(length: usize, fill: u8) -> Self {
        let layout = layout(length);
        // SAFETY: `layout` has a size above zero, which it asserts.
        let bytes = unsafe { alloc_zeroed(layout) };
        let Some(bytes) = NonNull::new(bytes) else {
            handle_alloc_error(layout)
        };
        let block = Arc::new(Block { bytes, length });
        let mut memory = Memory { block };
        memory.fill(0, length, fill);
        memory
    }

    /// Bytes held.
    pub fn len(&self) -> usize {
        self.block.length
    }

    /// Never: a memory has at least one page.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the bytes are, for the core to map.
    pub(crate) fn host(&self) -> *mut u8 {
        self.block.bytes.as_ptr()
    }

    /// What keeps the bytes where they are.
    pub(crate) fn kept(&self) -> Kept {
        Kept(Arc::clone(&self.block))
    }

    /// Copies bytes from `offset` on into `into`; false if they are not all inside.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> bool {
        if !self.holds(offset, into.len()) {
            return false;
        }
        // SAFETY: the range is inside the allocation, checked above, and
        // `into` is a live host slice that never overlaps it, since no
        // reference to the allocation is ever given out.
        unsafe {
            self.host()
                .add(offset)
                .copy_to_nonoverlapping(into.as_mut_ptr(), into.len());
        }
        true
    }

    /// Copies `from` to `offset`; false if it does not fit.
    pub fn write(&mut self, offset: usize, from: &[u8]) -> bool {
        if !self.holds(offset, from.len()) {
            return false;
        }
        // SAFETY: as in `read`, with the direction turned.
        unsafe {
            self.host()
                .add(offset)
                .copy_from_nonoverlapping(from.as_ptr(), from.len());
        }
        true
    }

    /// Sets `length` bytes from `offset` on to `value`; false if they are not all inside.
    pub fn fill(&mut self, offset: usize, length: usize, value: u8) -> bool {
        if !self.holds(offset, length) {
            return false;
        }
        // SAFETY: the range is inside the allocation, checked above.
        unsafe { self.host().add(offset).write_bytes(value, length) };
        true
    }

    /// The little-endian word at `offset`, if it is inside.
    pub fn word(&self, offset: usize) -> Option<u32> {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes)
            .then(|| u32::from_le_bytes(bytes))
    }

    /// Writes a little-endian word; false if it does not fit.
    pub fn set_word(&mut self, offset: usize, value: u32) -> bool {
        self.write(offset, &value.to_le_bytes())
    }

    /// A copy of all bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len()];
        self.read(0, &mut bytes);
        bytes
    }

    fn holds(&self, offset: usize, length: usize) -> bool {
        offset
            .checked_add(length)
            .is_some_and(|end| end <= self.len())
    }
}

fn layout(length: usize) -> Layout {
    assert!(
        length > 0 && length.is_multiple_of(ALIGNMENT),
        "whole pages"
    );
    Layout::from_size_align(length, ALIGNMENT).expect("a memory of the part is small")
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this very layout, and freed once.
        unsafe { dealloc(self.bytes.as_ptr(), layout(self.length)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_stay_inside() {
        let mut memory = Memory::new(4096, 0xFF);
        assert_eq!(memory.word(4092), Some(0xFFFF_FFFF));
        assert_eq!(memory.word(4093), None);
        assert_eq!(memory.word(usize::MAX), None);
        assert!(memory.set_word(8, 0x1234_5678));
        assert!(!memory.write(4090, &[0; 7]));
        let mut bytes = [0; 2];
        assert!(memory.read(8, &mut bytes));
        assert_eq!(bytes, [0x78, 0x56]);
        assert_eq!(memory.host() as usize % ALIGNMENT, 0);
    }

    #[test]
    fn kept_bytes_outlive_their_memory_and_are_reached_by_one_alone() {
        let mut memory = Memory::new(4096, 0xFF);
        memory.set_word(8, 0x1234_5678);
        let mut kept = memory.kept();
        assert!(kept.reclaim().is_none());
        drop(memory);
        let memory = kept.reclaim().expect("nobody else has it");
        assert!(kept.reclaim().is_none(), "one at a time");
        assert_eq!(memory.word(8), Some(0x1234_5678));
        drop(memory);
        let memory = kept.reclaim().expect("still kept");
        assert_eq!(memory.word(8), Some(0x1234_5678));
    }
}
