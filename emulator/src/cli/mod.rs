//! The command-line program: reads files, runs the machine, moves bytes.

mod arguments;
mod failure;
mod files;
mod gdb;
mod interrupt;
mod lock;
mod output;
mod pins;
mod ports;
mod run;
mod screen;
mod session;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::tell;
use output::Writer;
use reasons::Reason;
use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
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
    let result = match &arguments.command {
        Command::Run(run) => run::run(run),
    };
    let code = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(format_args!("emulator: {failure}\n"));
            ExitCode::from(failure.code())
        }
    };
    // Where nobody reads it, there is nobody to tell.
    let _ = Writer::standard_error().finish();
    code
}
