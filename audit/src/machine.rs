//! What the running machine shows: MPU regions while an app runs, locks on flash, the list of apps.

use attacker::scripted::MOST_CALLS;
use drivers::alarm;
use emulator::report::crash_log;
use emulator::Machine;
use manifest::{App, Region};

use super::finding::{Finding, Topic};
use super::fixture::Fixture;
use super::installed;
use crate::specimen::scripted_app::{Call, Silent};

const MPU_CONTROL: u32 = 0xE000_ED94;
const MPU_NUMBER: u32 = 0xE000_ED98;
const MPU_BASE: u32 = 0xE000_ED9C;
const MPU_SIZE: u32 = 0xE000_EDA0;
/// MPU on, also for the kernel's own code.
const ENABLED: u32 = 1;
const REGIONS: u32 = 8;
/// The nRF52840's locks: address, size, permission; 16 bytes apart.
const LOCKS: u32 = 0x4001_E800;
/// Bit of a lock's permission: no writing, no erasing.
pub const FORBID_WRITE: u32 = 1 << 1;
/// Bit of a lock's permission: no reading.
pub const FORBID_READ: u32 = 1 << 2;
/// Instructions between looks at the program counter, and looks at the most.
const STRIDE: u64 = 40;
const LOOKS: u32 = 400_000;

/// Looks at the machine while each app runs, and at what does not change.
///
/// # Errors
/// A scripted app falls silent.
pub fn all(fixture: &mut Fixture, findings: &mut Vec<Finding>) -> Result<(), Silent> {
    let manifest = fixture.manifest.clone();
    findings.push(locks_of_flash(fixture));
    let flash = fixture.machine.flash();
    findings.extend(installed::kernel(&flash, &manifest));
    for app in &manifest.apps {
        findings.extend(installed::object(&flash, &manifest, app));
        // A scripted app would sleep most of the time.
        let busy = [Call::command(alarm::NUMBER, alarm::Command::Exists, 0, 0); MOST_CALLS];
        let scripted = fixture.scripted_app(&app.name).ok();
        if let Some(scripted) = scripted {
            scripted.start(&mut fixture.machine, &busy);
        }
        let signed = installed::object_of(&flash, app).map_or(0, |object| object.binary_end());
        findings.push(regions(&mut fixture.machine, app, signed as u32));
        findings.push(in_the_table(&mut fixture.machine, app));
        if let Some(scripted) = scripted {
            scripted.finish(&mut fixture.machine, &busy)?;
        }
    }
    Ok(())
}

/// Stops while the app executes, and reads the MPU. The first `signed` bytes of its flash are
/// covered by its signature.
fn regions(machine: &mut Machine, app: &App, signed: u32) -> Finding {
    let wall = "while it runs, it reaches what is signed of its flash, and its own RAM, alone";
    if !stop_in(machine, app.flash) {
        return Finding::check(Topic::Machine, &app.name, wall, "it never runs", false);
    }
    let enabled = machine.read_word(MPU_CONTROL).unwrap_or(0) & ENABLED != 0;
    let kept = machine.read_word(MPU_NUMBER).unwrap_or(0);
    let mut open = Vec::new();
    for number in 0..REGIONS {
        machine.write_core_word(MPU_NUMBER, number);
        let base = machine.read_word(MPU_BASE).unwrap_or(0) & !0x1F;
        let size = machine.read_word(MPU_SIZE).unwrap_or(0);
        open.extend(reachable(base, size));
    }
    machine.write_core_word(MPU_NUMBER, kept);
    let code = Region {
        start: app.flash.start,
        size: signed,
    };
    let held =
        enabled && covered(&open, code) && open.iter().all(|range| range.belongs_to(code, app.ram));
    let found: Vec<String> = open.iter().map(ToString::to_string).collect();
    let found = format!("MPU on: {enabled}; {}", found.join(", "));
    Finding::check(Topic::Machine, &app.name, wall, found, held)
}

fn stop_in(machine: &mut Machine, flash: Region) -> bool {
    (0..LOOKS).any(|_| {
        machine.run_instructions(STRIDE);
        u64::from(machine.pc()) >= u64::from(flash.start) && u64::from(machine.pc()) < flash.end()
    })
}

/// The kernel's table of processes, as it keeps it for the crash log.
fn in_the_table(machine: &mut Machine, app: &App) -> Finding {
    let wall = "the kernel's table has it with its id, in its flash and RAM, without a fault";
    let entry = crash_log::read(machine).and_then(|log| {
        let mut processes = log.processes.into_iter();
        processes.find(|process| process.flash_start == app.flash.start)
    });
    let Some(entry) = entry else {
        return Finding::check(Topic::Machine, &app.name, wall, "no entry", false);
    };
    let own = (app.short_id, app.ram.start, 0, 0);
    let held = own
        == (
            entry.short_id,
            entry.ram_start,
            entry.faults,
            entry.restarts,
        );
    let found = format!(
        "ShortId {}, RAM {:#x}, {}, {} faults, {} restarts",
        entry.short_id, entry.ram_start, entry.state, entry.faults, entry.restarts
    );
    Finding::check(Topic::Machine, &app.name, wall, found, held)
}

