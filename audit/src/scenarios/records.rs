//! Records of the external flash, moved, altered and taken to another meter while the power is off.

use super::recorder::Recorder;
use super::restarts::comes_back;
use crate::errors::{self, FAIL, NODEVICE, UNINSTALLED};
use crate::fixture::{Fixture, LOAD, SEED};
use crate::probe::STORAGE;
use crate::specimen::meter;
use crate::specimen::scripted_app::{Answer, Call, Silent};
use drivers::storage::Command;

const LOAD_PROFILE: u32 = 1;
const EVENT_LOG: u32 = 2;
/// Bytes of a record.
const RECORD: usize = 64;
/// docs/storage.md: the header of a sector, and a slot of such a record.
const HEADER: usize = 36;
const SLOT: usize = 104;
/// Where the record's seal begins in a slot: behind mark and nonce.
const SEALED: usize = 16;
/// Records that are appended to each partition.
const APPENDED: u32 = 3;
const SLOTS: [&str; 2] = ["metering", "dlms"];

fn text(partition: u32, number: u32) -> [u8; RECORD] {
    [(partition << 4 | number) as u8; RECORD]
}

fn append(fixture: &mut Fixture, partition: u32, record: &[u8]) -> Result<Answer, Silent> {
    let scripted = fixture.scripted_app("metering")?;
    scripted.fill(&mut fixture.machine, 0, record);
    let length = record.len() as u32;
    let calls = [
        Call::share(STORAGE, 0, scripted.arena(), length),
        Call::command(STORAGE, Command::Append, partition, length).and_wait(),
        Call::share(STORAGE, 0, 0, 0),
    ];
    Ok(fixture.make("metering", &calls)?[1])
}

fn read(
    fixture: &mut Fixture,
    app: &str,
    partition: u32,
    number: u32,
) -> Result<(Answer, Vec<u8>), Silent> {
    let scripted = fixture.scripted_app(app)?;
    scripted.fill(&mut fixture.machine, 0, &[0; RECORD]);
    let calls = [
        Call::lend(STORAGE, 0, scripted.arena(), RECORD as u32),
        Call::command(STORAGE, Command::Read, partition, number).and_wait(),
        Call::lend(STORAGE, 0, 0, 0),
    ];
    let answer = fixture.make(app, &calls)?[1];
    Ok((answer, scripted.look(&mut fixture.machine, 0, RECORD)))
}

/// Carries out the attacks of this chapter.
pub fn attack(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    for partition in [LOAD_PROFILE, EVENT_LOG] {
        for number in 0..APPENDED {
            let answer = append(fixture, partition, &text(partition, number))?;
            let wall = format!("append record {number} to partition {partition}");
            recorder.works("metering", &wall, &answer);
        }
    }
    for app in ["tls", "dlms", "update", "factory"] {
        let scripted = fixture.scripted_app(app)?;
        let calls = [
            Call::share(STORAGE, 0, scripted.arena(), RECORD as u32),
            Call::command(STORAGE, Command::Append, LOAD_PROFILE, RECORD as u32),
        ];
        let answers = fixture.make(app, &calls)?;
        recorder.refused(
            app,
            "append to the partition of metering",
            NODEVICE,
            &answers[1],
        );
    }
    ended_in_the_middle(fixture, recorder)?;
    flooded(fixture, recorder)?;
    let nor = fixture.machine.nor().ok_or("nothing was written")?;
    let flash = fixture.machine.flash();
    let plain = nor.windows(8).any(|window| window == [0x11; 8]);
    let wall = "what a record says does not stand on the chip";
    recorder.check("external flash", wall, format!("found: {plain}"), !plain);
    let other = altered(fixture, &flash, &nor, recorder)?;
    foreign(other, &nor, recorder)
}

/// The owner starts anew while a record of its is on its way to the event log.
fn ended_in_the_middle(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let record = [0x2E; RECORD];
    let scripted = fixture.scripted_app("metering")?;
    scripted.fill(&mut fixture.machine, 0, &record);
    let length = RECORD as u32;
    let calls = [
        Call::share(STORAGE, 0, scripted.arena(), length),
        Call::command(STORAGE, Command::Append, EVENT_LOG, length),
        Call::restart(),
    ];
    scripted.start(&mut fixture.machine, &calls);
    scripted.forget(&mut fixture.machine);
    comes_back(fixture, "metering")?;
    let (answer, bytes) = read(fixture, "dlms", EVENT_LOG, APPENDED)?;
    let held = match answer.error() {
        None => bytes == record,
        Some(error) => error == UNINSTALLED,
    };
    let wall = "a record of a run that has ended is there as a whole or not at all";
    recorder.check("metering", wall, errors::describe(&answer), held);
    let (answer, bytes) = read(fixture, "dlms", EVENT_LOG, 0)?;
    let held = answer.succeeded() && bytes == text(EVENT_LOG, 0);
    let wall = "the records before it are there as they were";
    recorder.check("metering", wall, errors::describe(&answer), held);
    Ok(())
}

