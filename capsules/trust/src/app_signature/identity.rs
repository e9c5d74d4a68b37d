//! Identities of apps, from nothing but verified signatures.

use kernel::process::{Process, ProcessBinary, ShortId};
use kernel::process_checker::{AppUniqueness, Compress};

use super::Signer;

/// An app has the ShortId of its header if the signer of its accepted credential
/// may sign for that; all others have none, and differ from each other.
pub struct SignedIdentity {
    signers: &'static [Signer],
}

impl SignedIdentity {
    /// Identities by the table that [`super::AppSignatures`] has too.
    pub const fn new(signers: &'static [Signer]) -> Self {
        Self { signers }
    }
}

impl Compress for SignedIdentity {
    fn to_short_id(&self, process: &ProcessBinary) -> ShortId {
        let signer = process
            .credential
            .get()
            .and_then(|accepted| accepted.metadata)
            .and_then(|accepted| self.signers.get(accepted.metadata));
        match (signer, process.header.get_fixed_short_id()) {
            (Some(signer), Some(id)) if signer.may_sign_for(id.get()) => ShortId::Fixed(id),
            _ => ShortId::LocallyUnique,
        }
    }
}

impl AppUniqueness for SignedIdentity {
    fn different_identifier(&self, a: &ProcessBinary, b: &ProcessBinary) -> bool {
        self.to_short_id(a) != self.to_short_id(b)
    }

    fn different_identifier_process(&self, a: &ProcessBinary, b: &dyn Process) -> bool {
        self.to_short_id(a) != b.short_app_id()
    }

    fn different_identifier_processes(&self, a: &dyn Process, b: &dyn Process) -> bool {
        a.short_app_id() != b.short_app_id()
    }
}
