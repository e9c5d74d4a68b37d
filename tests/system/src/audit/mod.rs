//! `make audit`: whether the running image is what meter.toml says.

pub mod control;
pub mod errors;
pub mod finding;
pub mod installed;
pub mod machine;
pub mod probe;
pub mod puppet;
pub mod report;
pub mod scenarios;
pub mod scope;
pub mod stage;
pub mod sweep;

use board_manifest::Manifest;

use self::finding::{Finding, Topic};
use self::puppet::Silent;
use self::scope::{Scope, SLOTS};
use self::stage::Stage;
use crate::firmware::Firmware;

/// Boots the firmware and audits it by `manifest`: the running machine, every wall of
/// the scope that an app may try, and the attacks, while the meter measures.
///
/// # Errors
/// A puppet falls silent, or the meter cannot be brought into a state.
///
/// # Panics
/// When the images are not built.
pub fn audit(
    firmware: &Firmware,
    manifest: &Manifest,
    scope: &Scope,
) -> Result<Vec<Finding>, Silent> {
    let mut findings = Vec::new();
    if scope.topics.iter().any(|topic| topic.is_of_the_page()) {
        let mut stage = Stage::boot(firmware, manifest, &SLOTS)?;
        if scope.covers(Topic::Machine) {
            let apps: Vec<&str> = manifest.apps.iter().map(|app| app.name.as_str()).collect();
            findings.extend(machine::all(&mut stage, &apps));
        }
        findings.extend(sweep::all(&mut stage, scope)?);
    }
    findings.extend(scenarios::all(firmware, manifest, scope)?);
    Ok(findings)
}
