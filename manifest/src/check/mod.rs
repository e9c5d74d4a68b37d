//! The rules that a meter.toml must obey beyond its shape, one file a topic.

mod apps;
mod channels;
mod drivers;
pub(crate) mod keys;
mod memory;
mod place;
mod profile;
mod signing;
mod storage;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use memory::PAGE;
pub(crate) use place::line_of;

use crate::model::Manifest;

/// Why a meter.toml is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError(pub String);

impl fmt::Display for ManifestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ManifestError {}

macro_rules! refuse_if {
    ($condition:expr, $($message:tt)+) => {
        if $condition {
            return Err($crate::check::ManifestError(format!($($message)+)));
        }
    };
}
use refuse_if;

impl Manifest {
    pub(crate) fn check(&self) -> Result<(), ManifestError> {
        profile::check(self)?;
        memory::check(self)?;
        drivers::check(self)?;
        apps::check(self)?;
        keys::check(self)?;
        channels::check(self)?;
        storage::check(self)?;
        signing::check(self)
    }
}

/// Entry names go into generated code, tables and file names.
fn check_name(entry: &str, name: &str) -> Result<(), ManifestError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    refuse_if!(
        name.is_empty() || name.len() > 64 || !name.bytes().all(plain),
        "{entry} {name:?}: a name has 1 to 64 letters, digits, or _ - ."
    );
    Ok(())
}

/// The number of each entry must be its own.
fn distinct_numbers<'a>(
    section: &str,
    entries: impl Iterator<Item = (&'a String, u32)>,
) -> Result<(), ManifestError> {
    let mut seen: Vec<(&String, u32)> = Vec::new();
    for (name, number) in entries {
        if let Some((other, _)) = seen.iter().find(|(_, taken)| *taken == number) {
            return Err(ManifestError(format!(
                "{section}.{other} and {section}.{name} share number {number:#x}"
            )));
        }
        seen.push((name, number));
    }
    Ok(())
}

/// The apps that an entry names must exist, and each be named once.
fn known_apps<'a>(
    manifest: &Manifest,
    entry: &str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), ManifestError> {
    let mut seen: Vec<&String> = Vec::new();
    for name in names {
        refuse_if!(
            manifest.app(name).is_none(),
            "{entry}: there is no app {name}"
        );
        refuse_if!(seen.contains(&name), "{entry}: app {name} is named twice");
        seen.push(name);
    }
    Ok(())
}
