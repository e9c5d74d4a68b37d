//! Why the program fails, and what it tells people.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::Path;

/// Why the program failed, and how it exits.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

/// Exit code for a malformed image, recording or specification.
const MALFORMED: u8 = 2;

impl Failure {
    /// Something that was given to the program is wrong: exit code 2.
    pub fn malformed(what: impl Display) -> Self {
        Failure {
            message: what.to_string(),
            code: MALFORMED,
        }
    }

    /// A file that was given to the program is wrong: exit code 2.
    pub fn input(path: &Path, what: impl Display) -> Self {
        Self::malformed(format_args!("{}: {what}", path.display()))
    }

    /// A file could not be written: exit code 1.
    pub fn output(path: &Path, what: impl Display) -> Self {
        Self::other(format_args!("{}: {what}", path.display()))
    }

    /// Anything else went wrong: exit code 1.
    pub fn other(what: impl Display) -> Self {
        Failure {
            message: what.to_string(),
            code: 1,
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.code
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// Tells people something on standard error, which may be closed.
pub fn tell(what: impl Display) {
    let _ = write!(io::stderr(), "{what}");
}
