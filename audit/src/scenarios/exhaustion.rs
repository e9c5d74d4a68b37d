//! Memory, grants, queues of upcalls and flash used up: it hits the app that does it, and nobody else.

use drivers::key_store::Command;
use drivers::rng;
use std::time::Duration;

use emulator::report::crash_log;
use manifest::State;

use super::life::object::{
    DEVICE_IDENTITY, DLMS_INVOCATION, DLMS_SIGNING, OPERATIONAL_CERTIFICATE,
};
use super::life::NONCES;
use super::recorder::Recorder;
use super::request::{take_back, Request};
use super::restarts::crash;
use crate::errors::{describe, BUSY, INVAL, NOMEM, RESERVE};
use crate::fixture::{Fixture, LOAD, SEED};
use crate::probe::{CHANNEL, KEY_STORE, RNG, STORAGE};
use crate::specimen::meter;
use crate::specimen::scripted_app::{Answer, Call, Silent};

/// Upcalls that the kernel keeps for a process.
const UPCALLS: usize = 10;

/// Carries out the attacks of this chapter.
pub fn attack(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let before = fixture.machine.save();
    random(fixture, recorder)?;
    // For the others, dlms has no grant of that driver yet.
    let restored = fixture.machine.restore(&before);
    restored.map_err(|error| error.to_string())?;
    upcalls(fixture, recorder)?;
    memory(fixture, recorder)?;
    flash(fixture, recorder)
}

/// More operations than upcalls are kept, by an app that takes none of them.
fn upcalls(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const MORE: usize = UPCALLS + 4;
    // It is never called: the app waits for its alarm alone.
    let function = fixture
        .manifest
        .app("dlms")
        .map_or(0, |app| app.flash.start)
        + 0x101;
    let request = Request::new((Command::Sign, DLMS_SIGNING, 0), &[0x33; 32]);
    let mut calls = request.prepare(fixture, "dlms")?;
    calls.push(Call::subscribe(KEY_STORE, 0, function));
    calls.push(Call::subscribe(CHANNEL, 0, function));
    let first = calls.len();
    for _ in 0..MORE {
        calls.push(request.call());
        // Longer than a signature takes.
        calls.push(Call::sleep(150));
    }
    let answers = fixture.make("dlms", &calls)?;
    let answers = answers[first..].iter().step_by(2);
    let accepted = answers.clone().filter(|answer| answer.succeeded()).count();
    let busy = answers
        .filter(|answer| answer.error() == Some(BUSY))
        .count();
    let wall = "it is served until an upcall finds no room, and that one is owed";
    let found = format!("{accepted} served, {busy} busy");
    // One more than there is room for, which messages of the channel may take too.
    let held = (UPCALLS..=UPCALLS + 1).contains(&accepted) && busy == MORE - accepted;
    recorder.check("dlms", wall, found, held);
    // The process table is brought up to date a few times a second.
    fixture.machine.run_for(Duration::from_millis(600));
    let log = crash_log::read(&mut fixture.machine).ok_or("no crash log")?;
    let dropped = |app: &str| {
        let mut processes = log.processes.iter();
        let process = processes.find(|process| process.name == app);
        process.map_or(u32::MAX, |process| process.dropped_upcalls)
    };
    let found = format!("{} of dlms, {} of tls", dropped("dlms"), dropped("tls"));
    let held = dropped("dlms") >= 1 && dropped("tls") == 0;
    recorder.check(
        "dlms",
        "its queue of upcalls is bounded, and its own",
        found,
        held,
    );
    let sign = Request::new((Command::Sign, DEVICE_IDENTITY, 0), &[0x44; 32]);
    let (answer, _) = sign.make(fixture, "tls")?;
    recorder.works("tls", "it signs although dlms takes no upcalls", &answer);
    // And it goes on as soon as it takes them.
    let clear = [
        Call::subscribe(KEY_STORE, 0, 0),
        Call::subscribe(CHANNEL, 0, 0),
    ];
    fixture.make("dlms", &clear)?;
    let owed = fixture.call("dlms", Call::wait(KEY_STORE))?.registers[0];
    let wall = "it hears of the operation whose upcall was owed";
    recorder.check("dlms", wall, format!("status {owed}"), owed == 0);
    let (answer, _) = request.make(fixture, "dlms")?;
    recorder.works(
        "dlms",
        "it is served again once its queue is empty",
        &answer,
    );
    Ok(())
}

/// All the randomness there is, while another app wants some.
fn random(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const FLOOD: usize = 40;
    let get = |fixture: &Fixture, app: &str, length: u32| -> Result<[Call; 2], Silent> {
        let arena = fixture.scripted_app(app)?.arena();
        let take = Call::command(RNG, rng::Command::Get, length, 0).and_wait();
        Ok([Call::lend(RNG, 0, arena, length), take])
    };
    let [lend, take] = get(fixture, "dlms", 1_024)?;
    let mut flood = vec![lend];
    flood.extend([take; FLOOD]);
    let one = [vec![Call::sleep(20)], get(fixture, "tls", 32)?.to_vec()].concat();
    let answers = fixture.make_together(&[("tls", one), ("dlms", flood)])?;
    let wall = "it gets random bytes while dlms takes all that there are";
    recorder.works("tls", wall, &answers[0][2]);
    let served = answers[1]
        .iter()
        .filter(|answer| answer.succeeded())
        .count();
    let found = format!("{} of {FLOOD}", served - 1);
    recorder.check(
        "dlms",
        "it gets all that it waits for",
        found,
        served == FLOOD + 1,
    );
    Ok(())
}

