//! Why a mains source cannot be used, and where that shows.

use std::fmt;
use std::path::PathBuf;

/// Why a mains source cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MainsError {
    /// The description is malformed.
    Spec {
        /// Where in the description, in characters from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A line of a recording is malformed.
    Line {
        /// The recording.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// A recording cannot be read.
    Io {
        /// The recording.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
}

impl fmt::Display for MainsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MainsError::Spec { column, message } => {
                write!(out, "mains, column {column}: {message}")
            }
            MainsError::Line {
                path,
                line,
                message,
            } => write!(out, "{}:{line}: {message}", path.display()),
            MainsError::Io { path, message } => write!(out, "{}: {message}", path.display()),
        }
    }
}

impl std::error::Error for MainsError {}
