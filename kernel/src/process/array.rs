//! The table of processes.

use core::cell::Cell;

use crate::process::Process;

/// A place for one process.
#[derive(Clone)]
pub struct ProcessSlot {
    process: Cell<Option<&'static dyn Process>>,
}

impl ProcessSlot {
    /// A place without a process.
    const fn empty() -> Self {
        Self {
            process: Cell::new(None),
        }
    }

    /// Puts a process here, for ever.
    pub(crate) fn set(&self, process: &'static dyn Process) {
        self.process.set(Some(process));
    }

    /// The process here.
    #[inline]
    pub fn get(&self) -> Option<&'static dyn Process> {
        self.process.get()
    }

    /// Returns whether the process here has this identifier.
    pub fn contains_process_with_id(&self, identifier: usize) -> bool {
        self.get()
            .is_some_and(|process| process.processid().id() == identifier)
    }
}

/// Places for `NUM_PROCS` processes.
pub struct ProcessArray<const NUM_PROCS: usize> {
    slots: [ProcessSlot; NUM_PROCS],
}

impl<const NUM_PROCS: usize> ProcessArray<NUM_PROCS> {
    /// Places without processes.
    pub const fn new() -> Self {
        Self {
            slots: [const { ProcessSlot::empty() }; NUM_PROCS],
        }
    }

    /// All places.
    pub fn as_slice(&self) -> &[ProcessSlot] {
        &self.slots
    }
}

impl<const NUM_PROCS: usize> Default for ProcessArray<NUM_PROCS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const NUM_PROCS: usize> core::ops::Index<usize> for ProcessArray<NUM_PROCS> {
    type Output = ProcessSlot;

    fn index(&self, index: usize) -> &ProcessSlot {
        &self.slots[index]
    }
}
