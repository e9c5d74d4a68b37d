//! Apps that claim to be others, with signatures that are good and that are not.

use drivers::key_store::Command;
use std::time::Duration;

use emulator::report::crash_log::{self, Process};
use emulator::Machine;
use manifest::Manifest;

use super::life::meter_measures;
use super::life::object::DEVICE_IDENTITY;
use super::recorder::Recorder;
use super::request::Request;
use crate::errors::NODEVICE;
use crate::fixture::{Fixture, LOAD, SEED};
use crate::meters::Meters;
use crate::specimen::artifacts::read_built;
use crate::specimen::firmware::Firmware;
use crate::specimen::meter;
use crate::specimen::scripted_app::Silent;
use crate::specimen::signed::{development_key, strangers_key, Object};

/// Time until all apps have been verified.
const START: Duration = Duration::from_secs(3);
const OLD: &str = "refused: old version";

/// A slot, what stands there, the object, and why it must not run.
type Claim = (&'static str, &'static str, Object, &'static str);

type Attack = fn(&Meters<'_>, &mut Recorder<'_>) -> Result<(), Silent>;

/// The attacks, each with starts of its own.
pub const ATTACKS: [(&str, Attack); 4] = [
    ("signatures and ids claimed", claims),
    ("objects forged", forgeries),
    ("memory of others claimed", places),
    ("older versions", versions),
];

fn claims(meters: &Meters<'_>, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let key = development_key(meters.manifest);
    let scripted = |slot: &str| meters.firmware.scripted_app(slot);
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
            scripted("dlms").with_short_id(2).signed(&key),
            "refused: wrong place",
        ),
        (
            "update",
            "a good signature over an id that meter.toml does not know",
            scripted("update").with_short_id(99).signed(&key),
            "refused: not its signer's app",
        ),
        (
            "factory",
            "a stranger's signature",
            scripted("factory").signed(&strangers_key()),
            "refused: wrong signature",
        ),
    ];
    refused(meters.firmware, meters.manifest, &claims, recorder);
    Ok(())
}

fn forgeries(meters: &Meters<'_>, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let key = development_key(meters.manifest);
    let scripted = |slot: &str| meters.firmware.scripted_app(slot);
    let forgeries: [Claim; 3] = [
        (
            "tls",
            "code changed after it was signed",
            scripted("tls").changed(|bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x01;
            }),
            "refused: wrong signature",
        ),
        (
            "update",
            "the id of tls, signed, in the slot of update",
            scripted("update").with_short_id(1).signed(&key),
            "refused: wrong place",
        ),
        (
            "factory",
            "the signature of another app",
            scripted("factory").with_signature_of(&scripted("dlms")),
            "refused: wrong signature",
        ),
    ];
    let named = scripted("dlms").with_name("tls").signed(&key);
    let firmware = meters.firmware.clone().with_object("dlms", named.bytes());
    let machine = refused(&firmware, meters.manifest, &forgeries, recorder);
    only_a_name(machine, meters.manifest, recorder)
}

/// Apps of a good signer whose headers ask for what lies outside their slots.
fn places(meters: &Meters<'_>, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let key = development_key(meters.manifest);
    let scripted = |slot: &str| meters.firmware.scripted_app(slot);
    let metering = meters.manifest.app("metering").ok_or("no metering")?.ram;
    let block = meters.manifest.app("update").ok_or("no update")?.ram.size;
    let claims: [Claim; 2] = [
        (
            "tls",
            "the RAM of metering claimed in a signed header",
            scripted("tls")
                .with_ram_address(metering.start)
                .signed(&key),
            "refused: wrong place",
        ),
        (
            "update",
            "more RAM than its slot has claimed in a signed header",
            scripted("update").with_ram_size(2 * block).signed(&key),
            "refused: wrong place",
        ),
    ];
    refused(meters.firmware, meters.manifest, &claims, recorder);
    Ok(())
}

