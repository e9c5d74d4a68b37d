//! App signatures: which binaries may run, by ECDSA P-256 credentials in their TBF footers.
//!
//! A credential of format 6 signs the SHA-256 of the object from its first byte,
//! header and flags included, to the end of the binary. It counts if it is the
//! signature of a known [`Signer`] who may sign for the ShortId in the header, and
//! if the board's [`AppRules`] have nothing against this app, in this place, of
//! this version. Then the app is what its header says.
//!
//! A binary may carry several credentials: of formats that are unknown here, of
//! signers that this meter does not know (yet, or any more), of the vendor and of
//! the operator. One that does not count therefore leaves the decision to the
//! next; a binary without any that counts is not accepted. What no other
//! credential can mend, the wrong place and an old version, is rejected at once.
//!
//! The work is cut into steps ([`Check::step`]), one for each deferred call.

mod check;
mod identity;
mod policy;
#[cfg(test)]
mod tests;

pub use check::{Check, HASHED_PER_STEP};
pub use identity::SignedIdentity;
pub use policy::AppSignatures;

/// Who may sign.
pub struct Signer {
    /// SEC 1, uncompressed.
    pub public_key: [u8; 65],
    /// ShortIds of the apps that it may sign for.
    pub apps: &'static [u32],
}

impl Signer {
    /// Whether it may sign for this app.
    pub fn may_sign_for(&self, short_id: u32) -> bool {
        self.apps.contains(&short_id)
    }
}

/// Why a binary does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has no credential that could be checked.
    Unsigned,
    /// No known signer made its signature: it was altered, or others signed it.
    WrongSignature,
    /// It was signed by a signer who may not sign for this app, or its header
    /// says no app.
    NotTheSignersApp,
    /// It does not stand in the app's slot.
    WrongPlace,
    /// A newer version of the app has run before.
    OldVersion,
    /// It was accepted, but the kernel could not make a process of it.
    NotLoaded,
}

impl Refusal {
    /// Number in reports, from 1.
    pub fn code(self) -> u8 {
        match self {
            Refusal::Unsigned => 1,
            Refusal::WrongSignature => 2,
            Refusal::NotTheSignersApp => 3,
            Refusal::WrongPlace => 4,
            Refusal::OldVersion => 5,
            Refusal::NotLoaded => 6,
        }
    }
}

/// A binary whose signature is right, as far as rules look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedApp {
    /// The app that it is.
    pub short_id: u32,
    /// Version in its Program header; 0 without one.
    pub version: u32,
    /// Address of the object.
    pub flash_start: usize,
    /// Bytes of the object, signatures included.
    pub flash_size: usize,
    /// Address of the RAM that it is made for, if it is made for one.
    pub ram_start: Option<usize>,
    /// Bytes of RAM that it asks for, without the kernel's part.
    pub ram_size: usize,
}

/// What the board asks of an app beyond its signature.
pub trait AppRules {
    /// Whether the app may run.
    ///
    /// # Errors
    ///
    /// Why not.
    fn admit(&self, app: &SignedApp) -> Result<(), Refusal>;
}

/// The newest version of each app that has run, kept over resets.
pub trait StoredVersions {
    /// The newest version that has run; 0 if none has.
    fn newest(&self, short_id: u32) -> u32;

    /// This version was accepted and is not older than the newest.
    fn ran(&self, short_id: u32, version: u32);
}

/// Remembers nothing, so that every version is new.
impl StoredVersions for () {
    fn newest(&self, _short_id: u32) -> u32 {
        0
    }

    fn ran(&self, _short_id: u32, _version: u32) {}
}
