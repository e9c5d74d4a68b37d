//! The rules that a meter.toml must obey beyond its shape, one file a topic.

mod apps;
pub(crate) mod budgets;
mod channels;
mod drivers;
pub(crate) mod keys;
mod memory;
mod profile;
mod rules;
mod signing;
mod storage;
#[cfg(test)]
mod tests;

pub(crate) use memory::PAGE;
pub use rules::Refusal;

use crate::model::Manifest;

/// Holds every rule against a manifest.
///
/// # Errors
/// The first rule that it does not obey.
pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    profile::check(manifest)?;
    memory::check(manifest)?;
    drivers::check(manifest)?;
    apps::check(manifest)?;
    keys::check(manifest)?;
    channels::check(manifest)?;
    storage::check(manifest)?;
    budgets::check(manifest)?;
    signing::check(manifest)
}
