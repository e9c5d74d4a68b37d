//! A channel spoofed by those who may only read it, never read, read with forged lengths, and flooded by its writer.

use drivers::channel::Command;
use std::time::Duration;

use super::life::{MESSAGE, READINGS};
use super::recorder::Recorder;
use super::restarts::crash;
use crate::errors::{NODEVICE, NOMEM, SIZE};
use crate::fixture::Fixture;
use crate::probe::CHANNEL;
use crate::specimen::scripted_app::{Answer, Call, Silent};

/// What no message of the meter looks like.
const FORGED: u8 = 0xEE;
/// Messages that a queue holds.
const DEPTH: u32 = 4;
/// Longest message of the channel.
const LONGEST: u32 = 128;

fn receive(arena: u32, length: u32) -> [Call; 2] {
    [
        Call::lend(CHANNEL, 0, arena, length),
        Call::command(CHANNEL, Command::Receive, READINGS, 0),
    ]
}

fn state() -> Call {
    Call::command(CHANNEL, Command::State, READINGS, 0)
}

/// Has apps attack that are not the writer, beside the metering app that is.
pub fn by_readers(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    // From here on the queues are there.
    for app in ["tls", "dlms"] {
        fixture.call(app, state())?;
    }
    spoof(fixture, recorder)?;
    let arena = fixture.scripted_app("tls")?.arena();
    let mut taken = 0;
    let mut forged = false;
    for _ in 0..2 * (DEPTH + 2) {
        fixture.machine.run_for(Duration::from_millis(500));
        let answers = fixture.make("tls", &receive(arena, LONGEST))?;
        taken += u32::from(answers[1].succeeded());
        let first = fixture
            .scripted_app("tls")?
            .look(&mut fixture.machine, 0, 1);
        forged |= first == [FORGED];
    }
    recorder.check(
        "tls",
        "what it reads is from metering",
        format!("forged: {forged}"),
        !forged,
    );
    let waiting = fixture.call("tls", state())?;
    let found = format!("{taken} taken, {:?}", waiting.registers);
    let held = taken > DEPTH && waiting.registers[2] == 0;
    recorder.check(
        "tls",
        "a reader that reads loses nothing while dlms never does",
        found,
        held,
    );
    never_read(fixture, recorder)
}

/// A whole forged message, by everyone who may not write.
fn spoof(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    for app in ["tls", "dlms", "update", "factory"] {
        let scripted = fixture.scripted_app(app)?;
        scripted.fill(&mut fixture.machine, 0, &[FORGED; MESSAGE as usize]);
        let mut calls = vec![Call::share(CHANNEL, 0, scripted.arena(), MESSAGE)];
        calls.extend([Call::command(CHANNEL, Command::Send, READINGS, MESSAGE); 16]);
        calls.push(Call::share(CHANNEL, 0, 0, 0));
        let answers = fixture.make(app, &calls)?;
        let refused = answers[1..17]
            .iter()
            .filter(|answer| answer.error() == Some(NODEVICE));
        let refused = refused.count();
        let found = format!("{refused} of 16 refused");
        recorder.check(app, "send a forged reading", found, refused == 16);
    }
    Ok(())
}

/// A queue that nobody empties, and buffers of the wrong length.
fn never_read(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let arena = fixture.scripted_app("dlms")?.arena();
    let full = fixture.call("dlms", state())?;
    let [_, waiting, lost, _] = full.registers;
    let held = waiting == DEPTH && lost > 0;
    let found = format!("{waiting} wait, {lost} lost");
    recorder.check(
        "dlms",
        "a queue that is never read holds the newest",
        found,
        held,
    );
    for length in [0, 1, MESSAGE - 1] {
        let calls = [&receive(arena, length)[..], &[state()]].concat();
        let answers = fixture.make("dlms", &calls)?;
        let wall = format!("receive into a buffer of {length} bytes");
        recorder.refused("dlms", &wall, SIZE, &answers[1]);
        let left = answers[2].registers[1];
        let found = format!("{left} wait");
        recorder.check(
            "dlms",
            "a message that does not fit stays",
            found,
            left == DEPTH,
        );
    }
    let calls = [receive(arena, LONGEST); 6].concat();
    let answers = fixture.make("dlms", &calls)?;
    let answers: Vec<&Answer> = answers.iter().skip(1).step_by(2).collect();
    let told = answers[0].registers[2];
    let rest = answers[1..DEPTH as usize]
        .iter()
        .all(|answer| answer.succeeded());
    let wall = "it is told once how many were lost";
    recorder.check("dlms", wall, format!("{told} lost"), told >= lost && rest);
    recorder.refused(
        "dlms",
        "receive from an empty queue",
        NOMEM,
        answers[DEPTH as usize + 1],
    );
    Ok(())
}

