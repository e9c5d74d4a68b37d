//! Keys, and the meter's way through its states.

pub use drivers::key_store::{Kind, Operation, State};
use serde::Deserialize;

use super::by_name;

/// Who may change an object.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Holder {
    /// The apps that are granted it.
    #[default]
    Apps,
    /// The kernel alone.
    Kernel,
}

/// An object of the key store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Number in system calls.
    pub number: u16,
    /// What it is.
    #[serde(deserialize_with = "by_name::one")]
    pub kind: Kind,
    /// Who may change it.
    #[serde(default)]
    pub holder: Holder,
    /// Name of the counter that its nonces, and those of session keys that come out
    /// of it, are bound to.
    pub nonce_counter: Option<String>,
    /// By how much an app may raise the counter in one call.
    pub step: Option<u32>,
}

impl Key {
    /// Returns by how much an app may raise the counter in one call.
    #[must_use]
    pub fn counter_step(&self) -> u32 {
        self.step.unwrap_or(drivers::key_store::COUNTER_STEP)
    }
}

/// A step in the meter's life, and the app that may ask for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Name of the app.
    pub app: String,
    /// State before.
    #[serde(deserialize_with = "by_name::one")]
    pub from: State,
    /// State after.
    #[serde(deserialize_with = "by_name::one")]
    pub to: State,
}
