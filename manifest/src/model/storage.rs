//! Storage partitions on the external NOR.

use serde::Deserialize;

use super::{Appends, Region};

/// A ring of sealed records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Number in system calls.
    pub number: u16,
    /// The app that appends, and under whose key the records are sealed.
    pub owner: String,
    /// The other apps that read.
    pub readers: Vec<String>,
    /// Bytes of payload in a record.
    pub record: u16,
    /// How often the owner may append.
    pub appends: Appends,
    /// First address on the NOR.
    pub start: u32,
    /// Bytes on the NOR.
    pub size: u32,
}

impl Partition {
    /// Returns where it lies on the NOR.
    #[must_use]
    pub fn region(&self) -> Region {
        Region {
            start: self.start,
            size: self.size,
        }
    }
}