/// Has the writer itself attack, in place of the metering app.
pub fn by_writer(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let writer = fixture.scripted_app("metering")?;
    let share = |length| Call::share(CHANNEL, 0, writer.arena(), length);
    let send = |channel, length| Call::command(CHANNEL, Command::Send, channel, length);
    let mut calls = Vec::new();
    for app in ["tls", "dlms"] {
        fixture.call(app, state())?;
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
    let answers = fixture.make("metering", &calls)?;
    for ((length, shared), answer) in lengths.iter().zip(answers.iter().skip(1).step_by(2)) {
        let wall = format!("send {length} bytes of a buffer of {shared}");
        recorder.refused("metering", &wall, SIZE, answer);
    }
    let channels = [0, READINGS + 1, 0x1_0000 + READINGS, u32::MAX];
    let mut calls = vec![share(MESSAGE)];
    calls.extend(channels.map(|channel| send(channel, MESSAGE)));
    let answers = fixture.make("metering", &calls)?;
    for (channel, answer) in channels.iter().zip(&answers[1..]) {
        let wall = format!("send to channel {channel:#x}");
        recorder.refused("metering", &wall, NODEVICE, answer);
    }
    let waiting = fixture.call("dlms", state())?.registers[1];
    let found = format!("{waiting} wait");
    recorder.check(
        "dlms",
        "nothing of that has reached a reader",
        found,
        waiting == 0,
    );
    flood(fixture, recorder)
}

fn flood(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const SENT: usize = 40;
    let arena = fixture.scripted_app("metering")?.arena();
    let mut calls = vec![Call::share(CHANNEL, 0, arena, MESSAGE)];
    for number in 0..SENT as u32 {
        calls.push(Call::store(arena, number));
        calls.push(Call::command(CHANNEL, Command::Send, READINGS, MESSAGE));
    }
    let answers = fixture.make("metering", &calls)?;
    let sent = answers[1..].iter().skip(1).step_by(2);
    let sent = sent.filter(|answer| answer.succeeded()).count();
    let found = format!("{sent} of {SENT}");
    recorder.check(
        "metering",
        "a full queue never makes the writer wait",
        found,
        sent == SENT,
    );
    for app in ["tls", "dlms"] {
        let scripted = fixture.scripted_app(app)?;
        let calls = receive(scripted.arena(), LONGEST);
        let answers = fixture.make(app, &calls)?;
        let first = scripted.look(&mut fixture.machine, 0, 4);
        let lost = answers[1].registers[2];
        let newest = (SENT as u32 - DEPTH).to_le_bytes();
        let found = format!("{lost} lost, then message {first:?}");
        let held = first == newest && lost == SENT as u32 - DEPTH;
        recorder.check(
            app,
            "of a flood it gets the newest, and is told what was lost",
            found,
            held,
        );
    }
    crash(fixture, "tls")?;
    let send = [
        Call::share(CHANNEL, 0, arena, MESSAGE),
        Call::command(CHANNEL, Command::Send, READINGS, MESSAGE),
    ];
    let answers = fixture.make("metering", &send)?;
    recorder.works(
        "metering",
        "it writes on although a reader has crashed",
        &answers[1],
    );
    let waiting = fixture.call("tls", state())?.registers[1];
    let wall = "a new run finds nothing of what waited for the last one";
    recorder.check("tls", wall, format!("{waiting} wait"), waiting == 0);
    let waiting = fixture.call("dlms", state())?.registers[1];
    let found = format!("{waiting} wait");
    recorder.check(
        "dlms",
        "the queue of another reader is as it was",
        found,
        waiting == DEPTH,
    );
    Ok(())
}
