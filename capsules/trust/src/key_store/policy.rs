//! Who may do what with which object in which state: the tables that the board generates.
//!
//! All of it is `const`: `Operations::SIGN.union(Operations::PUBLIC_KEY)`.

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A private key on the curve P-256, with its public key.
    P256 = 0,
    /// A key of AES-128.
    Aes128 = 1,
    /// A key of 32 bytes for HMAC-SHA-256.
    Secret = 2,
    /// A public key on P-256 that signatures are verified with.
    TrustAnchor = 3,
    /// A certificate, or a chain of them, of at most 1,024 bytes.
    Certificate = 4,
    /// A number that only rises.
    Counter = 5,
}

impl Kind {
    /// The kind with this number.
    pub const fn from_number(number: u8) -> Option<Kind> {
        Some(match number {
            0 => Kind::P256,
            1 => Kind::Aes128,
            2 => Kind::Secret,
            3 => Kind::TrustAnchor,
            4 => Kind::Certificate,
            5 => Kind::Counter,
            _ => return None,
        })
    }

    /// Whether its content must never be seen.
    pub const fn is_secret(self) -> bool {
        matches!(self, Kind::P256 | Kind::Aes128 | Kind::Secret)
    }

    /// Whether it goes when the meter is decommissioned: keys and the
    /// certificates made out to them. Trust anchors and counters stay.
    pub const fn is_erased_at_the_end(self) -> bool {
        self.is_secret() || matches!(self, Kind::Certificate)
    }

    /// What can be done with an object of this kind at all.
    pub const fn operations(self) -> Operations {
        const KEY: Operations = Operations::GENERATE
            .union(Operations::IMPORT)
            .union(Operations::ACTIVATE)
            .union(Operations::ERASE);
        match self {
            Kind::P256 => KEY
                .union(Operations::PUBLIC_KEY)
                .union(Operations::SIGN)
                .union(Operations::AGREE),
            Kind::Aes128 => KEY
                .union(Operations::REPLACE)
                .union(Operations::AUTHENTICATE)
                .union(Operations::ENCRYPT)
                .union(Operations::DECRYPT)
                .union(Operations::WRAP)
                .union(Operations::UNWRAP),
            Kind::Secret => KEY.union(Operations::HMAC),
            Kind::TrustAnchor => Operations::STORE
                .union(Operations::READ)
                .union(Operations::VERIFY)
                .union(Operations::ERASE),
            Kind::Certificate => Operations::STORE
                .union(Operations::READ)
                .union(Operations::ERASE),
            Kind::Counter => Operations::READ.union(Operations::ADVANCE),
        }
    }
}

/// A set of operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations(u32);

impl Operations {
    /// None.
    pub const NONE: Operations = Operations(0);
    /// Make a key.
    pub const GENERATE: Operations = Operations(1 << 0);
    /// Take a key from outside, in the clear: in the factory state only.
    pub const IMPORT: Operations = Operations(1 << 1);
    /// Give the public key.
    pub const PUBLIC_KEY: Operations = Operations(1 << 2);
    /// Sign a digest.
    pub const SIGN: Operations = Operations(1 << 3);
    /// Agree on a session key.
    pub const AGREE: Operations = Operations(1 << 4);
    /// Encrypt and authenticate.
    pub const ENCRYPT: Operations = Operations(1 << 5);
    /// Decrypt and verify.
    pub const DECRYPT: Operations = Operations(1 << 6);
    /// Authenticate a message.
    pub const HMAC: Operations = Operations(1 << 7);
    /// Wrap a session key.
    pub const WRAP: Operations = Operations(1 << 8);
    /// Unwrap a key.
    pub const UNWRAP: Operations = Operations(1 << 9);
    /// Verify a signature.
    pub const VERIFY: Operations = Operations(1 << 10);
    /// Store a trust anchor or a certificate.
    pub const STORE: Operations = Operations(1 << 11);
    /// Read a trust anchor, a certificate or a counter.
    pub const READ: Operations = Operations(1 << 12);
    /// Raise a counter.
    pub const ADVANCE: Operations = Operations(1 << 13);
    /// Make the successor the current key.
    pub const ACTIVATE: Operations = Operations(1 << 14);
    /// Erase.
    pub const ERASE: Operations = Operations(1 << 15);

