//! One entry of a process's table of grants.

use core::cell::Cell;

/// Where a grant of this process lies.
pub(super) struct GrantPointerEntry {
    /// The driver of the grant; meaningless as long as `memory` is null.
    pub(super) driver_num: Cell<usize>,
    /// Null as long as the grant has not been allocated.
    pub(super) memory: Cell<*mut u8>,
    /// Whether a capsule is using the memory right now.
    pub(super) entered: Cell<bool>,
}

impl GrantPointerEntry {
    /// A grant without memory.
    pub(super) fn unallocated() -> Self {
        Self {
            driver_num: Cell::new(0),
            memory: Cell::new(core::ptr::null_mut()),
            entered: Cell::new(false),
        }
    }

    /// Returns whether the grant has memory in this process's block.
    pub(super) fn is_allocated(&self) -> bool {
        !self.memory.get().is_null()
    }
}
