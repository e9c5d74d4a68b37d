//! Addresses: internal flash, RAM, external NOR.

use serde::Deserialize;

/// A half-open range of addresses, `start .. start + size`, in bytes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// First address.
    pub start: u32,
    /// Length in bytes.
    pub size: u32,
}

impl Region {
    /// Returns the first address behind the region, in 64 bits, so that it cannot wrap.
    #[must_use]
    pub fn end(self) -> u64 {
        u64::from(self.start) + u64::from(self.size)
    }

    /// Returns whether `other` lies wholly inside.
    #[must_use]
    pub fn contains(self, other: Region) -> bool {
        other.start >= self.start && other.end() <= self.end()
    }

    /// Returns whether the two share an address.
    #[must_use]
    pub fn overlaps(self, other: Region) -> bool {
        u64::from(self.start) < other.end() && u64::from(other.start) < self.end()
    }
}

/// Internal flash, 1 MB from address 0.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlashMap {
    /// Bootloader and its reset vectors.
    pub bootloader: Region,
    /// The page of the device secret, the last one of the bootloader.
    pub device_secret: Region,
    /// Kernel, its attributes at the end.
    pub kernel: Region,
    /// The list of TBF objects.
    pub apps: Region,
    /// Pages of the key store.
    pub key_store: Region,
    /// Pages of the anchor, which counts the key store's commits.
    pub anchor: Region,
    /// Pages of the energy store.
    pub energy_store: Region,
}

impl FlashMap {
    /// Returns what the meter itself writes, and what a new image must leave as it is: the
    /// device secret, then the stores.
    #[must_use]
    pub fn own_data(&self) -> [std::ops::Range<usize>; 2] {
        let range = |start: u32, end: u64| start as usize..end as usize;
        [
            range(self.device_secret.start, self.device_secret.end()),
            range(self.key_store.start, self.energy_store.end()),
        ]
    }
}

/// RAM, 256 KB from 0x20000000.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RamMap {
    /// Kernel stack, data and grants' roots.
    pub kernel: Region,
    /// Crash log, kept over a reset.
    pub retained: Region,
    /// Blocks of the processes.
    pub apps: Region,
}

/// The NOR flash outside the part; addresses count from its own start.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalNor {
    /// Bytes of the whole.
    pub size: u32,
    /// The image that is to be installed.
    pub staging: Region,
    /// The image to go back to.
    pub previous: Region,
    /// The storage partitions.
    pub storage: Region,
}
