//! The state of a process between two executions, lent to one user at a time.

use core::cell::{Cell, UnsafeCell};

/// What can be done with the state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Free,
    /// Somebody is at it.
    Lent,
    /// The process's stack had no room for what was to be put there.
    StackFailed,
}

/// A value that is lent out exclusively, and a mark that the process cannot go
/// on. Both are looked at before each execution, at the price of one.
pub(super) struct Guarded<S> {
    value: UnsafeCell<S>,
    status: Cell<Status>,
}

/// Why a value was not lent.
pub(super) enum Refusal {
    /// Somebody is at it.
    Lent,
    /// The stack failed.
    StackFailed,
}

impl<S> Guarded<S> {
    pub(super) fn new(value: S) -> Self {
        Self {
            value: UnsafeCell::new(value),
            status: Cell::new(Status::Free),
        }
    }

    /// Lends the value to `f`.
    #[inline(always)]
    pub(super) fn lend<R>(&self, f: impl FnOnce(&mut S) -> R) -> Result<R, Refusal> {
        match self.status.get() {
            Status::Free => {}
            Status::Lent => return Err(Refusal::Lent),
            Status::StackFailed => return Err(Refusal::StackFailed),
        }
        self.status.set(Status::Lent);
        // SAFETY: `Lent` keeps everybody else away until it is over.
        let result = f(unsafe { &mut *self.value.get() });
        self.status.set(Status::Free);
        Ok(result)
    }

    /// Lends the value to `f`, which puts something on the stack. If it cannot,
    /// the value is not lent again before the failure is cleared.
    #[inline(always)]
    pub(super) fn put(&self, f: impl FnOnce(&mut S) -> Result<(), ()>) {
        if let Ok(Err(())) = self.lend(f) {
            self.status.set(Status::StackFailed);
        }
    }

    /// Shows the value to `f`, unless somebody is at it.
    pub(super) fn show<R>(&self, f: impl FnOnce(&S) -> R) -> Option<R> {
        let before = self.status.get();
        if before == Status::Lent {
            return None;
        }
        self.status.set(Status::Lent);
        // SAFETY: `Lent` keeps everybody else away until it is over.
        let result = f(unsafe { &*self.value.get() });
        self.status.set(before);
        Some(result)
    }

    /// Forgets that the stack failed.
    pub(super) fn clear_failure(&self) {
        if self.status.get() == Status::StackFailed {
            self.status.set(Status::Free);
        }
    }
}
