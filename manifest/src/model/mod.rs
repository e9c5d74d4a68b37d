//! The shape of meter.toml, one file a topic.

mod apps;
mod budgets;
mod by_name;
mod channels;
mod drivers;
mod keys;
mod memory;
mod profile;
mod signing;
mod storage;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use apps::{App, FaultPolicy, KeyGrant};
pub use budgets::{Appends, Changes, EnergyStore};
pub use channels::{Channel, Overflow};
pub use drivers::{Driver, Grants};
pub use keys::{Holder, Key, Kind, Operation, State, Transition};
pub use memory::{ExternalNor, FlashMap, RamMap, Region};
pub use profile::Profile;
pub use signing::{Signer, Signing};
pub use storage::Partition;

/// Names, and what holds for the whole image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The `board` attribute that tockloader compares.
    pub name: String,
    /// The crate that builds the kernel.
    pub package: String,
    /// The architecture as tockloader and elf2tab name it.
    pub architecture: String,
    /// What the image is for.
    pub profile: Profile,
    /// Whether kernel debug output goes to RTT.
    pub debug_rtt: bool,
    /// Bytes of kernel stack, at the bottom of the kernel's RAM.
    pub kernel_stack: u32,
    /// What comes between the steps of long work of the kernel.
    #[serde(default)]
    pub long_steps: LongSteps,
}

/// What comes between the steps of long work of the kernel, of a signature, say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongSteps {
    /// Processes, by the kernel's call in the background.
    #[default]
    Background,
    /// An alarm, as on a kernel that serves deferred calls before processes.
    Alarm,
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
    /// `[drivers]`, numbers and commands from the definitions
    #[serde(deserialize_with = "drivers::read")]
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
    /// `[energy_store]`
    pub energy_store: Option<EnergyStore>,
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
    #[serde(default, rename = "app")]
    pub apps: Vec<App>,
}

impl Manifest {
    /// Returns the app of that name.
    #[must_use]
    pub fn app(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.name == name)
    }

    /// Returns the ShortId of an app that the checked manifest names.
    pub(crate) fn short_id(&self, app: &str) -> u32 {
        self.app(app)
            .expect("a checked manifest names only apps that it has")
            .short_id
    }

    /// Returns the drivers by number.
    #[must_use]
    pub fn drivers_by_number(&self) -> Vec<(&str, &Driver)> {
        by_number(&self.drivers, |driver| driver.number)
    }

    /// Returns the keys by number, which is the order of all that is generated.
    #[must_use]
    pub fn keys_by_number(&self) -> Vec<(&str, &Key)> {
        by_number(&self.keys, |key| key.number)
    }

    /// Returns the channels by number.
    #[must_use]
    pub fn channels_by_number(&self) -> Vec<(&str, &Channel)> {
        by_number(&self.channels, |channel| channel.number)
    }

    /// Returns the partitions by number.
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
