//! The shape of meter.toml.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::check::ManifestError;

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
    /// First address behind the region; 64 bits, so that it cannot wrap.
    #[must_use]
    pub fn end(self) -> u64 {
        u64::from(self.start) + u64::from(self.size)
    }

    /// Whether `other` lies wholly inside.
    #[must_use]
    pub fn contains(self, other: Region) -> bool {
        other.start >= self.start && other.end() <= self.end()
    }

    /// Whether the two share an address.
    #[must_use]
    pub fn overlaps(self, other: Region) -> bool {
        u64::from(self.start) < other.end() && u64::from(other.start) < self.end()
    }
}

/// Names, and what holds for the whole image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The `board` attribute that tockloader compares.
    pub name: String,
    /// The architecture as tockloader and elf2tab name it.
    pub architecture: String,
    /// Whether kernel debug output goes to RTT.
    pub debug_rtt: bool,
    /// Bytes of kernel stack, at the bottom of the kernel's RAM.
    pub kernel_stack: u32,
}

/// Internal flash, 1 MB from address 0.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlashMap {
    /// Bootloader and its reset vectors.
    pub bootloader: Region,
    /// Kernel, its attributes at the end.
    pub kernel: Region,
    /// The list of TBF objects.
    pub apps: Region,
    /// Pages of the key store.
    pub key_store: Region,
    /// Pages of the energy store.
    pub energy_store: Region,
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

/// A system-call driver.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// Tock driver number.
    pub number: u32,
    /// Answers only to apps that name it, whatever their TBF says.
    #[serde(default)]
    pub restricted: bool,
    /// Command names and numbers; command 0, the existence check, is implied.
    pub commands: BTreeMap<String, u32>,
}

/// What the kernel does when an app faults.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum FaultPolicy {
    /// The app stays down.
    Stop,
    /// The app starts again, after a delay that grows with each crash.
    Restart,
    /// The kernel panics, logs and resets.
    Panic,
}

/// Driver name to the names of the commands that an app may call.
pub type Grants = BTreeMap<String, Vec<String>>;

/// One app slot.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Package name in the TBF.
    pub name: String,
    /// The crate that builds it; none while the app does not exist yet.
    pub package: Option<String>,
    /// Tock ShortId, not 0.
    pub short_id: u32,
    /// Slot in flash; the TBF object starts at its start.
    pub flash: Region,
    /// Block of RAM, grants and process control block included.
    pub ram: Region,
    /// Bytes of stack that the linker script reserves.
    #[serde(default = "default_stack")]
    pub stack: u32,
    /// 0 is served first.
    pub priority: u8,
    /// What happens at a fault.
    pub fault: FaultPolicy,
    /// Drivers and commands it may use.
    pub drivers: Grants,
}

fn default_stack() -> u32 {
    0x800
}

/// All of meter.toml, checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `[board]`
    pub board: Board,
    /// `[flash]`
    pub flash: FlashMap,
    /// `[ram]`
    pub ram: RamMap,
    /// `[drivers.*]`
    pub drivers: BTreeMap<String, Driver>,
    /// `[[app]]`, in flash order
    #[serde(rename = "app")]
    pub apps: Vec<App>,
}

impl Manifest {
    /// Parses and checks the text of a meter.toml.
    ///
    /// # Errors
    /// Says the line of a syntax error, or the entry that contradicts another.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Manifest =
            toml::from_str(text).map_err(|error| ManifestError(error.to_string()))?;
        manifest.check()?;
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

    /// The app of that name.
    #[must_use]
    pub fn app(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.name == name)
    }
}
