//! Session slots: all of them taken, closed ones, those of others, those of a run that has ended.

use drivers::key_store::Command;
use manifest::State;

use super::life::object::{DEVICE_IDENTITY, DLMS_AGREEMENT, UPDATE_AGREEMENT};
use super::recorder::Recorder;
use super::request::{take_back, Request};
use super::restarts::crash;
use crate::errors::{BUSY, NODEVICE, NOMEM};
use crate::fixture::{Fixture, BASE_POINT};
use crate::probe::{KEY_STORE, SLOTS};
use crate::specimen::scripted_app::{Answer, Call, Silent};

const NONCE: [u8; 12] = [7; 12];
/// The slot that is closed on the way.
const CLOSED: u32 = SLOTS.start + 3;
const FIRST: u32 = SLOTS.start;

fn agree(fixture: &mut Fixture, app: &str, object: u32, slot: u32) -> Result<Answer, Silent> {
    let request = Request::new((Command::Agree, object, slot), &BASE_POINT);
    Ok(request.make(fixture, app)?.0)
}

fn encrypt(fixture: &mut Fixture, slot: u32) -> Result<(Answer, Vec<u8>), Silent> {
    let nonce = fixture.fresh_nonce();
    Request::sealing((Command::Encrypt, slot, 16), b"of dlms alone", &nonce).make(fixture, "dlms")
}

/// Carries out the attacks of this chapter.
pub fn attack(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let app = fixture.manifest.app("dlms");
    let share = SLOTS.start + app.map_or(0, |app| u32::from(app.session_slots));
    for slot in SLOTS.start..share {
        let answer = agree(fixture, "dlms", DLMS_AGREEMENT, slot)?;
        let wall = format!("takes slot {slot:#x} of its share");
        recorder.works("dlms", &wall, &answer);
    }
    for slot in share..SLOTS.end {
        let answer = agree(fixture, "dlms", DLMS_AGREEMENT, slot)?;
        let wall = format!("agree into slot {slot:#x}, which is more than its share");
        recorder.refused("dlms", &wall, NOMEM, &answer);
    }
    for slot in SLOTS.start..share {
        let answer = agree(fixture, "update", UPDATE_AGREEMENT, slot)?;
        let wall = format!("agree into slot {slot:#x}, which dlms holds");
        recorder.refused("update", &wall, BUSY, &answer);
    }
    for slot in share..SLOTS.end {
        let answer = agree(fixture, "update", UPDATE_AGREEMENT, slot)?;
        let wall = format!("takes slot {slot:#x} of its share, whatever dlms holds");
        recorder.works("update", &wall, &answer);
        let close = Call::command(KEY_STORE, Command::Close, slot, 0);
        fixture.call("update", close)?;
    }
    let (answer, sealed) = encrypt(fixture, FIRST)?;
    recorder.works("dlms", "its slots are its own still", &answer);
    let foreign = Request::sealing((Command::Decrypt, FIRST, 16), &sealed, &NONCE);
    let (answer, _) = foreign.make(fixture, "update")?;
    recorder.refused(
        "update",
        "decrypt with a slot of dlms, input complete",
        NODEVICE,
        &answer,
    );
    closed(fixture, recorder)?;
    closed_while_it_waits(fixture, recorder)?;
    ended(fixture, recorder)?;
    fixture.advance_to(State::Decommissioned)?;
    let foreign = Request::sealing((Command::Decrypt, CLOSED, 16), &sealed, &NONCE);
    let (answer, _) = foreign.make(fixture, "update")?;
    let wall = "its slot is empty once the state has changed";
    recorder.refused("update", wall, NODEVICE, &answer);
    Ok(())
}

/// A slot that its owner closed, and that another took then.
fn closed(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let close = Call::command(KEY_STORE, Command::Close, CLOSED, 0);
    let answer = fixture.call("dlms", close)?;
    recorder.works("dlms", "closes a slot", &answer);
    let (answer, _) = encrypt(fixture, CLOSED)?;
    recorder.refused(
        "dlms",
        "encrypt with the slot that it closed",
        NODEVICE,
        &answer,
    );
    let answer = agree(fixture, "update", UPDATE_AGREEMENT, CLOSED)?;
    recorder.works("update", "takes the slot that dlms closed", &answer);
    let (answer, _) = encrypt(fixture, CLOSED)?;
    let wall = "encrypt with the slot that it closed and update took";
    recorder.refused("dlms", wall, NODEVICE, &answer);
    let answer = fixture.call("dlms", close)?;
    recorder.refused("dlms", "close the slot that update took", NODEVICE, &answer);
    let answer = agree(fixture, "dlms", DLMS_AGREEMENT, CLOSED)?;
    recorder.refused(
        "dlms",
        "agree into the slot that update took",
        BUSY,
        &answer,
    );
    Ok(())
}

/// An operation that waits for its turn while its slot is closed.
fn closed_while_it_waits(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const SLOT: u32 = FIRST + 5;
    /// The text and its tag.
    const SEALED: usize = 13 + 16;
    let sign = Request::new((Command::Sign, DEVICE_IDENTITY, 0), &[0x11; 32]);
    let mut signing = sign.prepare(fixture, "tls")?;
    signing.extend([sign.call().and_wait(); 4]);
    signing.extend(take_back());
    let tls = fixture.scripted_app("tls")?;
    tls.start(&mut fixture.machine, &signing);
    let nonce = fixture.fresh_nonce();
    let sealing = Request::sealing((Command::Encrypt, SLOT, 16), b"of dlms alone", &nonce);
    let mut calls = sealing.prepare(fixture, "dlms")?;
    let at = calls.len();
    calls.push(sealing.call());
    calls.push(Call::command(KEY_STORE, Command::Close, SLOT, 0));
    calls.push(Call::wait(KEY_STORE));
    calls.extend(take_back());
    let answers = fixture.make("dlms", &calls)?;
    let signed = tls.finish(&mut fixture.machine, &signing)?;
    let dlms = fixture.scripted_app("dlms")?;
    let output = dlms.look(&mut fixture.machine, super::request::OUTPUT, SEALED);
    recorder.works(
        "dlms",
        "closes a slot in whose name an operation waits",
        &answers[at + 1],
    );
    // Done before it was closed, or not at all.
    let [status, length, ..] = answers[at + 2].registers;
    let nothing = output.iter().all(|byte| *byte == 0);
    let held = match status {
        0 => length as usize == output.len() && !nothing,
        _ => status == NODEVICE && nothing,
    };
    let wall = "an operation in the name of a slot closed meanwhile is done before or not at all";
    recorder.check(
        "dlms",
        wall,
        format!("status {status}, {length} bytes"),
        held,
    );
    let held = signed.iter().all(Answer::succeeded);
    recorder.check("tls", "it signs on meanwhile", format!("{held}"), held);
    Ok(())
}

/// The slots of a run that has ended.
fn ended(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    crash(fixture, "dlms")?;
    let (answer, _) = encrypt(fixture, FIRST)?;
    recorder.refused(
        "dlms",
        "encrypt with a slot of its last run",
        NODEVICE,
        &answer,
    );
    let answer = agree(fixture, "update", UPDATE_AGREEMENT, FIRST)?;
    recorder.works("update", "takes a slot of an app that has crashed", &answer);
    Ok(())
}
