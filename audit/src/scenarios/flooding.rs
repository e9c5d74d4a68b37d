//! A channel spoofed by those who may only read it, never read, read with forged lengths, and flooded by its writer.

use std::time::Duration;

use super::life::{MESSAGE, READINGS};
use super::recorder::Notebook;
use super::restarts::crash;
use crate::errors::{NODEVICE, NOMEM, SIZE};
use crate::fixture::Stage;
use crate::probe::CHANNEL;
use crate::specimen::scripted_app::{Answer, Call, Silent};

const SEND: u32 = 1;
const RECEIVE: u32 = 2;
const STATE: u32 = 3;
/// What no message of the meter looks like.
const FORGED: u8 = 0xEE;
/// Messages that a queue holds.
const DEPTH: u32 = 4;
/// Longest message of the channel.
const LONGEST: u32 = 128;

fn receive(arena: u32, length: u32) -> [Call; 2] {
    [
        Call::lend(CHANNEL, 0, arena, length),
        Call::command(CHANNEL, RECEIVE, READINGS, 0),
    ]
}

fn state() -> Call {
    Call::command(CHANNEL, STATE, READINGS, 0)
}

/// Apps that are not the writer, beside the metering app that is.
pub fn by_readers(stage: &mut Stage, notes: &mut Notebook<'_>) -> Result<(), Silent> {
    // From here on the queues are there.
    for app in ["tls", "dlms"] {
        stage.call(app, state())?;
    }
    spoof(stage, notes)?;
    let arena = stage.puppet("tls")?.arena();
    let mut taken = 0;
    let mut forged = false;
    for _ in 0..2 * (DEPTH + 2) {
        stage.machine.run_for(Duration::from_millis(500));
        let answers = stage.make("tls", &receive(arena, LONGEST))?;
        taken += u32::from(answers[1].succeeded());
        let first = stage.puppet("tls")?.look(&mut stage.machine, 0, 1);
        forged |= first == [FORGED];
    }
    notes.check(
        "tls",
        "what it reads is from metering",
        format!("forged: {forged}"),
        !forged,
    );
    let waiting = stage.call("tls", state())?;
    let found = format!("{taken} taken, {:?}", waiting.registers);
    let held = taken > DEPTH && waiting.registers[2] == 0;
    notes.check(
        "tls",
        "a reader that reads loses nothing while dlms never does",
        found,
        held,
    );
    never_read(stage, notes)
}

/// A whole forged message, by everyone who may not write.
fn spoof(stage: &mut Stage, notes: &mut Notebook<'_>) -> Result<(), Silent> {
    for app in ["tls", "dlms", "update", "factory"] {
        let puppet = stage.puppet(app)?;
        puppet.fill(&mut stage.machine, 0, &[FORGED; MESSAGE as usize]);
        let mut calls = vec![Call::share(CHANNEL, 0, puppet.arena(), MESSAGE)];
        calls.extend([Call::command(CHANNEL, SEND, READINGS, MESSAGE); 16]);
        calls.push(Call::share(CHANNEL, 0, 0, 0));
        let answers = stage.make(app, &calls)?;
        let refused = answers[1..17]
            .iter()
            .filter(|answer| answer.error() == Some(NODEVICE));
        let refused = refused.count();
        let found = format!("{refused} of 16 refused");
        notes.check(app, "send a forged reading", found, refused == 16);
    }
    Ok(())
}

/// A queue that nobody empties, and buffers of the wrong length.
fn never_read(stage: &mut Stage, notes: &mut Notebook<'_>) -> Result<(), Silent> {
    let arena = stage.puppet("dlms")?.arena();
    let full = stage.call("dlms", state())?;
    let [_, waiting, lost, _] = full.registers;
    let held = waiting == DEPTH && lost > 0;
    let found = format!("{waiting} wait, {lost} lost");
    notes.check(
        "dlms",
        "a queue that is never read holds the newest",
        found,
        held,
    );
    for length in [0, 1, MESSAGE - 1] {
        let calls = [&receive(arena, length)[..], &[state()]].concat();
        let answers = stage.make("dlms", &calls)?;
        let wall = format!("receive into a buffer of {length} bytes");
        notes.refused("dlms", &wall, SIZE, &answers[1]);
        let left = answers[2].registers[1];
        let found = format!("{left} wait");
        notes.check(
            "dlms",
            "a message that does not fit stays",
            found,
            left == DEPTH,
        );
    }
    let calls = [receive(arena, LONGEST); 6].concat();
    let answers = stage.make("dlms", &calls)?;
    let answers: Vec<&Answer> = answers.iter().skip(1).step_by(2).collect();
    let told = answers[0].registers[2];
    let rest = answers[1..DEPTH as usize]
        .iter()
        .all(|answer| answer.succeeded());
    let wall = "it is told once how many were lost";
    notes.check("dlms", wall, format!("{told} lost"), told >= lost && rest);
    notes.refused(
        "dlms",
        "receive from an empty queue",
        NOMEM,
        answers[DEPTH as usize + 1],
    );
    Ok(())
}

