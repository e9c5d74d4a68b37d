//! TBF objects, changed and signed again: what a host with a signer's key can make.

use std::fs;

use manifest::Manifest;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use p256::SecretKey;
use sha2::{Digest, Sha256};

use super::artifacts::project;

/// Where the TLVs of the header begin.
const FIRST_ELEMENT: usize = 16;
/// Offset of the header's checksum.
const CHECKSUM: usize = 12;
const PACKAGE_NAME: u16 = 3;
const FIXED_ADDRESSES: u16 = 5;
const PROGRAM: u16 = 9;
/// In the program's element: where execution begins, how much RAM, the version.
const ENTRY: usize = 0;
const RAM_SIZE: usize = 8;
const VERSION: usize = 16;
const SHORT_ID: u16 = 10;
const CREDENTIAL: u16 = 128;
/// ECDSA over P-256 with SHA-256.
const ECDSA: u32 = 6;

/// A TBF object as elf2tab makes it.
#[derive(Clone, Debug)]
pub struct Object(Vec<u8>);

impl Object {
    /// Returns the object with these bytes.
    ///
    /// # Panics
    /// When the header names no end of the binary.
    pub fn new(bytes: Vec<u8>) -> Self {
        let object = Self(bytes);
        assert!(object.binary_end() <= object.0.len(), "it ends inside");
        object
    }

    /// Returns the bytes, signature included.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Puts another ShortId into the header.
    ///
    /// # Panics
    /// When the header has none.
    #[must_use]
    pub fn with_short_id(self, short_id: u32) -> Self {
        self.with_word(SHORT_ID, 0, short_id)
    }

    /// Puts another version into the header.
    ///
    /// # Panics
    /// When the header has none.
    #[must_use]
    pub fn with_version(self, version: u32) -> Self {
        self.with_word(PROGRAM, VERSION, version)
    }

    /// Puts another address of the RAM that it is made for into the header.
    ///
    /// # Panics
    /// When the header has none.
    #[must_use]
    pub fn with_ram_address(self, address: u32) -> Self {
        self.with_word(FIXED_ADDRESSES, 0, address)
    }

    /// Puts another size of the RAM that it wants into the header.
    ///
    /// # Panics
    /// When the header has none.
    #[must_use]
    pub fn with_ram_size(self, size: u32) -> Self {
        self.with_word(PROGRAM, RAM_SIZE, size)
    }

    fn with_word(mut self, element: u16, offset: usize, value: u32) -> Self {
        let at = self.element(element).expect("the header has the element") + offset;
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self.renew_checksum();
        self
    }

    /// Returns the offset of the first instruction that the app executes.
    ///
    /// # Panics
    /// When the header does not say.
    pub fn entry(&self) -> u32 {
        let at = self.element(PROGRAM).expect("a program header");
        u32::from(half(&self.0, 2)) + (word(&self.0, at + ENTRY) & !1)
    }

    /// Puts another package name into the header, as long as the one there up to a word.
    ///
    /// # Panics
    /// When the header has none, or another name does not fit in its place.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        let at = self.element(PACKAGE_NAME).expect("the header has a name");
        let room = usize::from(half(&self.0, at - 2)).next_multiple_of(4);
        assert_eq!(name.len().next_multiple_of(4), room, "as long as before");
        self.0[at..at + room].fill(0);
        self.0[at..at + name.len()].copy_from_slice(name.as_bytes());
        self.0[at - 2..at].copy_from_slice(&(name.len() as u16).to_le_bytes());
        self.renew_checksum();
        self
    }

    /// Puts the signature of another object in the place of its own.
    ///
    /// # Panics
    /// When one of them has none.
    #[must_use]
    pub fn with_signature_of(mut self, other: &Object) -> Self {
        let from = other.signature().expect("the other has a signature");
        let to = self.signature().expect("the object has a signature");
        self.0[to..to + 64].copy_from_slice(&other.0[from..from + 64]);
        self
    }

    fn renew_checksum(&mut self) {
        let end = usize::from(half(&self.0, 2));
        let sum = (0..end)
            .step_by(4)
            .filter(|at| *at != CHECKSUM)
            .fold(0, |sum, at| sum ^ word(&self.0, at));
        self.0[CHECKSUM..CHECKSUM + 4].copy_from_slice(&sum.to_le_bytes());
    }

    /// Has `change` change what the signature covers.
    #[must_use]
    pub fn changed(mut self, change: impl FnOnce(&mut [u8])) -> Self {
        let end = self.binary_end();
        change(&mut self.0[..end]);
        self
    }

    /// Signs what the object is now.
    ///
    /// # Panics
    /// When the object has no place for one.
    #[must_use]
    pub fn signed(mut self, key: &SigningKey) -> Self {
        let digest = Sha256::digest(&self.0[..self.binary_end()]);
        let signature: Signature = key
            .sign_prehash(&digest)
            .expect("a digest of the right length");
        let at = self.signature().expect("the object has a signature");
        self.0[at..at + 64].copy_from_slice(&signature.to_bytes());
        self
    }

    /// Returns whether an ECDSA credential stands behind the binary.
    pub fn has_signature(&self) -> bool {
        self.signature().is_some()
    }

    /// Returns what a header element says, if there is one of that type.
    pub fn header_element(&self, wanted: u16) -> Option<&[u8]> {
        let at = self.element(wanted)?;
        let length = usize::from(half(&self.0, at - 2));
        self.0.get(at..at + length)
    }

    /// Returns how many bytes from its start on the signature covers.
    ///
    /// # Panics
    /// When the header does not say.
    pub fn binary_end(&self) -> usize {
        let at = self.element(PROGRAM).expect("a program header");
        word(&self.0, at + 12) as usize
    }

    /// Offset of a header element's payload.
    fn element(&self, wanted: u16) -> Option<usize> {
        let end = usize::from(half(&self.0, 2));
        let mut at = FIRST_ELEMENT;
        while at + 4 <= end {
            let length = usize::from(half(&self.0, at + 2));
            if half(&self.0, at) == wanted {
                return Some(at + 4);
            }
            at += 4 + length.next_multiple_of(4);
        }
        None
    }

    /// Offset of the signature's 64 bytes.
    fn signature(&self) -> Option<usize> {
        let mut at = self.binary_end();
        while at + 8 <= self.0.len() && half(&self.0, at) == CREDENTIAL {
            if word(&self.0, at + 4) == ECDSA {
                return Some(at + 8);
            }
            at += 4 + usize::from(half(&self.0, at + 2));
        }
        None
    }
}

/// Returns the development signer's private key, which `make image` has made.
///
/// # Panics
/// When it is not there.
pub fn development_key(manifest: &Manifest) -> SigningKey {
    let signer = manifest.signers.first().expect("meter.toml names a signer");
    let path = project().join(&signer.public_key).with_extension("p8");
    let bytes = fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make image` first", path.display()));
    let secret = SecretKey::from_pkcs8_der(&bytes).expect("a private key in PKCS #8");
    SigningKey::from(secret)
}

/// Returns a key that no meter knows.
pub fn strangers_key() -> SigningKey {
    SigningKey::from_slice(&[0x42; 32]).expect("a number below n")
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