/// The version that ran is kept in the key store, over a loss of power and over the
/// flash of an older object.
fn versions(meters: &Meters<'_>, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const SLOT: &str = "dlms";
    let key = development_key(meters.manifest);
    let mut flash: Option<Vec<u8>> = None;
    for (version, what, runs) in [
        (5, "version 5 on a new meter", true),
        (5, "version 5 after version 5", true),
        (4, "version 4 after version 5", false),
        (6, "version 6 after version 5", true),
        (5, "version 5 after version 6", false),
    ] {
        let object = meters
            .firmware
            .scripted_app(SLOT)
            .with_version(version)
            .signed(&key);
        let mut firmware = meters.firmware.clone().with_object(SLOT, object.bytes());
        if let Some(flash) = &flash {
            firmware = firmware.with_data_of(flash);
        }
        let mut machine = meter::boot(firmware.bytes(), LOAD, SEED);
        machine.run_for(START);
        let found = seen(&mut machine, meters.manifest, SLOT);
        let state = found
            .as_ref()
            .map_or("not in the table", |entry| entry.state);
        let ran = found.as_ref().is_some_and(|entry| entry.system_calls > 0);
        let (expected, held) = match runs {
            true => ("it runs", ran),
            false => (OLD, state == OLD && !ran),
        };
        recorder.found(
            SLOT,
            what,
            expected,
            format!("{state}, it ran: {ran}"),
            held,
        );
        flash = Some(machine.flash());
    }
    Ok(())
}

/// What the process table says about a slot.
fn seen(machine: &mut Machine, manifest: &Manifest, slot: &str) -> Option<Process> {
    let start = manifest.app(slot)?.flash.start;
    let mut processes = crash_log::read(machine)?.processes.into_iter();
    processes.find(|process| process.flash_start == start)
}

/// Starts the meter with these objects; none of them may run.
fn refused(
    firmware: &Firmware,
    manifest: &Manifest,
    claims: &[Claim],
    recorder: &mut Recorder<'_>,
) -> Machine {
    let firmware = claims
        .iter()
        .fold(firmware.clone(), |firmware, (slot, _, object, _)| {
            firmware.with_object(slot, object.bytes())
        });
    let mut machine = meter::boot(firmware.bytes(), LOAD, SEED);
    machine.run_for(START);
    for (slot, what, _, why) in claims {
        let entry = seen(&mut machine, manifest, slot);
        let idle = entry
            .as_ref()
            .is_some_and(|process| (process.ram_start, process.system_calls) == (0, 0));
        let state = entry.map_or("not in the table", |process| process.state);
        recorder.found(slot, what, why, state, state == *why && idle);
    }
    let (found, held) = meter_measures(&mut machine);
    recorder.check(
        "metering",
        "it measures beside objects that do not run",
        found,
        held,
    );
    machine
}

/// An app with the name of another and its own id runs, and is who its id says.
fn only_a_name(
    machine: Machine,
    manifest: &Manifest,
    recorder: &mut Recorder<'_>,
) -> Result<(), Silent> {
    let mut fixture = Fixture::around(machine, manifest, &["dlms"])?;
    let processes = crash_log::read(&mut fixture.machine).map_or(Vec::new(), |log| log.processes);
    let named = processes
        .iter()
        .find(|process| process.name == "tls" && process.system_calls > 0);
    let short_id = named.map_or(0, |process| process.short_id);
    let wall = "an app named tls with its own id is itself";
    recorder.check("dlms", wall, format!("ShortId {short_id}"), short_id == 3);
    let sign = Request::new((Command::Sign, DEVICE_IDENTITY, 0), &[0x21; 32]);
    let (answer, _) = sign.make(&mut fixture, "dlms")?;
    recorder.refused(
        "dlms",
        "sign with a key of tls under its name",
        NODEVICE,
        &answer,
    );
    Ok(())
}
