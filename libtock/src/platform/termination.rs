//! What `main` may return, and how the process ends then.

use super::{ErrorCode, Syscalls};

/// A value that `main` may return.
pub trait Termination {
    /// Ends the process with the completion code that the value stands for.
    fn complete<S: Syscalls>(self) -> !;
}

impl Termination for () {
    fn complete<S: Syscalls>(self) -> ! {
        S::exit_terminate(0)
    }
}

impl Termination for Result<(), ErrorCode> {
    fn complete<S: Syscalls>(self) -> ! {
        S::exit_terminate(self.map_or_else(|error| error as u32, |()| 0))
    }
}

impl Termination for core::convert::Infallible {
    fn complete<S: Syscalls>(self) -> ! {
        match self {}
    }
}
