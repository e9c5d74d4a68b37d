//! Symbols and sections of the ELF files that were built.

use std::fs;
use std::ops::Range;
use std::path::Path;

use object::{Object, ObjectSection, ObjectSymbol};

/// A built ELF file.
pub struct Elf {
    symbols: Vec<(String, Range<u32>)>,
    sections: Vec<(String, u64)>,
}

impl Elf {
    /// Reads an ELF file.
    ///
    /// # Panics
    /// When it is not there or no ELF file.
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = object::File::parse(&*bytes).expect("an ELF file");
        let symbols = file.symbols().filter_map(|symbol| {
            let start = symbol.address() as u32 & !1;
            let name = symbol.name().ok()?.to_owned();
            Some((name, start..start + symbol.size() as u32))
        });
        let sections = file
            .sections()
            .filter_map(|section| Some((section.name().ok()?.to_owned(), section.size())));
        Self {
            symbols: symbols.collect(),
            sections: sections.collect(),
        }
    }

    /// Returns the places whose mangled names contain all of `parts`.
    ///
    /// # Panics
    /// When there is none.
    pub fn places(&self, parts: &[&str]) -> Vec<Range<u32>> {
        let matching = self
            .symbols
            .iter()
            .filter(|(name, _)| parts.iter().all(|part| name.contains(part)));
        let places: Vec<_> = matching.map(|(_, place)| place.clone()).collect();
        assert!(!places.is_empty(), "there is no symbol with {parts:?}");
        places
    }

    /// Returns the address of a symbol, without the Thumb bit.
    pub fn address(&self, name: &str) -> Option<u32> {
        let mut symbols = self.symbols.iter();
        let found = symbols.find(|(symbol, _)| symbol == name);
        found.map(|(_, place)| place.start)
    }

    /// Returns the names, as they are mangled, and the places of all symbols.
    pub fn symbols(&self) -> &[(String, Range<u32>)] {
        &self.symbols
    }

    /// Returns the size of a section in bytes, which is 0 when there is none.
    pub fn section(&self, name: &str) -> u64 {
        let mut sections = self.sections.iter();
        let found = sections.find(|(section, _)| section == name);
        found.map_or(0, |(_, size)| *size)
    }
}
