//! An instruction that is lost at the right moment, by a glitch of the supply, runs no app that nobody has signed.
//!
//! The meter is run up to where an app is refused, and again and again from a little before,
//! each time with another instruction left out. It takes minutes: `--ignored` runs it.

use std::time::Duration;

use audit::specimen::artifacts::manifest;
use audit::specimen::firmware::Firmware;
use audit::specimen::meter;
use audit::specimen::signed::{strangers_key, Object};
use emulator::machine::Snapshot;
use emulator::report::crash_log;
use emulator::{Machine, Stop};

const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";
const SLOT: &str = "dlms";
/// Most time until the app is refused.
const START: Duration = Duration::from_secs(3);
/// Instructions before that of which each is left out once.
const WINDOW: u64 = 7_000;
/// Of so many one is tried; all of them with 1.
const EVERY: u64 = 1;
/// Instructions in which the app would execute after that.
const AFTER: u64 = 300_000;

/// What an app was refused with, as the kernel's table says.
fn is_refused(machine: &mut Machine) -> bool {
    let start = manifest().app(SLOT).expect("a slot").flash.start;
    crash_log::read(machine).is_some_and(|log| {
        let mut processes = log.processes.iter();
        processes
            .any(|process| process.flash_start == start && process.state.starts_with("refused"))
    })
}

/// The machine some instructions before the app is refused.
fn before_the_refusal(flash: &[u8]) -> (Machine, Snapshot) {
    let mut machine = meter::boot(flash, LOAD, 1);
    let stop = machine.run_until(START, is_refused);
    assert_eq!(stop, Stop::Found, "the app is refused");
    // `run_until` looks now and then: by halves to the instruction.
    let (mut low, mut high) = (0, machine.instructions());
    let mut machine = meter::boot(flash, LOAD, 1);
    let mut last = machine.save();
    while high - low > 64 {
        let middle = low + (high - low) / 2;
        machine.run_instructions(middle - machine.instructions());
        if is_refused(&mut machine) {
            high = middle;
            machine.restore(&last).expect("its own state");
        } else {
            low = machine.instructions();
            last = machine.save();
        }
    }
    let mut machine = meter::boot(flash, LOAD, 1);
    machine.run_instructions(low - WINDOW);
    let snapshot = machine.save();
    (machine, snapshot)
}

/// Leaves out the instruction that comes next.
fn skip(machine: &mut Machine) {
    let pc = machine.pc();
    let word = machine.read_word(pc & !3).unwrap_or(0);
    let half = if pc & 2 == 0 {
        word & 0xFFFF
    } else {
        word >> 16
    };
    // ARMv7-M, A5.1: the first halfword of an instruction of 32 bits.
    let length = if half >> 11 >= 0b11101 { 4 } else { 2 };
    machine.set_register(15, pc + length);
}

/// How many of the instructions run the app when they are lost, of how many.
fn count(object: &Object) -> (usize, usize) {
    let firmware = Firmware::meter().with_object(SLOT, object.bytes());
    let slot = manifest().app(SLOT).expect("a slot").flash;
    let entry = slot.start + object.entry();
    let (mut machine, snapshot) = before_the_refusal(firmware.bytes());
    let (mut ran, mut tried) = (0, 0);
    for at in (0..WINDOW).step_by(EVERY as usize) {
        machine.restore(&snapshot).expect("its own state");
        machine.run_instructions(at);
        skip(&mut machine);
        machine.add_breakpoint(entry);
        let stop = machine.run_instructions(AFTER);
        machine.remove_hooks(entry);
        tried += 1;
        if stop == Stop::Breakpoint(entry) {
            println!("instruction {at} of the window runs the app");
            ran += 1;
        }
    }
    (ran, tried)
}

#[test]
#[ignore = "takes minutes"]
fn no_lost_instruction_runs_an_app_with_a_forged_signature() {
    let forged = Firmware::meter()
        .scripted_app(SLOT)
        .signed(&strangers_key());
    let (ran, tried) = count(&forged);
    println!("forged: {ran} of {tried}");
    assert_eq!(ran, 0, "of {tried}");
}
