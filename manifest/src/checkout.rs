//! Where the checkout lies, found when a program runs: one that was copied or moved works on its own files.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::ManifestError;
use crate::model::Manifest;

/// Path of meter.toml from the top of the checkout.
pub const METER: &str = "boards/nrf52840-meter/meter.toml";

/// Returns the top folder of the checkout: of the package that cargo builds or runs, or
/// else of the current directory.
///
/// # Errors
/// Says where it was looked for, when neither lies in a checkout.
pub fn root() -> Result<PathBuf, ManifestError> {
    let here = env::current_dir()
        .map_err(|error| ManifestError(format!("the current directory: {error}")))?;
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let starts: Vec<PathBuf> = package.into_iter().chain([here]).collect();
    starts
        .iter()
        .find_map(|start| above(start))
        .ok_or_else(|| ManifestError(format!("no folder above {starts:?} holds {METER}")))
}

/// Returns cargo's output folder for the host: the caller's own, or `target` of the
/// checkout.
#[must_use]
pub fn target(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Reads, parses and checks the meter.toml of the checkout at `root`.
///
/// # Errors
/// As [`Manifest::load`].
pub fn meter(root: &Path) -> Result<Manifest, ManifestError> {
    Manifest::load(&root.join(METER))
}

/// The nearest folder from `start` upwards that holds meter.toml in its place.
fn above(start: &Path) -> Option<PathBuf> {
    let mut folders = start.ancestors();
    let found = folders.find(|folder| folder.join(METER).is_file());
    found.map(Path::to_path_buf)
}
