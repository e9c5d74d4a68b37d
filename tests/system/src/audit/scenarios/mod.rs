//! Attacks that take more than one call, by apps that are who they say, while the meter measures.

mod confusion;
mod exhaustion;
mod flooding;
mod identity;
pub mod life;
mod notebook;
mod owner;
mod races;
mod records;
mod replay;
mod request;
mod restarts;
mod slots;

use board_manifest::Manifest;

use self::notebook::Notebook;
use super::finding::{Finding, Topic};
use super::puppet::Silent;
use super::scope::{Scope, SLOTS};
use super::stage::Stage;
use crate::firmware::Firmware;

/// The attacks of one chapter on a meter in service.
type Theme = fn(&mut Stage, &mut Notebook) -> Result<(), Silent>;

/// Each begins with the meter as it was brought into service.
const IN_SERVICE: [(Topic, Theme); 6] = [
    (Topic::Flooding, flooding::by_readers),
    (Topic::Slots, slots::attack),
    (Topic::Confusion, confusion::attack),
    (Topic::Races, races::attack),
    (Topic::Exhaustion, exhaustion::attack),
    (Topic::Restarts, restarts::attack),
];

/// Carries out the attacks of the scope.
///
/// # Errors
/// A puppet falls silent, or the meter cannot be brought into service.
///
/// # Panics
/// When the images are not built.
pub fn all(
    firmware: &Firmware,
    manifest: &Manifest,
    scope: &Scope,
) -> Result<Vec<Finding>, Silent> {
    let mut findings = in_service(firmware, manifest, scope)?;
    if scope.metering || scope.covers(Topic::Flooding) || scope.covers(Topic::Records) {
        findings.extend(owner::all(firmware, manifest, scope)?);
    }
    if scope.covers(Topic::Identity) {
        findings.extend(identity::attack(firmware, manifest)?);
    }
    findings.sort_by_key(|finding| finding.topic);
    Ok(findings)
}

fn in_service(
    firmware: &Firmware,
    manifest: &Manifest,
    scope: &Scope,
) -> Result<Vec<Finding>, Silent> {
    let mut findings = Vec::new();
    let mut themes = IN_SERVICE
        .iter()
        .filter(|(topic, _)| scope.covers(*topic))
        .peekable();
    if themes.peek().is_none() && !scope.covers(Topic::Replay) {
        return Ok(findings);
    }
    let mut stage = Stage::boot(firmware, manifest, &SLOTS)?;
    life::bring_into_service(&mut stage)?;
    let in_service = stage.machine.save();
    for (topic, theme) in themes {
        stage
            .machine
            .restore(&in_service)
            .map_err(|error| error.to_string())?;
        let mut notebook = Notebook::new(*topic);
        theme(&mut stage, &mut notebook)?;
        life::measures_on(&mut stage, &mut notebook)?;
        findings.extend(notebook.findings());
    }
    if scope.covers(Topic::Replay) {
        stage
            .machine
            .restore(&in_service)
            .map_err(|error| error.to_string())?;
        findings.extend(replay::attack(&mut stage, firmware, scope.thorough)?);
    }
    Ok(findings)
}
