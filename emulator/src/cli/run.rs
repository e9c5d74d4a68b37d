//! One run, as the command line says: makes the machine, lets it run, has it reported.

use super::arguments::Run;
use super::failure::Failure;
use super::files::{expect_writable, read, Files};
use super::gdb;
use super::screen;
use super::session::{is_dash, Session};
use emulator::analog::{AnalogInput, Still};
use emulator::bus::outside::Edge;
use emulator::front_end::FrontEnd;
use emulator::machine::Snapshot;
use emulator::mains::{Mains, MainsError, Playback, Recording};
use emulator::{Config, Machine, Stop};
use std::time::Instant;

/// Runs an image as the command line says.
pub fn run(run: &Run) -> Result<(), Failure> {
    if run.screen {
        screen::expect_terminal()?;
    }
    let json = run.json.as_deref().filter(|path| !is_dash(path));
    for path in run.save.as_deref().into_iter().chain(json) {
        expect_writable(path)?;
    }
    let mut files = Files::open(run)?;
    let config = Config {
        seed: run.seed,
        analog: analog(run)?,
        nor: files.nor.clone(),
        uicr: files.uicr.clone(),
    };
    let mut machine = Machine::new(&files.image, config).map_err(Failure::malformed)?;
    let fresh_uicr = match &files.uicr {
        Some(bytes) => bytes.clone(),
        None => machine.uicr(),
    };
    if let Some(path) = &run.restore {
        let snapshot =
            Snapshot::from_bytes(&read(path)?).map_err(|error| Failure::input(path, error))?;
        machine
            .restore(&snapshot)
            .map_err(|error| Failure::input(path, error))?;
    }
    match (run.cut_at, run.hold_up) {
        (Some(cut), Some(hold_up)) => machine.set_falling_cut(cut, hold_up),
        (cut, _) => machine.set_cut(cut),
    }
    for skip in &run.skip {
        let is_memory = machine.read_memory(skip.address, 2).is_some();
        if !is_memory || !machine.add_skip(*skip) {
            return Err(Failure::usage(format_args!(
                "no instruction can be at {:#x}",
                skip.address
            )));
        }
    }
    for edge in edges(run) {
        machine.schedule_pin(edge);
    }
    if let Some((start, end)) = run.trace {
        machine.trace(start, end);
    }
    let mut session = Session::open(run, machine)?;
    let begun = Instant::now();
    let earlier = (session.machine.instructions(), session.machine.now());
    let course = session.course(run);
    let ended = match run.gdb {
        Some(port) => gdb::serve(&mut session, course, port),
        None if run.screen => {
            screen::run(&mut session, run, &course, &|mains| front_end(run, mains))
        }
        None => session.go(&course),
    };
    let wall = begun.elapsed().as_secs_f64();
    // A host's line that fails ends the run, but the meter keeps its state.
    let (stop, failure) = match ended {
        Ok(stop) => (stop, Ok(())),
        Err(failure) => (Stop::Time, Err(failure)),
    };
    let finished = session.finish(run, &mut files, &fresh_uicr, stop, wall, earlier);
    failure.and(finished)
}

/// What the command line does at the part's pins.
fn edges(run: &Run) -> impl Iterator<Item = Edge> + '_ {
    let pins = run.pins.iter().copied();
    pins.chain(run.buttons.iter().flat_map(|press| press.edges()))
}

/// Why there are no mains: a recording that cannot be read, or what is written there.
fn refused(error: MainsError) -> Failure {
    match error {
        MainsError::Io { path, message } => Failure::unreadable(&path, message),
        malformed => Failure::malformed(malformed),
    }
}

/// The mains and the front end that the command line asks for; nothing connected without mains.
fn analog(run: &Run) -> Result<Box<dyn AnalogInput>, Failure> {
    let mains = match (&run.mains, &run.recording) {
        (Some(spec), _) => Mains::parse(spec).map_err(refused)?,
        (None, Some(path)) => {
            let playback = if run.looped {
                Playback::Loop
            } else {
                Playback::Once
            };
            let recording = Recording::open(path, playback).map_err(refused)?;
            Mains::Recorded(Box::new(recording))
        }
        (None, None) => return Ok(Box::new(Still::default())),
    };
    Ok(front_end(run, mains))
}

/// The front end that the command line asks for, at these mains.
fn front_end(run: &Run, mains: Mains) -> Box<dyn AnalogInput> {
    Box::new(if run.ideal_front_end {
        FrontEnd::ideal(mains)
    } else {
        FrontEnd::from_seed(mains, run.seed)
    })
}
