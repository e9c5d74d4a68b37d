//! Files of the checkout, and those that `make image` leaves.

use std::fs;
use std::path::PathBuf;

use manifest::{checkout, Manifest};

/// Returns the top folder of the checkout.
///
/// # Panics
/// When the program runs outside of one.
pub fn project() -> PathBuf {
    checkout::root().unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the path of a file that `make image` leaves.
///
/// # Panics
/// As for [`project`].
pub fn built(name: &str) -> PathBuf {
    checkout::target(&project()).join("image").join(name)
}

/// Reads a file that `make image` leaves.
///
/// # Panics
/// When it is not there.
pub fn read_built(name: &str) -> Vec<u8> {
    let path = built(name);
    fs::read(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; run `make image` first", path.display());
    })
}

/// Returns the checked meter.toml.
///
/// # Panics
/// When it is not sound; a build would have failed before.
pub fn manifest() -> Manifest {
    checkout::meter(&project()).expect("meter.toml is sound")
}