/// The writer itself is the attacker, in place of the metering app.
pub fn by_writer(stage: &mut Stage, notes: &mut Notebook<'_>) -> Result<(), Silent> {
    let writer = stage.puppet("metering")?;
    let share = |length| Call::share(CHANNEL, 0, writer.arena(), length);
    let send = |channel, length| Call::command(CHANNEL, SEND, channel, length);
    let mut calls = Vec::new();
    for app in ["tls", "dlms"] {
        stage.call(app, state())?;
    }
    let lengths = [
        (LONGEST + 1, 512),
        (LONGEST + 1, LONGEST),
        (MESSAGE, MESSAGE - 1),
        (1, 0),
        (u32::MAX, 512),
        (1 << 31, 512),
        (0x1_0000 + 4, 512),
    ];
    for (length, shared) in lengths {
        calls.extend([share(shared), send(READINGS, length)]);
    }
    let answers = stage.make("metering", &calls)?;
    for ((length, shared), answer) in lengths.iter().zip(answers.iter().skip(1).step_by(2)) {
        let wall = format!("send {length} bytes of a buffer of {shared}");
        notes.refused("metering", &wall, SIZE, answer);
    }
    let channels = [0, READINGS + 1, 0x1_0000 + READINGS, u32::MAX];
    let mut calls = vec![share(MESSAGE)];
    calls.extend(channels.map(|channel| send(channel, MESSAGE)));
    let answers = stage.make("metering", &calls)?;
    for (channel, answer) in channels.iter().zip(&answers[1..]) {
        let wall = format!("send to channel {channel:#x}");
        notes.refused("metering", &wall, NODEVICE, answer);
    }
    let waiting = stage.call("dlms", state())?.registers[1];
    let found = format!("{waiting} wait");
    notes.check(
        "dlms",
        "nothing of that has reached a reader",
        found,
        waiting == 0,
    );
    flood(stage, notes)
}

fn flood(stage: &mut Stage, notes: &mut Notebook<'_>) -> Result<(), Silent> {
    const SENT: usize = 40;
    let arena = stage.puppet("metering")?.arena();
    let mut calls = vec![Call::share(CHANNEL, 0, arena, MESSAGE)];
    for number in 0..SENT as u32 {
        calls.push(Call::store(arena, number));
        calls.push(Call::command(CHANNEL, SEND, READINGS, MESSAGE));
    }
    let answers = stage.make("metering", &calls)?;
    let sent = answers[1..].iter().skip(1).step_by(2);
    let sent = sent.filter(|answer| answer.succeeded()).count();
    let found = format!("{sent} of {SENT}");
    notes.check(
        "metering",
        "a full queue never makes the writer wait",
        found,
        sent == SENT,
    );
    for app in ["tls", "dlms"] {
        let puppet = stage.puppet(app)?;
        let calls = receive(puppet.arena(), LONGEST);
        let answers = stage.make(app, &calls)?;
        let first = puppet.look(&mut stage.machine, 0, 4);
        let lost = answers[1].registers[2];
        let newest = (SENT as u32 - DEPTH).to_le_bytes();
        let found = format!("{lost} lost, then message {first:?}");
        let held = first == newest && lost == SENT as u32 - DEPTH;
        notes.check(
            app,
            "of a flood it gets the newest, and is told what was lost",
            found,
            held,
        );
    }
    crash(stage, "tls")?;
    let send = [
        Call::share(CHANNEL, 0, arena, MESSAGE),
        Call::command(CHANNEL, SEND, READINGS, MESSAGE),
    ];
    let answers = stage.make("metering", &send)?;
    notes.works(
        "metering",
        "it writes on although a reader has crashed",
        &answers[1],
    );
    let waiting = stage.call("tls", state())?.registers[1];
    let wall = "a new run finds nothing of what waited for the last one";
    notes.check("tls", wall, format!("{waiting} wait"), waiting == 0);
    let waiting = stage.call("dlms", state())?.registers[1];
    let found = format!("{waiting} wait");
    notes.check(
        "dlms",
        "the queue of another reader is as it was",
        found,
        waiting == DEPTH,
    );
    Ok(())
}
