//! Where tests write files of their own.

use std::fs;
use std::path::PathBuf;

use audit::specimen::artifacts::project;
use manifest::checkout;

/// Returns the path of a file that a test may write, below cargo's output.
///
/// # Panics
/// When that takes no folder.
pub fn file(name: &str) -> PathBuf {
    let folder = checkout::target(&project()).join("tmp");
    fs::create_dir_all(&folder).expect("cargo's folder takes files");
    folder.join(name)
}
