//! `make flash`: the same image onto a board, by probe-rs.

use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::image;
use crate::project::Project;

/// Downloads all but what the meter itself has written, so that it keeps its
/// secret, its keys and its registers.
///
/// # Errors
/// The image does not build, or no board takes it.
pub fn flash(project: &Project) -> Result<()> {
    let image = image::build_meter(project)?;
    let bytes = std::fs::read(&image)?;
    let [secret, stores] = project.manifest.flash.own_data();
    for (name, range) in [
        ("code-low.bin", 0..secret.start),
        ("code-high.bin", secret.end..stores.start),
    ] {
        let code = project.image_folder().join(name);
        std::fs::write(&code, &bytes[range.clone()])?;
        command::run(
            Command::new("probe-rs")
                .args([
                    "download",
                    "--chip",
                    "nRF52840_xxAA",
                    "--binary-format",
                    "bin",
                ])
                .arg("--base-address")
                .arg(format!("{:#x}", range.start))
                .arg(&code),
        )
        .context("is probe-rs installed and the board connected? docs/hardware.md")?;
    }
    command::run(Command::new("probe-rs").args(["reset", "--chip", "nRF52840_xxAA"]))
}
