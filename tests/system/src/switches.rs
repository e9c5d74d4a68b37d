//! What a switch to another app costs, in instructions.

use std::ops::Range;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use audit::specimen::artifacts::{built, manifest};
use audit::specimen::meter;
use emulator::{Machine, Stop};

use crate::elf::Elf;
use crate::firmware;

/// The slots of the two apps, in the order of the table of processes.
const SLOTS: [&str; 2] = ["dlms", "update"];
const LOAD: &str = "sine:230V,5A,pf1,50Hz";
const LIMIT: Duration = Duration::from_secs(2);

/// Returns the median of the instructions from the interrupt of a slice's end to the
/// first instruction of the other of two apps that spin: from the first in the table to
/// the second, and from the second to the first, when the slices of both are used up.
/// `rounds` is how many of each are looked at, at least.
///
/// The apps are guests, who share the least urgent level; apps of unlike levels would
/// never give way to each other.
///
/// # Errors
/// The apps do not share the CPU.
pub fn measure(rounds: usize) -> Result<[u64; 2]> {
    let kernel = Elf::read(&built("bring-up/kernel.elf"));
    let firmware = SLOTS
        .iter()
        .fold(firmware::kernel_only(), |firmware, slot| {
            firmware.with_guest_attacker(slot, "spin")
        });
    let manifest = manifest();
    let code: Vec<Range<u64>> = SLOTS
        .iter()
        .filter_map(|slot| manifest.app(slot))
        .map(|app| u64::from(app.flash.start)..app.flash.end())
        .collect();
    let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
    // Until then the generator of random numbers gathers its seed, with an interrupt
    // for each byte.
    machine.run_for(Duration::from_millis(500));
    // Without a name it is word 15 of the vector table.
    let handler = kernel
        .address("systick_handler")
        .or_else(|| Some(machine.read_word(0x1_0000 + 15 * 4)? & !1))
        .context("the kernel has no vector table")?;
    let mut counts: [Vec<u64>; 2] = [const { Vec::new() }; 2];
    let mut running: Option<usize> = None;
    for _ in 0..8 * rounds {
        machine.add_breakpoint(handler);
        let stop = machine.run_for(LIMIT);
        machine.remove_hooks(handler);
        ensure!(stop == Stop::Breakpoint(handler), "no slice ends: {stop:?}");
        let start = machine.instructions();
        let next = step_to(&mut machine, &code).context("no app goes on")?;
        if let Some(from) = running.filter(|from| *from != next) {
            counts[from].push(machine.instructions() - start);
        }
        running = Some(next);
    }
    for count in &mut counts {
        let times = count.len();
        ensure!(times >= rounds, "they switched {times} times one way");
        count.sort_unstable();
    }
    Ok(counts.map(|count| count[count.len() / 2]))
}

/// Single steps until the CPU executes one of these ranges; returns which.
fn step_to(machine: &mut Machine, code: &[Range<u64>]) -> Option<usize> {
    const MOST: usize = 100_000;
    for _ in 0..MOST {
        let pc = u64::from(machine.pc());
        if let Some(owner) = code.iter().position(|range| range.contains(&pc)) {
            return Some(owner);
        }
        machine.run_instructions(1);
    }
    None
}
