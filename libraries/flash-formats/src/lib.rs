//! The versions of all that the meter keeps in flash, each stated once.
//!
//! Whoever changes what stands in flash raises the version here: the words that mark a
//! page or a record as written in a format come from it, and so does what `make run`
//! knows of the layout of a state that it finds. docs/formats.md says what follows.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

/// The format of one of the things that are kept in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// What is kept in it, as in the layout of a state.
    pub name: &'static str,
    /// Its version, from 1 to 9: rises with each change of what stands in flash.
    pub version: u8,
}

/// The key store's banks and its anchor.
pub const KEY_STORE: Format = Format::new("key_store", 1);
/// The energy store's pages and records.
pub const ENERGY_STORE: Format = Format::new("energy_store", 1);
/// The sectors and records of the partitions on the external flash.
pub const STORAGE: Format = Format::new("storage", 1);
/// The metering app's registers, a payload of the energy store.
pub const REGISTERS: Format = Format::new("registers", 2);
/// The metering app's calibration, a payload of the energy store.
pub const CALIBRATION: Format = Format::new("calibration", 2);
/// An interval of the load profile, a payload of storage.
pub const LOAD_PROFILE: Format = Format::new("load_profile", 1);

/// An event of the event log, a payload of storage.
pub const EVENT_LOG: Format = Format::new("event_log", 1);

/// All formats.
pub const ALL: [Format; 7] = [
    KEY_STORE,
    ENERGY_STORE,
    STORAGE,
    REGISTERS,
    CALIBRATION,
    LOAD_PROFILE,
    EVENT_LOG,
];

impl Format {
    const fn new(name: &'static str, version: u8) -> Self {
        assert!(version >= 1 && version <= 9, "a version is one digit");
        Self { name, version }
    }

    /// The version as an ASCII digit, for marks that people can read.
    #[must_use]
    pub const fn digit(self) -> u8 {
        b'0' + self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ() {
        for (index, format) in ALL.iter().enumerate() {
            let earlier = &ALL[..index];
            assert!(earlier.iter().all(|other| other.name != format.name));
        }
    }

    #[test]
    fn a_version_reads_as_its_digit() {
        assert_eq!(Format::new("some", 7).digit(), b'7');
    }
}
