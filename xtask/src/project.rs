//! Where things lie in the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use board_manifest::Manifest;

/// The checkout and its checked manifest.
pub struct Project {
    root: PathBuf,
    /// meter.toml
    pub manifest: Manifest,
}

impl Project {
    /// The checkout that this program was built in.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in a folder of the checkout")?
            .to_path_buf();
        let manifest = Manifest::load(&root.join("boards/nrf52840-meter/meter.toml"))?;
        Ok(Self { root, manifest })
    }

    /// Top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's output for the target, apart from the host's.
    pub fn firmware_target(&self) -> PathBuf {
        self.root.join("target/firmware")
    }

    /// Kernel, TABs and flash image.
    pub fn image_folder(&self) -> PathBuf {
        self.root.join("target/image")
    }

    /// The meter that `make run` keeps between runs.
    pub fn run_folder(&self) -> PathBuf {
        self.root.join("target/run")
    }

    /// A program of the project's Python environment.
    pub fn python_tool(&self, name: &str) -> PathBuf {
        self.root.join(".venv/bin").join(name)
    }

    /// A program that the setup installed by cargo.
    pub fn cargo_tool(&self, name: &str) -> PathBuf {
        self.root.join(".tools/bin").join(name)
    }
}
