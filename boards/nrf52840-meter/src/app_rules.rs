//! What meter.toml says about apps beyond who signs them: their places, and their versions.

use capsules_trust::app_signature::{
    AppRules, AppSignatures, Refusal, SignedApp, Signer, StoredVersions,
};

use capsules_trust::key_store::AppVersions;
use kernel::debug;

use crate::policy::{App, APPS, DEBUG_RTT};
use crate::wiring::trust::KeyStore;

include!(concat!(env!("OUT_DIR"), "/signer_table.rs"));

/// More than the kernel needs of a process's block for itself, grants apart.
const KERNEL_PART: usize = 0x800;

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

/// Whether the app keeps to its slot. The loader gives out RAM and flash in the order of
/// the list: one that took more would leave nothing to those behind it.
fn is_of(app: &SignedApp, slot: &App) -> bool {
    slot.short_id == app.short_id
        && slot.flash_start == app.flash_start
        && app.flash_size <= slot.flash_size
        && app.ram_start == Some(slot.ram_start)
        && app.ram_size <= slot.ram_size - KERNEL_PART
}

impl AppRules for MeterRules {
    fn admit(&self, app: &SignedApp) -> Result<(), Refusal> {
        if !APPS.iter().any(|slot| is_of(app, slot)) {
            return Err(Refusal::WrongPlace);
        }
        if app.version < self.versions.newest(app.short_id) {
            return Err(Refusal::OldVersion);
        }
        self.versions.ran(app.short_id, app.version);
        Ok(())
    }
}

/// The key store's counters. While it refuses to answer, because its flash was
/// tampered with, no version is known: metering goes on, and no app has keys.
pub struct KeptVersions(pub &'static KeyStore);

impl StoredVersions for KeptVersions {
    fn newest(&self, short_id: u32) -> u32 {
        self.0.newest(short_id).unwrap_or(0)
    }

    fn ran(&self, short_id: u32, version: u32) {
        if let Err(error) = self.0.raise(short_id, version) {
            if DEBUG_RTT {
                debug!(
                    "version {} of app {} not kept: {:?}",
                    version, short_id, error
                );
            }
        }
    }
}
