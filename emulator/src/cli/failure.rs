//! Why the program fails, and what it tells people.

use super::output::Writer;
use reasons::Reason;
use std::fmt::{self, Display};
use std::path::Path;

/// Why the program failed, and what it says of it.
#[derive(Debug)]
pub struct Failure {
    reason: Reason,
    message: String,
}

impl Failure {
    fn new(reason: Reason, what: impl Display) -> Self {
        Failure {
            reason,
            message: what.to_string(),
        }
    }

    fn of_file(reason: Reason, path: &Path, what: impl Display) -> Self {
        Self::new(reason, format_args!("{}: {what}", path.display()))
    }

    /// An argument that says something which cannot be.
    pub fn usage(what: impl Display) -> Self {
        Self::new(Reason::Usage, what)
    }

    /// Something that was given to the program is malformed.
    pub fn malformed(what: impl Display) -> Self {
        Self::new(Reason::Malformed, what)
    }

    /// The content of a file that was given to the program is malformed.
    pub fn input(path: &Path, what: impl Display) -> Self {
        Self::of_file(Reason::Malformed, path, what)
    }

    /// A file that was given to the program cannot be read.
    pub fn unreadable(path: &Path, what: impl Display) -> Self {
        Self::of_file(Reason::Unreadable, path, what)
    }

    /// A file cannot be written.
    pub fn output(path: &Path, what: impl Display) -> Self {
        Self::of_file(Reason::Unwritable, path, what)
    }

    /// A file belongs to another run.
    pub fn in_use(path: &Path, what: impl Display) -> Self {
        Self::of_file(Reason::InUse, path, what)
    }

    /// The host itself failed: a line, a socket, standard output.
    pub fn host(what: impl Display) -> Self {
        Self::new(Reason::HostError, what)
    }

    /// The emulated core locked up so many times in the run.
    pub fn locked_up(times: u64) -> Self {
        let what = format_args!("{} ({times} times)", Reason::CoreLockedUp.name());
        Self::new(Reason::CoreLockedUp, what)
    }

    /// The emulated core stands in the handler of this fault, which does not end.
    pub fn stands_in(fault: &str, pc: u32) -> Self {
        let what = format_args!(
            "{}: it stands in its handler of a {fault}, at {pc:#010x}",
            Reason::CoreLockedUp.name()
        );
        Self::new(Reason::CoreLockedUp, what)
    }

    /// The same, for a run that need not write anything.
    pub fn or_discard(self) -> Self {
        Self::new(
            self.reason,
            format_args!("{self}; with --discard the run writes nothing back"),
        )
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.reason.number()
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// Tells people something on standard error, which may be closed.
pub fn tell(what: impl Display) {
    let _ = Writer::standard_error().send(what.to_string().as_bytes());
}
