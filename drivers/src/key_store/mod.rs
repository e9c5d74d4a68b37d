//! Keys, trust anchors, certificates and counters that apps use and never read: driver 0x80000004.

mod words;

pub use words::{Kind, Operation, Operations, State};

crate::definition::driver! {
    "key_store" = 0x8000_0004;
    commands {
        /// Tell the meter's [`State`].
        1 = State "state": FAIL BUSY OFF;
        /// Move the meter on to a state.
        2 = AdvanceState "advance_state": FAIL BUSY OFF INVAL NOMEM NODEVICE;
        /// Make a key, or a successor.
        3 = Generate "generate": FAIL BUSY ALREADY OFF RESERVE NOMEM NOSUPPORT NODEVICE;
        /// Take a key in the clear, in the factory state alone.
        4 = Import "import": FAIL BUSY ALREADY OFF RESERVE INVAL SIZE NOMEM NOSUPPORT NODEVICE;
        /// Give the public key of a private one.
        5 = PublicKey "public_key": FAIL BUSY OFF INVAL SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Sign a digest.
        6 = Sign "sign": FAIL BUSY OFF INVAL SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Agree with a peer on a key for a session slot.
        7 = Agree "agree": FAIL BUSY OFF INVAL SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Encrypt and authenticate a text.
        8 = Encrypt "encrypt":
            FAIL BUSY ALREADY OFF RESERVE INVAL SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Decrypt and verify a text.
        9 = Decrypt "decrypt": FAIL BUSY OFF INVAL SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Authenticate a message.
        10 = Hmac "hmac": FAIL BUSY OFF SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Wrap the key of a session slot.
        11 = Wrap "wrap": FAIL BUSY OFF SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Unwrap a key into a session slot or an object.
        12 = Unwrap "unwrap": FAIL BUSY OFF RESERVE SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Verify a signature with a trust anchor.
        13 = Verify "verify": FAIL BUSY OFF SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Store a trust anchor or a certificate.
        14 = Store "store": FAIL BUSY OFF RESERVE INVAL SIZE NOMEM NOSUPPORT NODEVICE;
        /// Read a trust anchor or a certificate.
        15 = Read "read": FAIL BUSY OFF SIZE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Tell the value of a counter.
        16 = Counter "counter": FAIL BUSY OFF NOSUPPORT NODEVICE;
        /// Raise a counter.
        17 = Advance "advance": FAIL BUSY OFF RESERVE INVAL NOMEM NOSUPPORT NODEVICE;
        /// Make the successor the current key.
        18 = Activate "activate": FAIL BUSY OFF RESERVE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Erase an object, or close a session slot.
        19 = Erase "erase": FAIL BUSY OFF RESERVE NOMEM NOSUPPORT NODEVICE UNINSTALLED;
        /// Wipe a session slot at once.
        20 = Close "close": BUSY NODEVICE;
    }
    upcalls {
        /// An operation has ended: (status, bytes of output, command).
        0 = DONE;
    }
    read_only {
        /// The input.
        0 = INPUT;
        /// Associated data, or the information of an agreement.
        1 = ASSOCIATED;
        /// Nonce, or the salt of an agreement.
        2 = NONCE;
    }
    read_write {
        /// The output.
        0 = OUTPUT;
    }
}

/// By how much an app may raise a counter in one call, where the manifest does not say.
pub const COUNTER_STEP: u32 = 1_000;

/// Numbers from here on are no objects of the manifest: versions of apps, ledgers of their
/// budgets, session slots, the state.
pub const FIRST_RESERVED_OBJECT: u16 = 0x7000;
/// Number of the first session slot.
pub const FIRST_SLOT: u16 = 0x8000;
/// How many session slots there are.
pub const SLOTS: usize = 8;

/// Whether an object number names a session slot.
#[inline]
pub const fn is_slot(number: u16) -> bool {
    number >= FIRST_SLOT && number - FIRST_SLOT < SLOTS as u16
}

/// Bytes of a session key, and of a key of [`Kind::Aes128`].
pub const SESSION_KEY_BYTES: usize = 16;
/// Bytes of the longest input, plaintext, associated data and information.
pub const INPUT_BYTES: usize = 1024;
/// Bytes of text and associated data together, at the most.
pub const SEALED_BYTES: usize = INPUT_BYTES + 64;
/// Bytes of the longest salt.
pub const SALT_BYTES: usize = 128;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;
/// Bytes of a tag: the whole one of NIST SP 800-38D, and the shorter one of DLMS.
pub const TAG_BYTES: [usize; 2] = [16, 12];
/// Bytes of a public key, SEC 1 uncompressed.
pub const PUBLIC_KEY_BYTES: usize = 65;
/// Bytes of a signature, r and s.
pub const SIGNATURE_BYTES: usize = 64;
/// Bytes of a digest, and of HMAC-SHA-256.
pub const DIGEST_BYTES: usize = 32;
/// Bytes of a wrapped session key.
pub const WRAPPED_BYTES: usize = 24;

crate::named::named! {
    /// Which of the keys of an object.
    enum Generation {
        /// The one in use.
        0 = Current "current",
        /// The one that [`Command::Activate`] makes the current one.
        1 = Successor "successor",
    }
}

crate::named::named! {
    /// How [`Command::Agree`] makes a session key of the shared secret.
    enum Derivation {
        /// HKDF-SHA-256 (RFC 5869).
        0 = Hkdf "hkdf",
        /// The key derivation of DLMS/COSEM's security suite 1: NIST SP 800-56A section
        /// 5.8.1, one round of SHA-256.
        1 = Dlms "dlms",
    }
}
