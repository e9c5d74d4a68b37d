//! What meter.toml says about apps beyond who signs them: their places, and their versions.

use capsules::app_signature::{
    AppRules, AppSignatures, Refusal, SignedApp, Signer, StoredVersions,
};

use crate::policy::APPS;

include!(concat!(env!("OUT_DIR"), "/signer_table.rs"));

/// The policy that looks at credentials.
pub type Signatures = AppSignatures<'static>;

/// An app runs in its slot alone, and not in a version older than one that ran.
pub struct MeterRules {
    versions: &'static dyn StoredVersions,
}

impl MeterRules {
    /// Rules with the versions that are kept in `versions`.
    pub const fn new(versions: &'static dyn StoredVersions) -> Self {
        Self { versions }
    }
}

impl AppRules for MeterRules {
    fn admit(&self, app: &SignedApp) -> Result<(), Refusal> {
        let in_its_slot = APPS
            .iter()
            .any(|slot| slot.short_id == app.short_id && slot.flash_start == app.flash_start);
        if !in_its_slot {
            return Err(Refusal::WrongPlace);
        }
        if app.version < self.versions.newest(app.short_id) {
            return Err(Refusal::OldVersion);
        }
        self.versions.ran(app.short_id, app.version);
        Ok(())
    }
}
