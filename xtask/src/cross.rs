//! Cargo for the Cortex-M4, with rustup's target or Debian's compiler.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::command;
use crate::project::Project;
use crate::signing;

/// The target of all that is flashed.
pub const TARGET: &str = "thumbv7em-none-eabi";

/// What only exists on the target, for clippy.
const TARGET_PACKAGES: [&str; 13] = [
    "cortexm4",
    "nrf52840",
    "nrf52840-components",
    "nrf52840-meter",
    "nrf52840dk-guest",
    "metering",
    "blink",
    "attacker",
    "bench-app",
    "relocatable-app",
    "key-bridge",
    "core-conformance",
    "foreign-firmware",
];

/// Builds the binary `package`, with these environment variables for its build script,
/// and returns the path of its ELF file.
///
/// # Errors
/// There is no cross compiler, or the package does not build.
pub fn build(project: &Project, package: &str, variables: &[(&str, &str)]) -> Result<PathBuf> {
    let mut cargo = cargo(project, "build")?;
    cargo.envs(variables.iter().copied());
    build_in(cargo, package, &project.firmware_target())
}

/// Builds the binary `package` of another workspace, in `folder`, with these environment
/// variables for its build script; returns the path of its ELF file. It is built in that
/// folder's own `target`, with its own profile `release`.
///
/// # Errors
/// As for [`build`].
pub fn build_outside(
    project: &Project,
    folder: &Path,
    package: &str,
    variables: &[(&str, String)],
) -> Result<PathBuf> {
    let target = folder.join("target");
    let mut cargo = cargo(project, "build")?;
    cargo
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .env("CARGO_TARGET_DIR", std::path::absolute(&target)?)
        .current_dir(folder)
        .args(["--release", "--package", package]);
    eprintln!("build: {package}");
    command::run(&mut cargo)?;
    Ok(target.join(TARGET).join("release").join(package))
}

/// Builds the kernel from the project's manifest and returns the path of its ELF file.
///
/// # Errors
/// As for [`build`].
pub fn build_kernel(project: &Project) -> Result<PathBuf> {
    let mut cargo = cargo(project, "build")?;
    if let Some(manifest) = project.variant() {
        cargo.env("WATTLOCK_MANIFEST", manifest);
    }
    build_in(
        cargo,
        &project.manifest.board.package,
        &project.kernel_target(),
    )
}

fn build_in(mut cargo: Command, package: &str, target: &Path) -> Result<PathBuf> {
    eprintln!("build: {package}");
    // Where somebody looks on, cargo shows how far it is.
    if !io::stderr().is_terminal() {
        cargo.arg("--quiet");
    }
    cargo.args(["--profile", "firmware", "--package", package]);
    cargo.env("CARGO_TARGET_DIR", target);
    command::run(&mut cargo)?;
    Ok(target.join(TARGET).join("firmware").join(package))
}

/// Runs clippy with warnings as errors over the packages that the host cannot see whole.
///
/// # Errors
/// There is no cross compiler, or clippy finds something.
pub fn clippy(project: &Project) -> Result<()> {
    // The kernel holds the signers' public keys.
    signing::ensure_development_key(project)?;
    let mut cargo = cargo(project, "clippy")?;
    for package in TARGET_PACKAGES {
        cargo.args(["--package", package]);
    }
    cargo.args(["--", "-D", "warnings"]);
    command::run(&mut cargo)
}

fn cargo(project: &Project, subcommand: &str) -> Result<Command> {
    let choice = project.root().join(".tools/cross");
    let choice = std::fs::read_to_string(&choice)
        .with_context(|| format!("{}: run `make image` once", choice.display()))?;
    let mut cargo =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo
        .current_dir(project.root())
        .arg(subcommand)
        .args(["--ignore-rust-version", "--target", TARGET])
        .env("CARGO_TARGET_DIR", project.firmware_target());
    let mut flags = remapped_paths();
    match choice.trim() {
        "rustup" => {}
        "debian" => {
            cargo
                .arg("-Zbuild-std=core,alloc")
                .env("RUSTC", "/usr/bin/rustc")
                .env("RUSTC_BOOTSTRAP", "1");
            flags.extend(["-Clinker=ld.lld".into(), "-Clinker-flavor=ld.lld".into()]);
        }
        other => bail!(".tools/cross says {other:?}, which is neither rustup nor debian"),
    }
    // Encoded, so that a path may hold a space.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    Ok(cargo)
}

/// Flags that keep the builder's own paths out of the image: panic messages name
/// the files of crates, and two builders must make the same image.
fn remapped_paths() -> Vec<String> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| {
            let home = std::env::var_os("HOME")?;
            Some(Path::new(&home).join(".cargo"))
        });
    let Some(sources) = home.map(|home| home.join("registry/src")) else {
        return Vec::new();
    };
    std::fs::read_dir(sources)
        .into_iter()
        .flatten()
        .flatten()
        .map(|registry| format!("--remap-path-prefix={}/=", registry.path().display()))
        .collect()
}
