//! Budgets: how often what lies in flash may be changed.

use serde::Deserialize;

/// How many changes an app may ask for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// So many are earned in a week.
    pub per_week: u32,
    /// So many are kept, at the most.
    pub most: u16,
    /// So many there are in the meter's life.
    pub lifetime: u32,
}

/// How many records an app may append.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Appends {
    /// So many are earned in a week.
    pub per_week: u32,
    /// So many are kept, at the most; a start brings a quarter of them.
    pub most: u16,
}

/// The store of energy registers and calibration.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnergyStore {
    /// How many records may be written; a start brings a quarter of the most.
    pub records: Changes,
}
