//! App signatures: which binaries may run, by ECDSA P-256 credentials in their TBF footers.
//!
//! A credential of format 6 signs the SHA-256 of the object from its first byte,
//! header and flags included, to the end of the binary. It counts if it is the
//! signature of a known [`Signer`] who may sign for the ShortId in the header, and
//! if the board's [`AppRules`](capsules_system::app_rules::AppRules) have nothing
//! against this app, in this place, of this version. Then the app is what its header says.
//!
//! A binary may carry several credentials: of formats that are unknown here, of
//! signers that this meter does not know (yet, or any more), of the vendor and of
//! the operator. One that does not count therefore leaves the decision to the
//! next; a binary without any that counts is not accepted. What no other
//! credential can mend, the wrong place and an old version, is rejected at once.
//!
//! The work is cut into steps ([`Check::step`]), one for each call in the background. The kernel
//! offers a bounded number of credentials of each object.

mod check;
mod credentials;
mod identity;
#[cfg(test)]
mod tests;

pub use check::{Check, HASHED_PER_STEP};
pub use credentials::AppSignatures;
pub use identity::SignedIdentity;

/// Who may sign.
pub struct Signer {
    /// SEC 1, uncompressed.
    pub public_key: [u8; 65],
    /// ShortIds of the apps that it may sign for.
    pub apps: &'static [u32],
}

impl Signer {
    /// Returns whether the signer may sign for the app of this ShortId.
    pub fn may_sign_for(&self, short_id: u32) -> bool {
        self.apps.contains(&short_id)
    }
}
