//! The key store's flash put back, altered or taken to another meter while the power is off.

use drivers::key_store::Command;
use std::ops::Range;

use manifest::{Manifest, Region};
use sha2::{Digest, Sha256};

use super::life::meter_measures;
use super::life::object::{DLMS_INVOCATION, DLMS_SIGNING};
use super::life::NONCES;
use super::recorder::Recorder;
use super::request::Request;
use crate::errors::{describe, FAIL};
use crate::fixture::{Fixture, LOAD, SEED};
use crate::probe::KEY_STORE;
use crate::specimen::firmware::Firmware;
use crate::specimen::meter;
use crate::specimen::scripted_app::{Answer, Call, Silent};

/// Where the counter stands at the moment that is put back, and in the end.
const EARLIER: u32 = NONCES + 100;
const LATER: [u32; 2] = [NONCES + 200, NONCES + 300];
const LAST: u32 = LATER[LATER.len() - 1];
const SLOT: &str = "dlms";

/// What the key store must make of a flash (docs/key-store.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// All of it is as it was left.
    Believed,
    /// Nothing of it is believed.
    Refused,
    /// The counter is not believed, the rest is.
    ObjectRefused,
    /// Whatever is believed, the counter is not older.
    NeverOlder,
}

/// A flash that somebody has had in his hands.
struct Case {
    what: &'static str,
    flash: Vec<u8>,
    verdict: Verdict,
}

/// Carries the attacks out on the meter in service.
pub fn attack(
    fixture: &mut Fixture,
    firmware: &Firmware,
    recorder: &mut Recorder<'_>,
) -> Result<(), Silent> {
    advance(fixture, EARLIER)?;
    let earlier = fixture.machine.flash();
    for value in LATER {
        advance(fixture, value)?;
    }
    let later = fixture.machine.flash();
    for case in cases(&fixture.manifest, &earlier, &later) {
        try_it(&fixture.manifest, firmware, &case, recorder)?;
    }
    Ok(())
}

fn advance(fixture: &mut Fixture, value: u32) -> Result<(), Silent> {
    let request = Request::new((Command::Advance, DLMS_INVOCATION, value), &[]);
    let (answer, _) = request.make(fixture, SLOT)?;
    let done = answer.succeeded();
    done.then_some(()).ok_or(format!("advance: {answer:?}"))
}

fn bytes(region: Region) -> Range<usize> {
    region.start as usize..region.end() as usize
}

/// Returns the flash as another meter of the same make would hold it.
pub fn with_other_secret(flash: &[u8], manifest: &Manifest) -> Vec<u8> {
    const SECRET: [u8; 32] = [0x5A; 32];
    let mut flash = flash.to_vec();
    let start = manifest.flash.device_secret.start as usize;
    flash[start..start + 32].copy_from_slice(&SECRET);
    // The secret's check is the first word of its hash.
    flash[start + 32..start + 36].copy_from_slice(&Sha256::digest(SECRET)[..4]);
    flash
}

fn cases(manifest: &Manifest, earlier: &[u8], later: &[u8]) -> Vec<Case> {
    let records = bytes(manifest.flash.key_store);
    let anchor = bytes(manifest.flash.anchor);
    let with = |range: Range<usize>, from: &[u8]| {
        let mut flash = later.to_vec();
        flash[range.clone()].copy_from_slice(&from[range]);
        flash
    };
    let flipped = |at: usize| {
        let mut flash = later.to_vec();
        flash[at] ^= 0x01;
        flash
    };
    // What was written last: the record of the counter's last value.
    let changed = |at: &usize| earlier[*at] != later[*at];
    let first = records.clone().find(changed).unwrap_or(records.start);
    let last = records.clone().rev().find(changed).unwrap_or(records.start);
    let bank = records.len() / 2;
    let other_bank = if last < records.start + bank {
        records.start + bank
    } else {
        records.start
    };
    let live = if other_bank == records.start {
        records.start + bank
    } else {
        records.start
    };
    let blank = vec![0xFF; later.len()];
    let mut moved = later.to_vec();
    moved.copy_within(live..live + bank, other_bank);
    moved[live..live + bank].fill(0xFF);
    let case = |what, flash, verdict| Case {
        what,
        flash,
        verdict,
    };
    vec![
        case("left as it was", later.to_vec(), Verdict::Believed),
        case(
            "records of an earlier time under the present anchor",
            with(records.clone(), earlier),
            Verdict::Refused,
        ),
        case(
            "taken to another meter",
            with_other_secret(later, manifest),
            Verdict::Refused,
        ),
        case(
            "the anchor of an earlier time over the present records",
            with(anchor.clone(), earlier),
            Verdict::NeverOlder,
        ),
        case(
            "records erased, the anchor kept",
            with(records, &blank),
            Verdict::Refused,
        ),
        case(
            "a bit flipped in the newest content",
            flipped(last),
            Verdict::ObjectRefused,
        ),
        case(
            "a bit flipped in the head of a record",
            flipped(first),
            Verdict::Refused,
        ),
        case(
            "all records moved to the other bank",
            moved,
            Verdict::Refused,
        ),
    ]
}

fn try_it(
    manifest: &Manifest,
    firmware: &Firmware,
    case: &Case,
    recorder: &mut Recorder<'_>,
) -> Result<(), Silent> {
    let firmware = firmware
        .clone()
        .with_scripted_app(SLOT)
        .with_data_of(&case.flash);
    let machine = meter::boot(firmware.bytes(), LOAD, SEED);
    let mut fixture = Fixture::around(machine, manifest, &[SLOT])?;
    let state = fixture.call(SLOT, Call::command(KEY_STORE, Command::State, 0, 0))?;
    let counter = Call::command(KEY_STORE, Command::Counter, DLMS_INVOCATION, 0);
    let counter = fixture.call(SLOT, counter)?;
    let sign = Request::new((Command::Sign, DLMS_SIGNING, 0), &[0x21; 32]);
    let (sign, _) = sign.make(&mut fixture, SLOT)?;
    let newest = counter.succeeded() && counter.registers[1] == LAST;
    let held = match case.verdict {
        Verdict::Believed => newest && sign.succeeded(),
        Verdict::Refused => [state, counter, sign]
            .iter()
            .all(|answer| !answer.succeeded()),
        Verdict::ObjectRefused => counter.error() == Some(FAIL) && sign.succeeded(),
        Verdict::NeverOlder => newest || !counter.succeeded(),
    };
    let value = |answer: &Answer| match answer.succeeded() {
        true => answer.registers[1].to_string(),
        false => describe(answer),
    };
    let found = format!(
        "state {}, counter {}, sign {}",
        value(&state),
        value(&counter),
        describe(&sign)
    );
    let expected = format!("{:?}", case.verdict);
    recorder.found(SLOT, case.what, &expected, found, held);
    let (found, held) = meter_measures(&mut fixture.machine);
    let wall = format!("it measures with a key store: {}", case.what);
    recorder.check("metering", &wall, found, held);
    Ok(())
}
