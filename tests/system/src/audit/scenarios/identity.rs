//! Apps that claim to be others, with signatures that are good and that are not.

use std::time::Duration;

use board_manifest::Manifest;
use emulator::report::crash_log;

use super::life::meter_measures;
use super::life::object::DEVICE_IDENTITY;
use super::notebook::Notebook;
use super::request::{command, Request};
use crate::audit::errors::NODEVICE;
use crate::audit::finding::{Finding, Topic};
use crate::audit::puppet::Silent;
use crate::audit::stage::{Stage, LOAD};
use crate::firmware::{read_built, Firmware};
use crate::meter;
use crate::signed::{development_key, strangers_key, Object};

/// Time until all apps have been verified.
const START: Duration = Duration::from_secs(3);

/// A slot, what stands there, the object, and why it must not run.
type Claim = (&'static str, &'static str, Object, &'static str);

/// Carries them out: one start for those who claim, one for those who forge.
pub fn attack(firmware: &Firmware, manifest: &Manifest) -> Result<Vec<Finding>, Silent> {
    let mut notes = Notebook::new(Topic::Identity);
    let key = development_key(manifest);
    let puppet = |slot: &str| firmware.puppet(slot);
    let claims: [Claim; 4] = [
        (
            "tls",
            "nobody's signature",
            Object::new(read_built("attacker-tls.tbf")),
            "refused: unsigned",
        ),
        (
            "dlms",
            "a good signature over the id of metering, in the slot of dlms",
            puppet("dlms").with_short_id(2).signed(&key),
            "refused: wrong place",
        ),
        (
            "update",
            "a good signature over an id that meter.toml does not know",
            puppet("update").with_short_id(99).signed(&key),
            "refused: not its signer's app",
        ),
        (
            "factory",
            "a stranger's signature",
            puppet("factory").signed(&strangers_key()),
            "refused: wrong signature",
        ),
    ];
    refused(firmware, manifest, &claims, &mut notes);
    let forgeries: [Claim; 3] = [
        (
            "tls",
            "code changed after it was signed",
            puppet("tls").changed(|bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x01;
            }),
            "refused: wrong signature",
        ),
        (
            "update",
            "the id of tls, signed, in the slot of update",
            puppet("update").with_short_id(1).signed(&key),
            "refused: wrong place",
        ),
        (
            "factory",
            "the signature of another app",
            puppet("factory").with_signature_of(&puppet("dlms")),
            "refused: wrong signature",
        ),
    ];
    let named = puppet("dlms").with_name("tls").signed(&key);
    let firmware = firmware.clone().with_object("dlms", named.bytes());
    let machine = refused(&firmware, manifest, &forgeries, &mut notes);
    only_a_name(machine, manifest, &mut notes)?;
    Ok(notes.findings())
}

/// Starts the meter with these objects; none of them may run.
fn refused(
    firmware: &Firmware,
    manifest: &Manifest,
    claims: &[Claim],
    notes: &mut Notebook,
) -> emulator::Machine {
    let firmware = claims
        .iter()
        .fold(firmware.clone(), |firmware, (slot, _, object, _)| {
            firmware.with_object(slot, object.bytes())
        });
    let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
    machine.run_for(START);
    let processes = crash_log::read(&mut machine).map_or(Vec::new(), |log| log.processes);
    for (slot, what, _, why) in claims {
        let start = manifest.app(slot).map(|app| app.flash.start);
        let entry = processes
            .iter()
            .find(|process| Some(process.flash_start) == start);
        let state = entry.map_or("not in the table", |process| process.state);
        let idle = entry.is_some_and(|process| process.system_calls == 0);
        notes.found(slot, what, why, state, state == *why && idle);
    }
    let (found, held) = meter_measures(&mut machine);
    notes.check(
        "metering",
        "it measures beside objects that do not run",
        found,
        held,
    );
    machine
}

/// An app with the name of another and its own id runs, and is who its id says.
fn only_a_name(
    machine: emulator::Machine,
    manifest: &Manifest,
    notes: &mut Notebook,
) -> Result<(), Silent> {
    let mut stage = Stage::around(machine, manifest, &["dlms"])?;
    let processes = crash_log::read(&mut stage.machine).map_or(Vec::new(), |log| log.processes);
    let named = processes
        .iter()
        .find(|process| process.name == "tls" && process.system_calls > 0);
    let short_id = named.map_or(0, |process| process.short_id);
    let wall = "an app named tls with its own id is itself";
    notes.check("dlms", wall, format!("ShortId {short_id}"), short_id == 3);
    let sign = Request::new((command::SIGN, DEVICE_IDENTITY, 0), &[0x21; 32]);
    let (answer, _) = sign.make(&mut stage, "dlms")?;
    notes.refused(
        "dlms",
        "sign with a key of tls under its name",
        NODEVICE,
        &answer,
    );
    Ok(())
}
