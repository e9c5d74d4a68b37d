//! Keys, the operations and states of the key store, and the meter's way through the states.

use std::fmt;

use serde::Deserialize;

/// What an object of the key store is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Private key on P-256.
    P256,
    /// AES key of 16 bytes.
    Aes128,
    /// HMAC key of 32 bytes.
    Secret,
    /// Public key of someone who is believed.
    TrustAnchor,
    /// Certificate, at most 1,024 bytes.
    Certificate,
    /// Number that never goes back.
    Counter,
}

impl Kind {
    /// Returns the operations that objects of this kind have.
    #[must_use]
    pub fn operations(self) -> &'static [Operation] {
        use Operation::*;
        match self {
            Kind::P256 => &[Generate, Import, PublicKey, Sign, Agree, Activate, Erase],
            Kind::Aes128 => &[
                Generate,
                Import,
                Replace,
                Authenticate,
                Encrypt,
                Decrypt,
                Wrap,
                Unwrap,
                Activate,
                Erase,
            ],
            Kind::Secret => &[Generate, Import, Hmac, Activate, Erase],
            Kind::TrustAnchor => &[Verify, Store, Read, Erase],
            Kind::Certificate => &[Store, Read, Erase],
            Kind::Counter => &[Read, Advance],
        }
    }

    /// Returns the bytes that the key store keeps of one, at the most.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            // With its public key.
            Kind::P256 => 96,
            Kind::Aes128 => 16,
            Kind::Secret => 32,
            Kind::TrustAnchor => 65,
            Kind::Certificate => 1_024,
            Kind::Counter => 4,
        }
    }

    /// Returns the name that meter.toml uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::P256 => "p256",
            Kind::Aes128 => "aes128",
            Kind::Secret => "secret",
            Kind::TrustAnchor => "trust_anchor",
            Kind::Certificate => "certificate",
            Kind::Counter => "counter",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What an app can ask of a key.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Make the key on the meter.
    Generate,
    /// Take the key's bytes from the app; in the factory state only.
    Import,
    /// Give the public key away.
    PublicKey,
    /// Sign a digest.
    Sign,
    /// Agree on a session key.
    Agree,
    /// Authenticated encryption.
    Encrypt,
    /// Authenticated decryption.
    Decrypt,
    /// HMAC over a message.
    Hmac,
    /// Wrap a session key.
    Wrap,
    /// Unwrap a key.
    Unwrap,
    /// Verify a signature.
    Verify,
    /// Store a trust anchor or certificate.
    Store,
    /// Read a trust anchor, certificate or counter.
    Read,
    /// Raise a counter.
    Advance,
    /// Make the successor the current key.
    Activate,
    /// Erase it.
    Erase,
    /// Be replaced by a key that comes wrapped under another.
    Replace,
    /// Be part of the associated data of another key; of a session key: have
    /// another key be part of it.
    Authenticate,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 18] = [
        Operation::Generate,
        Operation::Import,
        Operation::PublicKey,
        Operation::Sign,
        Operation::Agree,
        Operation::Encrypt,
        Operation::Decrypt,
        Operation::Hmac,
        Operation::Wrap,
        Operation::Unwrap,
        Operation::Verify,
        Operation::Store,
        Operation::Read,
        Operation::Advance,
        Operation::Activate,
        Operation::Erase,
        Operation::Replace,
        Operation::Authenticate,
    ];

    /// Those that a session slot has.
    pub const SESSION: [Operation; 6] = [
        Operation::Encrypt,
        Operation::Decrypt,
        Operation::Hmac,
        Operation::Wrap,
        Operation::Unwrap,
        Operation::Authenticate,
    ];

    /// Returns the name that meter.toml uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::Generate => "generate",
            Operation::Import => "import",
            Operation::PublicKey => "public_key",
            Operation::Sign => "sign",
            Operation::Agree => "agree",
            Operation::Encrypt => "encrypt",
            Operation::Decrypt => "decrypt",
            Operation::Hmac => "hmac",
            Operation::Wrap => "wrap",
            Operation::Unwrap => "unwrap",
            Operation::Verify => "verify",
            Operation::Store => "store",
            Operation::Read => "read",
            Operation::Advance => "advance",
            Operation::Activate => "activate",
            Operation::Erase => "erase",
            Operation::Replace => "replace",
            Operation::Authenticate => "authenticate",
        }
    }

    /// Returns the key-store command that asks for it on an object of that kind.
    #[must_use]
    pub fn command(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Operation::Read, Kind::Counter) => "counter",
            (Operation::Replace, _) => "unwrap",
            (Operation::Authenticate, _) => "encrypt",
            (operation, _) => operation.name(),
        }
    }

    /// Returns whether it needs or makes a secret, so that nobody may once the meter is
    /// decommissioned.
    #[must_use]
    pub fn touches_a_secret(self) -> bool {
        !matches!(
            self,
            Operation::PublicKey
                | Operation::Verify
                | Operation::Read
                | Operation::Advance
                | Operation::Erase
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where the meter is in its life; one way only.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Being made.
    Factory,
    /// In service.
    Operational,
    /// Taken out of service; keys are erased.
    Decommissioned,
}

impl State {
    /// All of them, in their order.
    pub const ALL: [State; 3] = [State::Factory, State::Operational, State::Decommissioned];

    /// Returns the name that meter.toml uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Factory => "factory",
            State::Operational => "operational",
            State::Decommissioned => "decommissioned",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

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
    pub kind: Kind,
    /// Who may change it.
    #[serde(default)]
    pub holder: Holder,
    /// Name of the counter that its nonces, and those of session keys that come out
    /// of it, are bound to.
    pub nonce_counter: Option<String>,
}

/// A step in the meter's life, and the app that may ask for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Name of the app.
    pub app: String,
    /// State before.
    pub from: State,
    /// State after.
    pub to: State,
}
