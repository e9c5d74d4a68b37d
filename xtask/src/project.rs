//! Where things lie in the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use manifest::Manifest;

/// The checkout and its checked manifest.
pub struct Project {
    root: PathBuf,
    /// The page that the image is built from.
    pub manifest: Manifest,
    /// Another page than meter.toml, and where its image goes.
    variant: Option<Variant>,
}

struct Variant {
    page: PathBuf,
    image_folder: PathBuf,
}

impl Project {
    /// The checkout that this program was built in.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in a folder of the checkout")?
            .to_path_buf();
        let manifest = Manifest::load(&root.join("boards/nrf52840-meter/meter.toml"))?;
        Ok(Self {
            root,
            manifest,
            variant: None,
        })
    }

    /// The same checkout with another page, whose image goes to another folder.
    pub fn with_page(&self, page: &Path, image_folder: &Path) -> Result<Self> {
        let absolute =
            |path: &Path| std::path::absolute(path).with_context(|| path.display().to_string());
        Ok(Self {
            root: self.root.clone(),
            manifest: Manifest::load(page)?,
            variant: Some(Variant {
                page: absolute(page)?,
                image_folder: absolute(image_folder)?,
            }),
        })
    }

    /// The page, if it is not meter.toml.
    pub fn page(&self) -> Option<&Path> {
        self.variant.as_ref().map(|variant| variant.page.as_path())
    }

    /// Top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's output, wherever the caller wants it.
    fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or(self.root.join("target"), PathBuf::from)
    }

    /// Cargo's output for the target, apart from the host's.
    pub fn firmware_target(&self) -> PathBuf {
        self.target().join("firmware")
    }

    /// Cargo's output for the kernel. One that is built from another page has a
    /// folder of its own, so that neither is built again because of the other.
    pub fn kernel_target(&self) -> PathBuf {
        match &self.variant {
            Some(variant) => variant.image_folder.join("build"),
            None => self.firmware_target(),
        }
    }

    /// Kernel, TABs and flash image.
    pub fn image_folder(&self) -> PathBuf {
        match &self.variant {
            Some(variant) => variant.image_folder.clone(),
            None => self.target().join("image"),
        }
    }

    /// The meter that `make run` keeps between runs.
    pub fn run_folder(&self) -> PathBuf {
        self.target().join("run")
    }

    /// Reports of the audit, and the image of its control.
    pub fn audit_folder(&self) -> PathBuf {
        self.target().join("audit")
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
