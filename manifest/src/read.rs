//! Reads a meter.toml: its shape, then its rules.

use std::path::Path;

use crate::check::check;
use crate::error::ManifestError;
use crate::model::Manifest;

impl Manifest {
    /// Parses and checks the text of a meter.toml.
    ///
    /// # Errors
    /// Says the line of a syntax error, or the entry that contradicts another and its line.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Manifest =
            toml::from_str(text).map_err(|error| ManifestError(error.to_string()))?;
        check(&manifest).map_err(|refusal| match refusal.place.line(text) {
            Some(line) => ManifestError(format!("line {line}: {}", refusal.message)),
            None => ManifestError(refusal.message),
        })?;
        Ok(manifest)
    }

    /// Reads, parses and checks a meter.toml.
    ///
    /// # Errors
    /// As [`Manifest::parse`], or that the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ManifestError(format!("{}: {error}", path.display())))?;
        Self::parse(&text)
            .map_err(|ManifestError(error)| ManifestError(format!("{}: {error}", path.display())))
    }
}
