//! The kernel's policy tables, as Rust constants and functions.

use std::fmt::Write;

use super::MARK;
use crate::model::{App, FaultPolicy, Manifest, Region};

/// Bytes that one region of the nRF52840's ACL can lock.
const LARGEST_LOCK: u32 = 512 * 1024;

/// Returns the Rust source of the tables that the board includes; it names the board's own
/// types `App` and `Fault`.
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
    if let Some(store) = manifest.energy_store {
        let records = store.records;
        line(
            &mut out,
            &format!(
                "/// How many records the energy store may be given: in a week, in hand, in its life.\n\
                 pub const ENERGY_RECORDS: (u32, u16, u32) = ({}, {}, {});\n",
                records.per_week, records.most, records.lifetime
            ),
        );
    }
    write_places(&mut out, manifest);
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
    line(out, &format!("        share: {},", app.share));
    line(out, &format!("        fault: Fault::{fault},"));
    let (low, further) = commands(manifest, app);
    let low: Vec<String> = low.iter().map(|bits| format!("{bits:#b}")).collect();
    line(out, &format!("        commands: &[{}],", low.join(", ")));
    line(out, &format!("        further_commands: &{further:?},"));
    line(out, "    },");
}

/// What an app may call: of each driver by its place a bit for each command below 32, and
/// the commands from there on with the place of their driver.
fn commands(manifest: &Manifest, app: &App) -> (Vec<u32>, Vec<(usize, u32)>) {
    let mut low = Vec::new();
    let mut further = Vec::new();
    for (place, (name, driver)) in manifest.drivers_by_number().into_iter().enumerate() {
        let mut bits = 0;
        if let Some(granted) = app.drivers.get(name) {
            // The existence check is implied.
            bits = 1;
            let mut numbers: Vec<u32> = granted.iter().map(|name| driver.commands[name]).collect();
            numbers.sort_unstable();
            for number in numbers {
                match 1u32.checked_shl(number) {
                    Some(bit) => bits |= bit,
                    None => further.push((place, number)),
                }
            }
        }
        low.push(bits);
    }
    (low, further)
}

/// Where drivers and apps stand in the tables, as functions that cost what a `match` does.
fn write_places(out: &mut String, manifest: &Manifest) {
    let drivers = manifest.drivers_by_number();
    let restricted: Vec<u32> = drivers
        .iter()
        .filter(|(_, driver)| driver.restricted)
        .map(|(_, driver)| driver.number)
        .collect();
    line(
        out,
        &format!(
            "/// Whether a driver answers only to apps that name it.\n\
             #[inline(always)]\n\
             pub const fn is_restricted(driver: u32) -> bool {{\n    \
             matches!(driver, {})\n\
             }}\n",
            restricted_pattern(&restricted),
        ),
    );
    let places = drivers.iter().map(|(_, driver)| driver.number);
    write_place(
        out,
        "driver_place",
        "The place of a driver in each app's list of commands",
        places,
    );
    let places = manifest.apps.iter().map(|app| app.short_id);
    write_place(
        out,
        "app_place",
        "The place of an app in the table, by its ShortId",
        places,
    );
}

/// A function from a number to its place among these.
fn write_place(out: &mut String, name: &str, what: &str, numbers: impl Iterator<Item = u32>) {
    line(
        out,
        &format!(
            "/// {what}.\n#[inline(always)]\n\
             pub const fn {name}(number: u32) -> Option<usize> {{\n    match number {{"
        ),
    );
    for (place, number) in numbers.enumerate() {
        line(out, &format!("        {number:#x} => Some({place}),"));
    }
    line(out, "        _ => None,\n    }\n}\n");
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
