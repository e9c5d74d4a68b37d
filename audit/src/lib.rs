//! `make audit`: whether the running image is what meter.toml says.
//!
//! A *wall* is one rule of isolation (see [`walls`]): one thing that an app may or may not
//! do. The audit tries each of them on the flashed image in the emulator and notes a
//! [`finding::Finding`] for it. What takes part:
//!
//! - the [`specimen`]: the flash image that was built, changed where an attack wants it,
//!   and the machine that runs it;
//! - *scripted apps* ([`specimen::scripted_app`]), which stand in the slots of apps, with
//!   their headers and signatures, and make the system calls that the host gives them;
//! - *fixtures* ([`fixture`]): meters with scripted apps, in a known state, that parts of
//!   the audit begin from;
//! - *recorders*, which collect what the [`scenarios`] find;
//! - the attacker's own catalogue ([`attacks`]), one attack after the other.
//!
//! The audit knows the product (its manifest, its image, the numbers of its calls) and
//! the emulator; neither knows the audit.

pub mod about;
pub mod attacks;
pub mod catalogue;
pub mod control;
pub mod errors;
pub mod finding;
pub mod fixture;
mod html;
pub mod images;
pub mod installed;
pub mod machine;
pub mod meters;
pub mod part;
pub mod probe;
pub mod report;
pub mod scenarios;
pub mod scope;
pub mod specimen;
pub mod sweep;
pub mod workers;

use manifest::Manifest;

use self::finding::{Finding, Topic};
use self::meters::{Metering, Meters};
use self::part::{Part, Progress};
use self::scope::Scope;
use crate::specimen::firmware::Firmware;

/// Boots the firmware and audits it by `manifest`: the running machine, every wall of
/// the scope that an app may try, and the attacks, while the meter measures. Tells of
/// each part that is done. What cannot be tried to its end is a wall that did not hold.
///
/// # Panics
/// When the images are not built.
pub fn audit(
    firmware: &Firmware,
    manifest: &Manifest,
    scope: &Scope,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Vec<Finding> {
    let meters = Meters::new(firmware, manifest);
    let armed = catalogue::armed();
    let mut parts = scenarios::parts(&meters, scope);
    parts.extend(of_the_manifest(&meters, scope));
    parts.extend(catalogue::parts(&armed, scope));
    part::carry_out(&parts, tell)
}

/// The machine against the manifest, and every wall of it.
fn of_the_manifest<'a>(meters: &'a Meters<'a>, scope: &'a Scope) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    if scope.covers(Topic::Machine) {
        let work = |findings: &mut Vec<Finding>| {
            let mut fixture = meters.from_factory(Metering::Itself)?;
            machine::all(&mut fixture, findings)
        };
        parts.push(Part::new(Topic::Machine, "what the machine shows", work));
    }
    if !scope.topics.iter().any(|topic| topic.is_of_the_manifest()) {
        return parts;
    }
    for state in &scope.states {
        let work = |findings: &mut Vec<Finding>| {
            let mut fixture = meters.in_state(*state, Metering::Itself)?;
            sweep::in_state(&mut fixture, scope, *state, findings)
        };
        let name = format!("every wall when {state}");
        parts.push(Part::new(Topic::Keys, name, work));
        if scope.metering {
            let work = |findings: &mut Vec<Finding>| {
                let own = Scope {
                    apps: vec!["metering"],
                    ..scope.clone()
                };
                let mut fixture = meters.in_state(*state, Metering::Scripted)?;
                sweep::in_state(&mut fixture, &own, *state, findings)
            };
            let name = format!("metering's walls when {state}");
            parts.push(Part::new(Topic::Keys, name, work));
        }
    }
    parts
}