/// All of its memory for itself, and then a grant from each driver.
fn memory(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let mut taken = 0;
    for step in [1_024, 64, 4] {
        loop {
            let answers = fixture.make("dlms", &[Call::move_break(step); 40])?;
            let granted = answers.iter().filter(|answer| answer.succeeded()).count();
            taken += granted as i32 * step;
            if granted < answers.len() {
                break;
            }
        }
    }
    let arena = fixture.scripted_app("dlms")?.arena();
    // Never used so far: no grant is there yet.
    let answers = fixture.make(
        "dlms",
        &[
            Call::lend(STORAGE, 0, arena, 64),
            Call::lend(RNG, 0, arena, 16),
        ],
    )?;
    let errors: Vec<Option<u32>> = answers.iter().map(Answer::error).collect();
    let fair = errors
        .iter()
        .all(|error| error.is_none() || *error == Some(NOMEM));
    let block = fixture.manifest.app("dlms").map_or(0, |app| app.ram.size);
    recorder.check(
        "dlms",
        "its memory ends below its grants, and a new grant comes out of its own block or not at all",
        format!("{taken} of {block} bytes taken, {errors:?}"),
        fair && (taken as u32) < block,
    );
    let sign = Request::new((Command::Sign, DLMS_SIGNING, 0), &[0x44; 32]);
    let (answer, _) = sign.make(fixture, "dlms")?;
    recorder.works("dlms", "the grants that it has stay good", &answer);
    let sign = Request::new((Command::Sign, DEVICE_IDENTITY, 0), &[0x44; 32]);
    let (answer, _) = sign.make(fixture, "tls")?;
    recorder.works("tls", "it signs although dlms has no memory left", &answer);
    fixture.make("tls", &take_back())?;
    Ok(())
}

/// Changes of the key store's flash without an end, by two apps that may make some: the budget
/// of each ends them, and neither a restart of the app nor of the meter renews it.
fn flash(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const LEAP: u32 = u32::MAX;
    let leap = Call::command(KEY_STORE, Command::Advance, DLMS_INVOCATION, LEAP).and_wait();
    let answer = fixture.call("dlms", leap)?;
    recorder.refused("dlms", "leaps to the end of a counter", INVAL, &answer);
    let most = budget(fixture, "dlms", "dlms_invocation");
    let advanced = advance_to_the_end(fixture, NONCES, 2 * most)?;
    recorder.check(
        "dlms",
        "its counter rises as often as its budget says, and no more",
        format!("{advanced} of {most}"),
        (1..=most).contains(&advanced),
    );
    let reached = NONCES + advanced;
    crash(fixture, "dlms")?;
    let more = advance_to_the_end(fixture, reached, 2)?;
    let wall = "its restart renews no budget";
    recorder.check("dlms", wall, format!("{more} more"), more == 0);
    let most = budget(fixture, "tls", "operational_certificate");
    let store = Request::new((Command::Store, OPERATIONAL_CERTIFICATE, 0), &[0x30; 256]);
    let mut stored = 0;
    for _ in 0..2 * most {
        stored += u32::from(store.make(fixture, "tls")?.0.succeeded());
    }
    recorder.check(
        "tls",
        "it stores a certificate as often as its budget says, and no more",
        format!("{stored} of {most}"),
        (1..=most).contains(&stored),
    );
    let counter = Call::command(KEY_STORE, Command::Counter, DLMS_INVOCATION, 0);
    let counter = fixture.call("dlms", counter)?;
    let held = counter.succeeded() && counter.registers[1] == reached;
    let found = format!("{}, {}", describe(&counter), counter.registers[1]);
    recorder.check("dlms", "its counter is the last one still", found, held);
    let sign = Request::new((Command::Sign, DEVICE_IDENTITY, 0), &[0x44; 32]);
    let (answer, _) = sign.make(fixture, "tls")?;
    recorder.works("tls", "its keys are there as before", &answer);
    let machine = meter::boot(&fixture.machine.flash(), LOAD, SEED);
    let mut after_reset = Fixture::around(machine, &fixture.manifest, &["dlms"])?;
    let more = advance_to_the_end(&mut after_reset, reached, 2)?;
    let wall = "a reset of the meter renews no budget";
    recorder.check("dlms", wall, format!("{more} more"), more == 0);
    fixture.advance_to(State::Decommissioned)?;
    let state = fixture.state("update")?;
    let held = state == State::Decommissioned;
    let wall = "there is room for what an operator orders";
    recorder.check("update", wall, format!("{state}"), held);
    Ok(())
}

/// How many changes of a key an app may have in hand; those of all keys without a budget of
/// their own, if this one has none.
fn budget(fixture: &Fixture, app: &str, key: &str) -> u32 {
    let app = fixture.manifest.app(app);
    let changes = app.and_then(|app| app.keys.get(key)?.changes.or(app.key_changes));
    changes.map_or(0, |changes| changes.most.into())
}

/// Raises the counter of dlms by one, again and again, and returns how often it was let.
fn advance_to_the_end(fixture: &mut Fixture, from: u32, times: u32) -> Result<u32, Silent> {
    let advance = |value| Call::command(KEY_STORE, Command::Advance, DLMS_INVOCATION, value);
    let calls: Vec<Call> = (from + 1..=from + times)
        .map(|value| advance(value).and_wait())
        .collect();
    let answers = fixture.make("dlms", &calls)?;
    let refused = |answer: &&Answer| answer.error() == Some(RESERVE);
    let others = |answer: &&Answer| !answer.succeeded() && !refused(answer);
    match answers.iter().find(others) {
        Some(answer) => Err(format!("advance: {answer:?}")),
        None => Ok(answers.iter().filter(|answer| answer.succeeded()).count() as u32),
    }
}
