//! The words in which it is said who may do what: kinds of objects, operations, states.

use super::Command;
use crate::named::named;

named! {
    /// What an object is.
    enum Kind {
        /// A private key on the curve P-256, with its public key.
        0 = P256 "p256",
        /// A key of AES-128.
        1 = Aes128 "aes128",
        /// A key of 32 bytes for HMAC-SHA-256.
        2 = Secret "secret",
        /// A public key on P-256 that signatures are verified with.
        3 = TrustAnchor "trust_anchor",
        /// A certificate, or a chain of them, of at most 1,024 bytes.
        4 = Certificate "certificate",
        /// A number that only rises.
        5 = Counter "counter",
    }
}

named! {
    /// What can be done with an object; the number is its bit in [`Operations`].
    enum Operation {
        /// Make a key.
        0 = Generate "generate",
        /// Take a key from outside, in the clear: in the factory state only.
        1 = Import "import",
        /// Give the public key.
        2 = PublicKey "public_key",
        /// Sign a digest.
        3 = Sign "sign",
        /// Agree on a session key.
        4 = Agree "agree",
        /// Encrypt and authenticate.
        5 = Encrypt "encrypt",
        /// Decrypt and verify.
        6 = Decrypt "decrypt",
        /// Authenticate a message.
        7 = Hmac "hmac",
        /// Wrap a session key.
        8 = Wrap "wrap",
        /// Unwrap a key.
        9 = Unwrap "unwrap",
        /// Verify a signature.
        10 = Verify "verify",
        /// Store a trust anchor or a certificate.
        11 = Store "store",
        /// Read a trust anchor, a certificate or a counter.
        12 = Read "read",
        /// Raise a counter.
        13 = Advance "advance",
        /// Make the successor the current key.
        14 = Activate "activate",
        /// Erase.
        15 = Erase "erase",
        /// Be the target of an unwrap.
        16 = Replace "replace",
        /// Be part of the associated data, as DLMS/COSEM's authentication key is; of a
        /// session key: have another key be part of it.
        17 = Authenticate "authenticate",
    }
}

named! {
    /// The state of the meter. One way only: each is greater than the one before.
    #[derive(Default)]
    enum State {
        /// Being made: keys may be imported.
        #[default]
        0 = Factory "factory",
        /// In use.
        1 = Operational "operational",
        /// Out of use: its keys are erased.
        2 = Decommissioned "decommissioned",
    }
}

impl Kind {
    /// Whether its content must never be seen.
    pub const fn is_secret(self) -> bool {
        matches!(self, Kind::P256 | Kind::Aes128 | Kind::Secret)
    }

    /// Whether it goes when the meter is decommissioned: keys and the certificates made out
    /// to them. Trust anchors and counters stay.
    pub const fn is_erased_at_the_end(self) -> bool {
        self.is_secret() || matches!(self, Kind::Certificate)
    }

    /// Bytes that the key store keeps of an object of this kind, at the most.
    pub const fn bytes(self) -> usize {
        match self {
            // With its public key.
            Kind::P256 => 96,
            Kind::Aes128 => super::SESSION_KEY_BYTES,
            Kind::Secret => 32,
            Kind::TrustAnchor => super::PUBLIC_KEY_BYTES,
            Kind::Certificate => super::INPUT_BYTES,
            Kind::Counter => 4,
        }
    }

    /// What can be done with an object of this kind at all, as a list.
    pub const fn list_of_operations(self) -> &'static [Operation] {
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

    /// What can be done with an object of this kind at all.
    pub const fn operations(self) -> Operations {
        const fn of(kind: Kind) -> Operations {
            Operations::of(kind.list_of_operations())
        }
        match self {
            Kind::P256 => const { of(Kind::P256) },
            Kind::Aes128 => const { of(Kind::Aes128) },
            Kind::Secret => const { of(Kind::Secret) },
            Kind::TrustAnchor => const { of(Kind::TrustAnchor) },
            Kind::Certificate => const { of(Kind::Certificate) },
            Kind::Counter => const { of(Kind::Counter) },
        }
    }
}

impl Operation {
    /// Those that a key in a session slot has.
    pub const SESSION: [Operation; 6] = [
        Operation::Encrypt,
        Operation::Decrypt,
        Operation::Hmac,
        Operation::Wrap,
        Operation::Unwrap,
        Operation::Authenticate,
    ];

    /// Whether it needs or makes a secret, so that nobody may once the meter is
    /// decommissioned.
    pub const fn touches_a_secret(self) -> bool {
        !matches!(
            self,
            Operation::PublicKey
                | Operation::Verify
                | Operation::Read
                | Operation::Advance
                | Operation::Erase
        )
    }

    /// The command that asks for it on an object of this kind.
    pub const fn command(self, kind: Kind) -> Command {
        match (self, kind) {
            (Operation::Generate, _) => Command::Generate,
            (Operation::Import, _) => Command::Import,
            (Operation::PublicKey, _) => Command::PublicKey,
            (Operation::Sign, _) => Command::Sign,
            (Operation::Agree, _) => Command::Agree,
            (Operation::Encrypt | Operation::Authenticate, _) => Command::Encrypt,
            (Operation::Decrypt, _) => Command::Decrypt,
            (Operation::Hmac, _) => Command::Hmac,
            (Operation::Wrap, _) => Command::Wrap,
            (Operation::Unwrap | Operation::Replace, _) => Command::Unwrap,
            (Operation::Verify, _) => Command::Verify,
            (Operation::Store, _) => Command::Store,
            (Operation::Read, Kind::Counter) => Command::Counter,
            (Operation::Read, _) => Command::Read,
            (Operation::Advance, _) => Command::Advance,
            (Operation::Activate, _) => Command::Activate,
            (Operation::Erase, _) => Command::Erase,
        }
    }
}

/// A set of operations. All of it is `const`:
/// `Operations::SIGN.union(Operations::PUBLIC_KEY)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations(u32);

/// Sets of one operation each, under the names that the generated tables use.
macro_rules! sets_of_one {
    ($($name:ident = $operation:ident,)+) => {
        impl Operations {
            $(
                #[doc = concat!("[`Operation::", stringify!($operation), "`] alone.")]
                pub const $name: Operations = Operations::of(&[Operation::$operation]);
            )+
        }
    };
}

sets_of_one! {
    GENERATE = Generate,
    IMPORT = Import,
    PUBLIC_KEY = PublicKey,
    SIGN = Sign,
    AGREE = Agree,
    ENCRYPT = Encrypt,
    DECRYPT = Decrypt,
    HMAC = Hmac,
    WRAP = Wrap,
    UNWRAP = Unwrap,
    VERIFY = Verify,
    STORE = Store,
    READ = Read,
    ADVANCE = Advance,
    ACTIVATE = Activate,
    ERASE = Erase,
    REPLACE = Replace,
    AUTHENTICATE = Authenticate,
}

impl Operations {
    /// None.
    pub const NONE: Operations = Operations(0);

    /// What a session slot can be used for at all.
    pub const SESSION: Operations = Operations::of(&Operation::SESSION);

    /// The set of these.
    pub const fn of(list: &[Operation]) -> Operations {
        let mut bits = 0;
        let mut index = 0;
        while index < list.len() {
            bits |= 1 << list[index].number();
            index += 1;
        }
        Operations(bits)
    }

    /// The set with these bits; bits without an operation mean nothing.
    pub const fn from_bits(bits: u32) -> Operations {
        Operations(bits)
    }

    /// The bits, by the numbers of the operations.
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
