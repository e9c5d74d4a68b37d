//! Apps that crash again and again: ever longer delays, and nobody else notices.

use drivers::console;
use drivers::key_store::Command;
use std::time::Duration;

use emulator::report::crash_log::{self, Process};
use emulator::{Machine, Stop};

use super::recorder::Recorder;
use crate::fixture::Fixture;
use crate::probe::KEY_STORE;
use crate::specimen::meter;
use crate::specimen::scripted_app::{Call, Silent};

/// Longest delay here: the fourth is 0.8 s.
const PATIENCE: Duration = Duration::from_secs(3);
const CONSOLE: u32 = console::NUMBER;
/// How often the app crashes.
const CRASHES: usize = 4;

fn process(machine: &mut Machine, app: &str) -> Option<Process> {
    let processes = crash_log::read(machine)?.processes;
    processes.into_iter().find(|process| process.name == app)
}

fn restarts(machine: &mut Machine, app: &str) -> u32 {
    process(machine, app).map_or(0, |process| process.restarts)
}

/// Has an app write where it may not, and begins with it.
fn fault(fixture: &mut Fixture, app: &str) -> Result<(), Silent> {
    let scripted = fixture.scripted_app(app)?;
    scripted.start(&mut fixture.machine, &[Call::store(0, 0)]);
    // What the memory of the last run says does not count.
    scripted.forget(&mut fixture.machine);
    Ok(())
}

/// Has an app crash, and waits until its next run serves its mailbox.
///
/// # Errors
/// It does not come back.
pub fn crash(fixture: &mut Fixture, app: &str) -> Result<(), Silent> {
    fault(fixture, app)?;
    comes_back(fixture, app)
}

/// Waits until an app that is about to crash has started anew.
///
/// # Errors
/// It has not, in time.
pub fn comes_back(fixture: &mut Fixture, app: &str) -> Result<(), Silent> {
    let before = restarts(&mut fixture.machine, app);
    let stop = fixture
        .machine
        .run_until(PATIENCE, |machine| restarts(machine, app) > before);
    if stop != Stop::Found {
        return Err(format!("{app} does not come back: {stop:?}"));
    }
    fixture.find(app)
}

/// Carries out the attacks of this chapter.
pub fn attack(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let before = restarts(&mut fixture.machine, "dlms");
    for _ in 0..CRASHES {
        crash(fixture, "dlms")?;
        let state = fixture.call("tls", Call::command(KEY_STORE, Command::State, 0, 0))?;
        recorder.works("tls", "it is served between the crashes of dlms", &state);
    }
    let log = crash_log::read(&mut fixture.machine).ok_or("no crash log")?;
    let times: Vec<u64> = log
        .crashes
        .iter()
        .filter(|crash| crash.name == "dlms")
        .map(|crash| crash.uptime_microseconds / 1_000)
        .collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // 100 ms, and twice as long each time.
    let grows = gaps
        .iter()
        .enumerate()
        .all(|(index, gap)| *gap >= 100 << index);
    recorder.check(
        "dlms",
        "each restart is delayed twice as long as the one before",
        format!("{gaps:?} ms"),
        grows && gaps.len() == CRASHES - 1,
    );
    let now = restarts(&mut fixture.machine, "dlms") - before;
    let held = now as usize == CRASHES && log.boots == 1;
    let found = format!("{now} restarts, {} start of the kernel", log.boots);
    recorder.check("dlms", "its crashes are its own", found, held);
    console_of_a_past_run(fixture, recorder)?;
    let before = restarts(&mut fixture.machine, "factory");
    fault(fixture, "factory")?;
    // It naps before it looks for what to do.
    fixture.machine.run_until(PATIENCE, |machine| {
        process(machine, "factory").is_some_and(|factory| factory.faults > 0)
    });
    fixture.machine.run_for(Duration::from_millis(600));
    let factory = process(&mut fixture.machine, "factory").ok_or("factory is not in the table")?;
    let found = format!("{}, {} restarts", factory.state, factory.restarts);
    let held = factory.faults == 1 && factory.restarts == before;
    recorder.check(
        "factory",
        "an app that stops after a fault stays so",
        found,
        held,
    );
    Ok(())
}

/// An app starts anew while it waits for a line of the local port: what comes then is
/// for the app that still waits.
fn console_of_a_past_run(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const LENGTH: u32 = 64;
    let scripted = fixture.scripted_app("factory")?;
    let calls = [
        Call::lend(CONSOLE, console::read_write::READ, scripted.arena(), LENGTH),
        Call::command(CONSOLE, console::Command::Read, LENGTH, 0),
        Call::restart(),
    ];
    scripted.start(&mut fixture.machine, &calls);
    scripted.forget(&mut fixture.machine);
    comes_back(fixture, "factory")?;
    fixture.machine.take_uart_output(0);
    fixture.machine.uart_input(0, b"show\n");
    fixture.machine.run_for(Duration::from_millis(800));
    let shown = meter::console(&fixture.machine).contains("show sealed=");
    let wall = "it answers a line that a past run of factory has waited for";
    recorder.check("metering", wall, format!("answered: {shown}"), shown);
    let bytes = fixture
        .scripted_app("factory")?
        .look(&mut fixture.machine, 0, LENGTH as usize);
    let clean = bytes.iter().all(|byte| *byte == 0);
    let wall = "nothing of it is written into the next run's memory";
    recorder.check("factory", wall, format!("untouched: {clean}"), clean);
    Ok(())
}