/// A reader that reads without an end, while the owner appends.
fn flooded(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const READS: usize = 44;
    const APPENDS: usize = 5;
    let length = RECORD as u32;
    let arena = fixture.scripted_app("dlms")?.arena();
    let mut reads = vec![Call::lend(STORAGE, 0, arena, length)];
    reads.extend([Call::command(STORAGE, Command::Read, LOAD_PROFILE, 0).and_wait(); READS]);
    let arena = fixture.scripted_app("metering")?.arena();
    let mut appends = vec![Call::share(STORAGE, 0, arena, length)];
    appends
        .extend([Call::command(STORAGE, Command::Append, EVENT_LOG, length).and_wait(); APPENDS]);
    let answers = fixture.make_together(&[("dlms", reads), ("metering", appends)])?;
    let done = |answers: &[Answer]| answers.iter().filter(|answer| answer.succeeded()).count();
    let [read, appended] = [0, 1].map(|app| done(&answers[app]) - 1);
    let wall = "it appends while dlms reads without an end";
    let found = format!("{appended} of {APPENDS}");
    recorder.check("metering", wall, found, appended == APPENDS);
    let wall = "it is served as well";
    recorder.check("dlms", wall, format!("{read} of {READS}"), read == READS);
    Ok(())
}

/// Where a record of the first sector of a partition stands.
fn place(fixture: &Fixture, name: &str, number: usize) -> usize {
    let start = fixture
        .manifest
        .storage
        .get(name)
        .map_or(0, |partition| partition.start);
    start as usize + HEADER + number * SLOT
}

/// The meter with a chip on which records were moved and altered; gives its flash.
fn altered(
    fixture: &mut Fixture,
    flash: &[u8],
    nor: &[u8],
    recorder: &mut Recorder<'_>,
) -> Result<Fixture, Silent> {
    let mut changed = nor.to_vec();
    let profile = |number| place(fixture, "load_profile", number);
    let event = |number| place(fixture, "event_log", number);
    let mut put = |from: usize, to: usize| {
        changed[to..to + SLOT].copy_from_slice(&nor[from..from + SLOT]);
    };
    put(profile(0), profile(1));
    put(profile(2), event(0));
    changed[event(1) + SEALED + 9] ^= 0x04;
    let machine = meter::boot_with_nor(flash, changed, LOAD, SEED);
    let mut fixture = Fixture::around(machine, &fixture.manifest, &SLOTS)?;
    let attacks = [
        (LOAD_PROFILE, 1, "a record in the place of a later one"),
        (EVENT_LOG, 0, "a record in another partition"),
        (EVENT_LOG, 1, "a record with a flipped bit"),
    ];
    for (partition, number, what) in attacks {
        let (answer, bytes) = read(&mut fixture, "dlms", partition, number)?;
        recorder.refused("dlms", what, FAIL, &answer);
        let silent = bytes.iter().all(|byte| *byte == 0);
        recorder.check(
            "dlms",
            &format!("{what}: nothing is given"),
            format!("{silent}"),
            silent,
        );
    }
    for (partition, number) in [(LOAD_PROFILE, 0), (LOAD_PROFILE, 2), (EVENT_LOG, 2)] {
        let (answer, bytes) = read(&mut fixture, "dlms", partition, number)?;
        let held = answer.succeeded() && bytes == text(partition, number);
        let wall = format!("record {number} of partition {partition} is there as before");
        recorder.check("dlms", &wall, errors::describe(&answer), held);
    }
    let answer = append(&mut fixture, LOAD_PROFILE, &text(LOAD_PROFILE, APPENDED))?;
    let number = answer.upcall.map(|[_, _, number]| number);
    let held = answer.succeeded() && number == Some(APPENDED);
    let wall = "records go on behind those that were altered";
    recorder.check("metering", wall, format!("{number:?}"), held);
    Ok(fixture)
}

/// The same chip on another meter.
fn foreign(fixture: Fixture, nor: &[u8], recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let flash = super::replay::with_other_secret(&fixture.machine.flash(), &fixture.manifest);
    let machine = meter::boot_with_nor(&flash, nor.to_vec(), LOAD, SEED);
    let mut fixture = Fixture::around(machine, &fixture.manifest, &SLOTS)?;
    for partition in [LOAD_PROFILE, EVENT_LOG] {
        for number in 0..APPENDED {
            let (answer, bytes) = read(&mut fixture, "dlms", partition, number)?;
            let refused = [FAIL, UNINSTALLED].map(Some).contains(&answer.error());
            let silent = bytes.iter().all(|byte| *byte == 0);
            recorder.check(
                "dlms",
                &format!("record {number} of partition {partition} of another meter's chip"),
                errors::describe(&answer),
                refused && silent,
            );
        }
    }
    let range = fixture.call(
        "dlms",
        Call::command(STORAGE, Command::Range, LOAD_PROFILE, 0),
    )?;
    let wall = "a foreign chip is no record of this meter";
    let found = format!("{:?}", range.registers);
    let held = range.succeeded() && range.registers[1] == range.registers[2];
    recorder.check("dlms", wall, found, held);
    Ok(())
}
