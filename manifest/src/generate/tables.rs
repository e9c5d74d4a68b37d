//! The kernel's policy tables, as Rust constants.

use std::fmt::Write;

use super::MARK;
use crate::model::{App, FaultPolicy, Manifest, Region};

/// Bytes that one region of the nRF52840's ACL can lock.
const LARGEST_LOCK: u32 = 512 * 1024;

/// Returns the Rust source of the tables that the board includes; it names the board's own
/// types `App`, `Grant` and `Fault`.
#[must_use]
pub fn kernel_tables(manifest: &Manifest) -> String {
    let mut out = format!("// {MARK}\n\n");
    let board = &manifest.board;
    line(
        &mut out,
        &format!(
            "/// Kernel debug output goes to RTT.\npub const DEBUG_RTT: bool = {};\n",
            board.debug_rtt
        ),
    );
    write_regions(&mut out, manifest);
    line(
        &mut out,
        &format!(
            "/// Whether a driver answers only to apps that name it.\n\
             #[inline(always)]\n\
             pub const fn is_restricted(driver: u32) -> bool {{\n    \
             matches!(driver, {})\n\
             }}\n",
            restricted_pattern(&restricted(manifest)),
        ),
    );
    line(
        &mut out,
        &format!(
            "/// The apps, in flash order.\npub static APPS: [App; {}] = [",
            manifest.apps.len()
        ),
    );
    for app in &manifest.apps {
        write_app(&mut out, manifest, app);
    }
    line(&mut out, "];");
    out
}

/// Where capsules keep their data, where the secret is, and what holds code.
fn write_regions(out: &mut String, manifest: &Manifest) {
    let flash = &manifest.flash;
    let data = Region {
        start: flash.key_store.start,
        size: (flash.energy_store.end() - u64::from(flash.key_store.start)) as u32,
    };
    for (name, what, region) in [
        (
            "KEY_STORE",
            "Sealed records of the key store",
            flash.key_store,
        ),
        (
            "ANCHOR",
            "What counts the key store's commits",
            flash.anchor,
        ),
        ("ENERGY_STORE", "Energy registers", flash.energy_store),
        ("DATA_PAGES", "From the key store to the energy store", data),
        (
            "DEVICE_SECRET",
            "The device secret's page",
            flash.device_secret,
        ),
    ] {
        line(
            out,
            &format!(
                "/// {what}.\npub const {name}: core::ops::Range<usize> = {:#x}..{:#x};\n",
                region.start,
                region.end()
            ),
        );
    }
    let bootloader = Region {
        size: flash.device_secret.start - flash.bootloader.start,
        ..flash.bootloader
    };
    let code: Vec<String> = [bootloader, flash.kernel, flash.apps]
        .into_iter()
        .flat_map(lockable)
        .map(|region| format!("{:#x}..{:#x}", region.start, region.end()))
        .collect();
    line(
        out,
        &format!(
            "/// All code, in parts that the ACL can lock.\n\
             pub const CODE: [core::ops::Range<usize>; {}] = [{}];\n",
            code.len(),
            code.join(", ")
        ),
    );
}

/// The region in parts of at most what one region of the ACL locks.
fn lockable(region: Region) -> impl Iterator<Item = Region> {
    (0..region.size)
        .step_by(LARGEST_LOCK as usize)
        .map(move |offset| Region {
            start: region.start + offset,
            size: LARGEST_LOCK.min(region.size - offset),
        })
}

fn write_app(out: &mut String, manifest: &Manifest, app: &App) {
    let fault = match app.fault {
        FaultPolicy::Stop => "Stop",
        FaultPolicy::Restart => "Restart",
        FaultPolicy::Panic => "Panic",
    };
    line(out, "    App {");
    line(out, &format!("        name: {:?},", app.name));
    line(out, &format!("        short_id: {},", app.short_id));
    line(
        out,
        &format!("        flash_start: {:#x},", app.flash.start),
    );
    line(out, &format!("        flash_size: {:#x},", app.flash.size));
    line(out, &format!("        ram_start: {:#x},", app.ram.start));
    line(out, &format!("        ram_size: {:#x},", app.ram.size));
    line(out, &format!("        priority: {},", app.priority));
    line(out, &format!("        fault: Fault::{fault},"));
    line(out, "        grants: &[");
    for (name, commands) in &app.drivers {
        let driver = &manifest.drivers[name];
        let mut numbers: Vec<u32> = commands
            .iter()
            .map(|command| driver.commands[command])
            .chain([0])
            .collect();
        numbers.sort_unstable();
        line(
            out,
            &format!(
                "            Grant {{ driver: {:#x}, commands: &[{}] }},",
                driver.number,
                hexadecimal(&numbers)
            ),
        );
    }
    line(out, "        ],");
    line(out, "    },");
}

fn restricted(manifest: &Manifest) -> Vec<u32> {
    manifest
        .drivers
        .values()
        .filter(|driver| driver.restricted)
        .map(|driver| driver.number)
        .collect()
}

fn hexadecimal(numbers: &[u32]) -> String {
    let texts: Vec<String> = numbers
        .iter()
        .map(|number| format!("{number:#x}"))
        .collect();
    texts.join(", ")
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a String takes all that is written");
}

/// A pattern of these numbers; one that nothing matches if there are none.
fn restricted_pattern(drivers: &[u32]) -> String {
    if drivers.is_empty() {
        return "_ if false".into();
    }
    let numbers: Vec<String> = drivers
        .iter()
        .map(|driver| format!("{driver:#x}"))
        .collect();
    numbers.join(" | ")
}
