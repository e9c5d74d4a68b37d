//! What an image is for.

use std::fmt;

use serde::Deserialize;

/// What an image is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// For the bench: kernel debug output and guests are allowed.
    Development,
    /// For a meter in service: what opens it is refused in the manifest.
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
