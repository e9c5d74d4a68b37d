//! The program `emulator`: runs a flash image on an emulated nRF52840.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
