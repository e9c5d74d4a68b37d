//! Running other programs and saying which of them failed.

use std::io;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use reasons::Reason;

use crate::exit::Failed;

/// Runs a program whose output goes to ours.
///
/// # Errors
/// It does not start, or it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .map_err(|error| not_started(&name, &error))?;
    if !status.success() {
        return Err(Failed::called(&name, status, "").into());
    }
    Ok(())
}

/// Runs a program whose output is returned, and shown only when it fails.
///
/// # Errors
/// It does not start, or it fails.
pub fn run_quietly(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| not_started(&name, &error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let said = format!("\n{text}{}", String::from_utf8_lossy(&output.stderr));
        return Err(Failed::called(&name, output.status, &said).into());
    }
    Ok(text)
}

/// The failure of a program that does not start.
pub(crate) fn not_started(name: &str, error: &io::Error) -> Failed {
    Failed::new(
        Reason::ProgramFailed,
        format!("cannot start {name}: {error}"),
    )
}

/// Builds a program of the workspace at `root`, where cargo shows what it builds.
///
/// # Errors
/// It does not build.
pub fn build_program(root: &Path, package: &str, binary: &str) -> Result<()> {
    run(&mut cargo(root, "build", package, binary))
}

/// The same, and runs it with these arguments.
///
/// # Errors
/// It does not build, or it fails.
pub fn run_program(root: &Path, package: &str, binary: &str, arguments: &[String]) -> Result<()> {
    build_program(root, package, binary)?;
    run(cargo(root, "run", package, binary)
        .arg("--quiet")
        .arg("--")
        .args(arguments))
}

fn cargo(root: &Path, subcommand: &str, package: &str, binary: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .arg(subcommand)
        .arg("--ignore-rust-version")
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .args(["--package", package, "--bin", binary]);
    cargo
}
