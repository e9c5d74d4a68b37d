//! Attacks by an app in the place of metering: it owns the channel and the partitions.

use board_manifest::{Manifest, State};

use super::notebook::Notebook;
use super::{flooding, records};
use crate::audit::finding::{Finding, Topic};
use crate::audit::puppet::Silent;
use crate::audit::scope::Scope;
use crate::audit::stage::Stage;
use crate::audit::sweep;
use crate::firmware::Firmware;

const SLOTS: [&str; 5] = ["metering", "tls", "dlms", "update", "factory"];

/// Carries them out. Nothing measures here; what an attack on a channel or a partition
/// does to metering itself, the others show.
pub fn all(
    firmware: &Firmware,
    manifest: &Manifest,
    scope: &Scope,
) -> Result<Vec<Finding>, Silent> {
    let mut stage = Stage::boot(firmware, manifest, &SLOTS)?;
    let begin = stage.machine.save();
    let mut findings = Vec::new();
    if scope.covers(Topic::Flooding) {
        let mut notes = Notebook::new(Topic::Flooding);
        flooding::by_writer(&mut stage, &mut notes)?;
        findings.extend(notes.findings());
        stage
            .machine
            .restore(&begin)
            .map_err(|error| error.to_string())?;
        stage.find("tls")?;
    }
    if scope.metering {
        let own = Scope {
            apps: vec!["metering"],
            states: vec![State::Factory, State::Operational],
            ..scope.clone()
        };
        findings.extend(sweep::all(&mut stage, &own)?);
        stage
            .machine
            .restore(&begin)
            .map_err(|error| error.to_string())?;
    }
    if scope.covers(Topic::Records) {
        let mut notes = Notebook::new(Topic::Records);
        records::attack(stage, &mut notes)?;
        findings.extend(notes.findings());
    }
    Ok(findings)
}
