//! Who may sign apps.

use serde::Deserialize;

/// What holds for all apps.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// Whether an app that no signer vouches for stays down. Otherwise it runs as
    /// a guest, which is no app of the manifest: for images of bring-up only.
    pub required: bool,
}

impl Default for Signing {
    fn default() -> Self {
        Self { required: true }
    }
}

/// A key whose signatures make apps what they say they are.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// Name, for people.
    pub name: String,
    /// File of the public key, from the top folder of the project: PEM, P-256.
    pub public_key: String,
    /// Names of the apps that it may sign for.
    pub apps: Vec<String>,
}
