//! `make audit`: whether the running image is what meter.toml says.

pub mod errors;
pub mod finding;
pub mod machine;
pub mod probe;
pub mod puppet;
pub mod report;
pub mod stage;
pub mod sweep;

use board_manifest::Manifest;

use self::finding::Finding;
use self::puppet::Silent;
use self::stage::Stage;
use crate::firmware::Firmware;

/// The slots in which an app on strings stands; metering runs as it is.
pub const SLOTS: [&str; 4] = ["tls", "dlms", "update", "factory"];

/// Boots the firmware and audits it by `manifest`: the running machine, and every wall
/// that an app may try, while the meter measures.
///
/// # Errors
/// A puppet falls silent, or the meter cannot be brought into a state.
///
/// # Panics
/// When the images are not built.
pub fn audit(firmware: &Firmware, manifest: &Manifest) -> Result<Vec<Finding>, Silent> {
    let mut stage = Stage::boot(firmware, manifest, &SLOTS)?;
    let mut findings = machine::all(
        &mut stage,
        &["tls", "metering", "dlms", "update", "factory"],
    );
    findings.extend(sweep::all(&mut stage, &SLOTS)?);
    Ok(findings)
}
