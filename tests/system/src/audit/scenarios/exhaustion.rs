//! Memory, grants and queues of upcalls used up: it hits the app that does it, and nobody else.

use std::time::Duration;

use emulator::report::crash_log;

use super::life::object::{DEVICE_IDENTITY, DLMS_SIGNING};
use super::notebook::Notebook;
use super::request::{command, take_back, Request};
use crate::audit::errors::{BUSY, NOMEM};
use crate::audit::probe::{CHANNEL, KEY_STORE, STORAGE};
use crate::audit::puppet::{Answer, Call, Silent};
use crate::audit::stage::Stage;

/// Upcalls that the kernel keeps for a process.
const UPCALLS: usize = 10;

/// Carries them out.
pub fn attack(stage: &mut Stage, notes: &mut Notebook) -> Result<(), Silent> {
    upcalls(stage, notes)?;
    memory(stage, notes)
}

/// More operations than upcalls are kept, by an app that takes none of them.
fn upcalls(stage: &mut Stage, notes: &mut Notebook) -> Result<(), Silent> {
    const MORE: usize = UPCALLS + 4;
    // It is never called: the app waits for its alarm alone.
    let function = stage.manifest.app("dlms").map_or(0, |app| app.flash.start) + 0x101;
    let request = Request::new((command::SIGN, DLMS_SIGNING, 0), &[0x33; 32]);
    let mut calls = request.prepare(stage, "dlms")?;
    calls.push(Call::subscribe(KEY_STORE, 0, function));
    calls.push(Call::subscribe(CHANNEL, 0, function));
    let first = calls.len();
    for _ in 0..MORE {
        calls.push(request.call());
        // Longer than a signature takes.
        calls.push(Call::sleep(150));
    }
    let answers = stage.make("dlms", &calls)?;
    let answers = answers[first..].iter().step_by(2);
    let accepted = answers.clone().filter(|answer| answer.succeeded()).count();
    let busy = answers
        .filter(|answer| answer.error() == Some(BUSY))
        .count();
    let wall = "it is served until an upcall finds no room, and that one is owed";
    let found = format!("{accepted} served, {busy} busy");
    // One more than there is room for, which messages of the channel may take too.
    let held = (UPCALLS..=UPCALLS + 1).contains(&accepted) && busy == MORE - accepted;
    notes.check("dlms", wall, found, held);
    // The process table is brought up to date a few times a second.
    stage.machine.run_for(Duration::from_millis(600));
    let log = crash_log::read(&mut stage.machine).ok_or("no crash log")?;
    let dropped = |app: &str| {
        let mut processes = log.processes.iter();
        let process = processes.find(|process| process.name == app);
        process.map_or(u32::MAX, |process| process.dropped_upcalls)
    };
    let found = format!("{} of dlms, {} of tls", dropped("dlms"), dropped("tls"));
    let held = dropped("dlms") >= 1 && dropped("tls") == 0;
    notes.check(
        "dlms",
        "its queue of upcalls is bounded, and its own",
        found,
        held,
    );
    let sign = Request::new((command::SIGN, DEVICE_IDENTITY, 0), &[0x44; 32]);
    let (answer, _) = sign.make(stage, "tls")?;
    notes.works("tls", "it signs although dlms takes no upcalls", &answer);
    // And it goes on as soon as it takes them.
    let clear = [
        Call::subscribe(KEY_STORE, 0, 0),
        Call::subscribe(CHANNEL, 0, 0),
    ];
    stage.make("dlms", &clear)?;
    let owed = stage.call("dlms", Call::wait(KEY_STORE))?.registers[0];
    let wall = "it hears of the operation whose upcall was owed";
    notes.check("dlms", wall, format!("status {owed}"), owed == 0);
    let (answer, _) = request.make(stage, "dlms")?;
    notes.works(
        "dlms",
        "it is served again once its queue is empty",
        &answer,
    );
    Ok(())
}

/// All of its memory for itself, and then a grant from each driver.
fn memory(stage: &mut Stage, notes: &mut Notebook) -> Result<(), Silent> {
    let mut taken = 0;
    for step in [1_024, 64, 4] {
        loop {
            let answers = stage.make("dlms", &[Call::move_break(step); 40])?;
            let granted = answers.iter().filter(|answer| answer.succeeded()).count();
            taken += granted as i32 * step;
            if granted < answers.len() {
                break;
            }
        }
    }
    let arena = stage.puppet("dlms")?.arena();
    // Never used so far: no grant is there yet.
    let answers = stage.make(
        "dlms",
        &[
            Call::lend(STORAGE, 0, arena, 64),
            Call::lend(0x4_0001, 0, arena, 16),
        ],
    )?;
    let errors: Vec<Option<u32>> = answers.iter().map(Answer::error).collect();
    let fair = errors
        .iter()
        .all(|error| error.is_none() || *error == Some(NOMEM));
    let block = stage.manifest.app("dlms").map_or(0, |app| app.ram.size);
    notes.check(
        "dlms",
        "its memory ends below its grants, and a new grant comes out of its own block or not at all",
        format!("{taken} of {block} bytes taken, {errors:?}"),
        fair && (taken as u32) < block,
    );
    let sign = Request::new((command::SIGN, DLMS_SIGNING, 0), &[0x44; 32]);
    let (answer, _) = sign.make(stage, "dlms")?;
    notes.works("dlms", "the grants that it has stay good", &answer);
    let sign = Request::new((command::SIGN, DEVICE_IDENTITY, 0), &[0x44; 32]);
    let (answer, _) = sign.make(stage, "tls")?;
    notes.works("tls", "it signs although dlms has no memory left", &answer);
    stage.make("tls", &take_back())?;
    Ok(())
}
