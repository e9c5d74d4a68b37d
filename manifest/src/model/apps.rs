//! Apps: where they stand, how they run, what they may ask.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{by_name, Changes, Grants, Operation, Region, State};

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

/// What an app may ask of one key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyGrant {
    /// Operations it may ask for.
    #[serde(deserialize_with = "by_name::list")]
    pub operations: Vec<Operation>,
    /// States of the meter in which it may.
    #[serde(deserialize_with = "by_name::list")]
    pub states: Vec<State>,
    /// Operations with a session key that came out of this one.
    #[serde(default, deserialize_with = "by_name::list")]
    pub session: Vec<Operation>,
    /// How often it may change the key.
    pub changes: Option<Changes>,
}

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
    /// Hundredths of the CPU time that it is guaranteed.
    pub share: u8,
    /// What happens at a fault.
    pub fault: FaultPolicy,
    /// Drivers and commands it may use.
    pub drivers: Grants,
    /// Session slots of the key store that it may hold.
    #[serde(default)]
    pub session_slots: u8,
    /// How often it may change keys whose grants do not say.
    pub key_changes: Option<Changes>,
    /// Keys it may use.
    #[serde(default)]
    pub keys: BTreeMap<String, KeyGrant>,
}

impl App {
    /// Returns whether session keys come out of a key of it.
    pub(crate) fn makes_sessions(&self) -> bool {
        self.keys.values().any(|grant| !grant.session.is_empty())
    }

    /// Returns whether it may call that command of that driver.
    #[must_use]
    pub fn may_call(&self, driver: &str, command: &str) -> bool {
        self.drivers
            .get(driver)
            .is_some_and(|commands| commands.iter().any(|granted| granted == command))
    }
}

fn default_stack() -> u32 {
    0x800
}
