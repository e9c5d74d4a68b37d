//! Symbols of the ELF files that were built.

use std::fs;
use std::ops::Range;
use std::path::Path;

use object::{Object, ObjectSymbol};

/// Names with the places of what they name.
pub struct Symbols(Vec<(String, Range<u32>)>);

impl Symbols {
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
        Symbols(symbols.collect())
    }

    /// The places whose mangled names contain all of `parts`.
    ///
    /// # Panics
    /// When there is none.
    pub fn places(&self, parts: &[&str]) -> Vec<Range<u32>> {
        let matching = self
            .0
            .iter()
            .filter(|(name, _)| parts.iter().all(|part| name.contains(part)));
        let places: Vec<_> = matching.map(|(_, place)| place.clone()).collect();
        assert!(!places.is_empty(), "there is no symbol with {parts:?}");
        places
    }
}
