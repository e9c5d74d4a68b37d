//! The kernel's policy tables, as Rust constants.

use std::fmt::Write;

use super::MARK;
use crate::model::{App, FaultPolicy, Manifest};

/// Rust source of the tables that the board includes; it names the board's own
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
    line(
        &mut out,
        &format!(
            "/// First address of the energy store.\n\
             pub const ENERGY_STORE_START: usize = {:#x};\n\
             /// First address behind the energy store.\n\
             pub const ENERGY_STORE_END: usize = {:#x};\n",
            manifest.flash.energy_store.start,
            manifest.flash.energy_store.end()
        ),
    );
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