/// Addresses that unprivileged code may use.
#[derive(Debug, PartialEq, Eq)]
struct Open {
    region: Region,
    write: bool,
    execute: bool,
}

impl Open {
    fn belongs_to(&self, code: Region, ram: Region) -> bool {
        let code = code.contains(self.region) && !self.write;
        let data = ram.contains(self.region) && !self.execute;
        code || data
    }
}

/// Returns whether every byte of a region is open.
fn covered(open: &[Open], region: Region) -> bool {
    let mut covered = u64::from(region.start);
    let mut sorted: Vec<Region> = open.iter().map(|open| open.region).collect();
    sorted.sort_by_key(|region| region.start);
    for part in sorted {
        if u64::from(part.start) <= covered {
            covered = covered.max(part.end());
        }
    }
    covered >= region.end()
}

impl std::fmt::Display for Open {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let write = if self.write { "w" } else { "" };
        let execute = if self.execute { "x" } else { "" };
        let Region { start, .. } = self.region;
        write!(
            formatter,
            "{start:#x}..{:#x} r{write}{execute}",
            self.region.end()
        )
    }
}

/// What a region of the MPU opens (ARMv7-M, B3.5): the parts whose subregions are on.
fn reachable(base: u32, attributes: u32) -> Vec<Open> {
    let access = attributes >> 24 & 7;
    // 2: the unprivileged read; 3: they write too; 6 and 7: all read.
    if attributes & 1 == 0 || !matches!(access, 2 | 3 | 6 | 7) {
        return Vec::new();
    }
    let length = 1_u64 << ((attributes >> 1 & 0x1F) + 1);
    let part = (length / 8).max(4) as u32;
    let disabled = if length >= 256 {
        attributes >> 8 & 0xFF
    } else {
        0
    };
    (0..8)
        .filter(|index| disabled >> index & 1 == 0)
        .map(|index| Open {
            region: Region {
                start: base.wrapping_add(index * part),
                size: part,
            },
            write: access == 3,
            execute: attributes >> 28 & 1 == 0,
        })
        .collect()
}

/// A lock of flash: address, size, permission (nRF52840 PS, 6.1 ACL).
pub type Lock = [u32; 3];

/// Returns all locks of the machine.
///
/// # Panics
/// When the machine has no ACL.
pub fn locks(machine: &mut Machine) -> [Lock; 8] {
    std::array::from_fn(|number| {
        let word = |offset| machine.read_word(LOCKS + 16 * number as u32 + offset);
        [0, 4, 8].map(word).map(|word| word.expect("the ACL"))
    })
}

/// Returns whether one lock forbids all of `what` on the page at this address.
pub fn is_locked(locks: &[Lock], page: u64, what: u32) -> bool {
    locks.iter().any(|&[start, size, forbidden]| {
        let start = u64::from(start);
        forbidden & what == what && (start..start + u64::from(size)).contains(&page)
    })
}

/// The device secret can be neither read nor written, and code not written.
fn locks_of_flash(fixture: &mut Fixture) -> Finding {
    let flash = fixture.manifest.flash;
    let locks = locks(&mut fixture.machine);
    let mut code = [flash.bootloader, flash.kernel, flash.apps]
        .into_iter()
        .flat_map(|region| (u64::from(region.start)..region.end()).step_by(0x1000));
    let secret = flash.device_secret.start.into();
    let held = code.all(|page| is_locked(&locks, page, FORBID_WRITE))
        && is_locked(&locks, secret, FORBID_READ);
    let wall = "the device secret is shut and no code can be written until reset";
    let found = format!("{locks:x?}");
    Finding::check(Topic::Machine, "flash", wall, found, held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subregions_that_are_off_open_nothing() {
        // 32 KB, the unprivileged write, not executable, subregions 2 to 7 off.
        let open = reachable(0x2002_8000, 1 << 28 | 3 << 24 | 0xFC00 | 14 << 1 | 1);
        assert_eq!(open.len(), 2);
        assert_eq!(open[1].to_string(), "0x20029000..0x2002a000 rw");
        assert!(
            reachable(0x2000_0000, 1 << 24 | 14 << 1 | 1).is_empty(),
            "privileged alone"
        );
        assert!(reachable(0x2000_0000, 3 << 24 | 14 << 1).is_empty(), "off");
    }

    #[test]
    fn code_that_is_not_open_to_its_end_is_not_covered() {
        // 32 KB from 0x80000 on, read and executed, but for the last subregion.
        let open = reachable(0x8_0000, 2 << 24 | 0x8000 | 14 << 1 | 1);
        let code = |size| Region {
            start: 0x8_0000,
            size,
        };
        assert!(covered(&open, code(0x7000)));
        assert!(!covered(&open, code(0x7020)));
        assert!(open[6].belongs_to(code(0x7000), code(0)));
        assert!(!open[6].belongs_to(code(0x6FE0), code(0)));
    }
}
