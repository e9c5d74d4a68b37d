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

    /// Lends the value.
    #[inline(always)]
    pub(super) fn lend(&self) -> Result<Lent<'_, S>, Refusal> {
        match self.status.get() {
            Status::Free => {
                self.status.set(Status::Lent);
                Ok(Lent(self))
            }
            Status::Lent => Err(Refusal::Lent),
            Status::StackFailed => Err(Refusal::StackFailed),
        }
    }

    /// The process's stack had no room: the value is not lent again before the
    /// failure is cleared.
    #[inline(always)]
    pub(super) fn set_failure(&self) {
        self.status.set(Status::StackFailed);
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

/// A value that is lent; it goes back when this is dropped.
pub(super) struct Lent<'a, S>(&'a Guarded<S>);

impl<S> Lent<'_, S> {
    #[inline(always)]
    pub(super) fn get(&mut self) -> &mut S {
        // SAFETY: `Status::Lent` keeps everybody else away as long as this lives.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<S> Drop for Lent<'_, S> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.status.set(Status::Free);
    }
}
