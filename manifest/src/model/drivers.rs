//! Drivers, and what an app may call of them.

use std::collections::BTreeMap;

use serde::Deserialize;

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

impl Driver {
    /// Returns the commands by number, which is the order of all that is generated.
    #[must_use]
    pub fn commands_by_number(&self) -> Vec<(&str, u32)> {
        let mut sorted: Vec<_> = self
            .commands
            .iter()
            .map(|(name, number)| (name.as_str(), *number))
            .collect();
        sorted.sort_by_key(|(_, number)| *number);
        sorted
    }
}

/// Driver name to the names of the commands that an app may call.
pub type Grants = BTreeMap<String, Vec<String>>;
