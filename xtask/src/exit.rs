//! How a program of the host ends: the exit code says why it failed.

use std::fmt;
use std::process::{ExitCode, ExitStatus};

use anyhow::{Error, Result};
use clap::Parser;
use manifest::ManifestError;
use reasons::{Area, Reason};

/// A failure with a code of the register.
#[derive(Debug)]
pub struct Failed {
    reason: Reason,
    message: String,
}

impl Failed {
    /// A failure for this reason, with what there is to say about it.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }

    /// A program that was called and failed. What one of ours exited with is passed on.
    pub fn called(name: &str, status: ExitStatus, output: &str) -> Self {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        let reason = code
            .and_then(Reason::from_number)
            .filter(|reason| reason.area() == Area::Host)
            .unwrap_or(Reason::ProgramFailed);
        Self::new(reason, format!("{name} failed: {status}{output}"))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failed {}

/// Reads the command line, does what it says, and returns the exit code; what failed
/// stands on standard error.
pub fn main<Arguments: Parser>(run: impl FnOnce(Arguments) -> Result<()>) -> ExitCode {
    let result = match Arguments::try_parse() {
        Ok(arguments) => run(arguments),
        Err(error) => {
            // Where its stream is closed nobody reads it.
            let _ = error.print();
            // The help that was asked for is no failure.
            return match error.use_stderr() {
                true => ExitCode::from(Reason::Usage.number()),
                false => ExitCode::SUCCESS,
            };
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:?}");
            ExitCode::from(reason(&error).number())
        }
    }
}

/// The code of an error: that of the innermost failure that has one.
fn reason(error: &Error) -> Reason {
    let of = |cause: &(dyn std::error::Error + 'static)| {
        if cause.is::<ManifestError>() {
            return Some(Reason::Manifest);
        }
        cause.downcast_ref::<Failed>().map(|failed| failed.reason)
    };
    error
        .chain()
        .filter_map(of)
        .last()
        .unwrap_or(Reason::HostError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;
    use anyhow::Context;
    use std::process::Command;

    fn exits(code: &str) -> Reason {
        let script = format!("exit {code}");
        let failed = command::run(Command::new("sh").args(["-c", &script]));
        reason(&failed.context("in some task").expect_err("it exits so"))
    }

    #[test]
    fn the_code_of_a_program_of_ours_is_passed_on_and_no_other() {
        assert_eq!(exits("81"), Reason::WallsFailed);
        for code in ["1", "2", "101", "200"] {
            assert_eq!(exits(code), Reason::ProgramFailed, "{code}");
        }
        let killed = command::run(Command::new("sh").args(["-c", "kill -9 $$"]));
        assert_eq!(reason(&killed.expect_err("killed")), Reason::ProgramFailed);
    }

    #[test]
    fn a_program_that_is_not_there_and_a_refused_manifest_have_their_codes() {
        let missing = command::run(&mut Command::new("no-such-program"));
        assert_eq!(reason(&missing.expect_err("none")), Reason::ProgramFailed);
        let refused = manifest::Manifest::parse("[board").context("line 1");
        assert_eq!(reason(&refused.expect_err("broken")), Reason::Manifest);
        let other = std::fs::read("no/such/file").expect_err("none");
        assert_eq!(reason(&other.into()), Reason::HostError);
    }
}
