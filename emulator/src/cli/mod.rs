//! The command-line program: reads files, runs the machine, moves bytes.

mod arguments;
mod failure;
mod files;
mod gdb;
mod ports;
mod run;
mod session;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::tell;
use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.command {
        Command::Run(run) => run::run(run),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(format_args!("emulator: {failure}\n"));
            ExitCode::from(failure.code())
        }
    }
}
