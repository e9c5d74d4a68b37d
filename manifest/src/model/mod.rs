//! The shape of meter.toml, one file a topic.

mod apps;
mod channels;
mod drivers;
mod keys;
mod memory;
mod signing;
mod storage;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;

pub use apps::{App, FaultPolicy, KeyGrant};
pub use channels::{Channel, Overflow};
pub use drivers::{Driver, Grants};
pub use keys::{Holder, Key, Kind, Operation, State, Transition};
pub use memory::{ExternalNor, FlashMap, RamMap, Region};
pub use signing::{Signer, Signing};
pub use storage::Partition;

use crate::check::{line_of, ManifestError};

/// What an image is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// For the bench: kernel debug output and guests are allowed.
    Development,
    /// For a meter in service: what opens it is refused on the page.
    Production,
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Profile::Development => "development",
            Profile::Production => "production",
        })
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
    /// What the image is for.
    pub profile: Profile,
    /// Whether kernel debug output goes to RTT.
    pub debug_rtt: bool,
    /// Bytes of kernel stack, at the bottom of the kernel's RAM.
    pub kernel_stack: u32,
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
    /// `[external_nor]`
    pub external_nor: ExternalNor,
    /// `[drivers.*]`
    pub drivers: BTreeMap<String, Driver>,
    /// `[keys]`
    #[serde(default)]
    pub keys: BTreeMap<String, Key>,
    /// `[[transition]]`
    #[serde(default, rename = "transition")]
    pub transitions: Vec<Transition>,
    /// `[channels.*]`
    #[serde(default)]
    pub channels: BTreeMap<String, Channel>,
    /// `[storage.*]`
    #[serde(default)]
    pub storage: BTreeMap<String, Partition>,
    /// `[signing]`
    #[serde(default)]
    pub signing: Signing,
    /// `[[signer]]`
    #[serde(default, rename = "signer")]
    pub signers: Vec<Signer>,
    /// `[[app]]`, in flash order
    #[serde(rename = "app")]
    pub apps: Vec<App>,
}

impl Manifest {
    /// Parses and checks the text of a meter.toml.
    ///
    /// # Errors
    /// Says the line of a syntax error, or the entry that contradicts another and its line.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Manifest =
            toml::from_str(text).map_err(|error| ManifestError(error.to_string()))?;
        manifest
            .check()
            .map_err(|ManifestError(error)| match line_of(text, &error) {
                Some(line) => ManifestError(format!("line {line}: {error}")),
                None => ManifestError(error),
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

    /// The app of that name.
    #[must_use]
    pub fn app(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.name == name)
    }

    /// The ShortId of an app that the checked page names.
    pub(crate) fn short_id(&self, app: &str) -> u32 {
        self.app(app)
            .expect("a checked page names only apps that it has")
            .short_id
    }

    /// Drivers by number.
    #[must_use]
    pub fn drivers_by_number(&self) -> Vec<(&str, &Driver)> {
        by_number(&self.drivers, |driver| driver.number)
    }

    /// Keys by number, which is the order of all that is generated.
    #[must_use]
    pub fn keys_by_number(&self) -> Vec<(&str, &Key)> {
        by_number(&self.keys, |key| key.number)
    }

    /// Channels by number.
    #[must_use]
    pub fn channels_by_number(&self) -> Vec<(&str, &Channel)> {
        by_number(&self.channels, |channel| channel.number)
    }

    /// Partitions by number.
    #[must_use]
    pub fn partitions_by_number(&self) -> Vec<(&str, &Partition)> {
        by_number(&self.storage, |partition| partition.number)
    }
}

fn by_number<T, Number: Ord>(
    entries: &BTreeMap<String, T>,
    number: impl Fn(&T) -> Number,
) -> Vec<(&str, &T)> {
    let mut sorted: Vec<_> = entries
        .iter()
        .map(|(name, entry)| (name.as_str(), entry))
        .collect();
    sorted.sort_by_key(|(_, entry)| number(entry));
    sorted
}
