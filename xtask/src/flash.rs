//! `make flash`: the same image onto a board, by probe-rs.

use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::image;
use crate::project::Project;

/// Downloads the image up to the data pages, so that a meter keeps its registers.
pub fn flash(project: &Project) -> Result<()> {
    let image = image::build(project)?;
    let code = project.image_folder().join("code.bin");
    let bytes = std::fs::read(&image)?;
    std::fs::write(&code, &bytes[..project.manifest.flash.apps.end() as usize])?;
    command::run(
        Command::new("probe-rs")
            .args([
                "download",
                "--chip",
                "nRF52840_xxAA",
                "--binary-format",
                "bin",
            ])
            .args(["--base-address", "0x0"])
            .arg(&code),
    )
    .context("is probe-rs installed and the board connected? docs/hardware.md")?;
    command::run(Command::new("probe-rs").args(["reset", "--chip", "nRF52840_xxAA"]))
}