    /// Be the target of an unwrap.
    pub const REPLACE: Operations = Operations(1 << 16);
    /// Be part of the associated data, as DLMS/COSEM's authentication key is; of a
    /// session key: have another key be part of it.
    pub const AUTHENTICATE: Operations = Operations(1 << 17);

    /// What a session slot can be used for at all.
    pub const SESSION: Operations = Operations::ENCRYPT
        .union(Operations::DECRYPT)
        .union(Operations::HMAC)
        .union(Operations::WRAP)
        .union(Operations::UNWRAP)
        .union(Operations::AUTHENTICATE);

    /// The set with these bits; bits without an operation mean nothing.
    pub const fn from_bits(bits: u32) -> Operations {
        Operations(bits)
    }

    /// The bits, by the numbers of the contract.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Both sets.
    pub const fn union(self, other: Operations) -> Operations {
        Operations(self.0 | other.0)
    }

    /// What is in both sets.
    pub const fn intersection(self, other: Operations) -> Operations {
        Operations(self.0 & other.0)
    }

    /// Whether all of `other` is in the set.
    pub const fn contains(self, other: Operations) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The state of the meter. One way only: each is greater than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Being made: keys may be imported.
    #[default]
    Factory = 0,
    /// In use.
    Operational = 1,
    /// Out of use: its keys are erased.
    Decommissioned = 2,
}

impl State {
    /// The state with this number.
    pub const fn from_number(number: usize) -> Option<State> {
        Some(match number {
            0 => State::Factory,
            1 => State::Operational,
            2 => State::Decommissioned,
            _ => return None,
        })
    }
}

/// A set of states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States(u8);

impl States {
    /// None.
    pub const NONE: States = States(0);
    /// Factory.
    pub const FACTORY: States = States(1);
    /// Operational.
    pub const OPERATIONAL: States = States(2);
    /// Decommissioned.
    pub const DECOMMISSIONED: States = States(4);

    /// Both sets.
    pub const fn union(self, other: States) -> States {
        States(self.0 | other.0)
    }

    /// Whether `state` is in the set.
    pub const fn contains(self, state: State) -> bool {
        self.0 & (1 << state as u8) != 0
    }
}

/// An object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its number: below [`RESERVED`].
    pub number: u16,
    /// What it is.
    pub kind: Kind,
    /// The counter that the nonces of this key are bound to, and those of session
    /// keys that come out of it ([`super::nonces`]).
    pub nonces: Option<u16>,
}

/// Numbers from here on are no objects of apps: versions of apps, session
/// slots, the state.
pub const RESERVED: u16 = 0x7000;

/// What an app may do with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// ShortId of the app.
    pub app: u32,
    /// Number of the object.
    pub object: u16,
    /// What it may do.
    pub operations: Operations,
    /// What it may do with a session key that comes out of the object by
    /// [`Operations::AGREE`] or [`Operations::UNWRAP`].
    pub session: Operations,
    /// In which states.
    pub states: States,
}

/// A change of state that an app may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// ShortId of the app.
    pub app: u32,
    /// State before.
    pub from: State,
    /// State after.
    pub to: State,
}

/// How many session slots an app may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionShare {
    /// ShortId of the app.
    pub app: u32,
    /// Slots that it can fill whatever other apps do, and no more.
    pub slots: u8,
}

/// The whole policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// All objects.
    pub objects: &'static [Object],
    /// What apps may do with them. An app may have several lines for an object.
    pub grants: &'static [Grant],
    /// Who may change the state.
    pub transitions: &'static [Transition],
    /// Who may hold how many session slots; no app twice. An app that is not named
    /// holds none.
    pub shares: &'static [SessionShare],
}

impl Policy {
    /// Whether the shares of all apps are there at the same time, so that none can
    /// keep another from its own.
    pub const fn shares_fit(&self) -> bool {
        let mut slots = 0;
        let mut index = 0;
        while index < self.shares.len() {
            slots += self.shares[index].slots as usize;
            index += 1;
        }
        slots <= super::sessions::COUNT
    }
}
