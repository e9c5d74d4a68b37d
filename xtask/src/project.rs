//! Where things lie in the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use manifest::{checkout, Manifest};

/// The checkout and its checked manifest.
pub struct Project {
    root: PathBuf,
    /// The manifest that the image is built from.
    pub manifest: Manifest,
    /// Another manifest than meter.toml, and where its image goes.
    variant: Option<Variant>,
}

struct Variant {
    manifest: PathBuf,
    image_folder: PathBuf,
}

impl Project {
    /// Returns the checkout that this program runs in, with its own meter.toml.
    ///
    /// # Errors
    /// It runs in none, or meter.toml is refused.
    pub fn find() -> Result<Self> {
        let root = checkout::root()?;
        let manifest = checkout::meter(&root)?;
        Ok(Self {
            root,
            manifest,
            variant: None,
        })
    }

    /// Returns the same checkout with another manifest, whose image goes to another folder.
    ///
    /// # Errors
    /// The manifest cannot be read or is refused.
    pub fn with_manifest(&self, manifest: &Path, image_folder: &Path) -> Result<Self> {
        let absolute =
            |path: &Path| std::path::absolute(path).with_context(|| path.display().to_string());
        Ok(Self {
            root: self.root.clone(),
            manifest: Manifest::load(manifest)?,
            variant: Some(Variant {
                manifest: absolute(manifest)?,
                image_folder: absolute(image_folder)?,
            }),
        })
    }

    /// Returns the path of the manifest, if it is not meter.toml.
    pub fn variant(&self) -> Option<&Path> {
        self.variant
            .as_ref()
            .map(|variant| variant.manifest.as_path())
    }

    /// Returns the text of meter.toml.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn meter_text(&self) -> Result<String> {
        let path = self.root.join(checkout::METER);
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    /// Returns the top folder of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's output, wherever the caller wants it.
    fn target(&self) -> PathBuf {
        checkout::target(&self.root)
    }

    /// Returns the folder of cargo's output for the target, apart from the host's.
    pub fn firmware_target(&self) -> PathBuf {
        self.target().join("firmware")
    }

    /// Cargo's output for the kernel. One that is built from another manifest has
    /// a folder of its own, so that neither is built again because of the other.
    pub fn kernel_target(&self) -> PathBuf {
        match &self.variant {
            Some(variant) => variant.image_folder.join("build"),
            None => self.firmware_target(),
        }
    }

    /// Returns the path of a program of the workspace that cargo has built for the host.
    pub fn program(&self, name: &str) -> PathBuf {
        self.target().join("debug").join(name)
    }

    /// Returns the folder of kernel, TABs and flash image.
    pub fn image_folder(&self) -> PathBuf {
        match &self.variant {
            Some(variant) => variant.image_folder.clone(),
            None => self.target().join("image"),
        }
    }

    /// Returns the folder of the meter that `make run` keeps between runs.
    pub fn run_folder(&self) -> PathBuf {
        self.target().join("run")
    }

    /// Returns the folder of the audit's reports.
    pub fn audit_folder(&self) -> PathBuf {
        self.target().join("audit")
    }

    /// Returns the path of a program of the project's Python environment.
    pub fn python_tool(&self, name: &str) -> PathBuf {
        self.root.join(".venv/bin").join(name)
    }

    /// Returns the path of a program that the setup installed by cargo.
    pub fn cargo_tool(&self, name: &str) -> PathBuf {
        self.root.join(".tools/bin").join(name)
    }
}
