//! Running other programs and saying which of them failed.

use std::path::Path;
use std::process::Command;

use anyhow::{bail, Context, Result};

/// Runs a program whose output goes to ours.
///
/// # Errors
/// It does not start, or it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} failed: {status}");
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
        .with_context(|| format!("cannot start {name}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!(
            "{name} failed: {}\n{text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(text)
}

/// Builds a program of the workspace at `root`, where cargo shows what it builds, and
/// runs it with these arguments.
///
/// # Errors
/// It does not build, or it fails.
pub fn run_program(root: &Path, package: &str, binary: &str, arguments: &[String]) -> Result<()> {
    run(&mut cargo(root, "build", package, binary))?;
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
