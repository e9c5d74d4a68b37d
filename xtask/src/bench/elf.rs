//! Symbols and sections of the ELF files that were built.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol};

/// A built ELF file.
pub struct Elf {
    symbols: Vec<(String, u32)>,
    sections: Vec<(String, u64)>,
}

impl Elf {
    /// Reads symbols and section sizes.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let file = object::File::parse(&*bytes)?;
        Ok(Self {
            symbols: file
                .symbols()
                .filter_map(|symbol| {
                    Some((symbol.name().ok()?.to_owned(), symbol.address() as u32))
                })
                .collect(),
            sections: file
                .sections()
                .filter_map(|section| Some((section.name().ok()?.to_owned(), section.size())))
                .collect(),
        })
    }

    /// The address of the symbol, without the Thumb bit.
    pub fn address(&self, name: &str) -> Result<u32> {
        self.symbols
            .iter()
            .find(|(symbol, _)| symbol == name)
            .map(|(_, address)| address & !1)
            .with_context(|| format!("there is no symbol {name}"))
    }

    /// Bytes of a section, 0 when there is none.
    pub fn section(&self, name: &str) -> u64 {
        self.sections
            .iter()
            .find(|(section, _)| section == name)
            .map_or(0, |(_, size)| *size)
    }
}
