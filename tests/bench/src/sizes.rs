//! Flash and RAM of each part of the image.

use anyhow::Result;
use audit::specimen::artifacts::built;
use manifest::Manifest;
use rustc_demangle::demangle;
use system_tests::elf::Elf;

use super::Figure;

/// Bytes of flash and RAM, kernel and apps.
pub fn measure(manifest: &Manifest) -> Result<Vec<Figure>> {
    let kernel = Elf::read(&built("kernel.elf"));
    let mut figures = vec![
        Figure::new(
            "kernel text, constants and all, bytes",
            kernel.section(".text"),
            "",
        ),
        Figure::new(
            "kernel data and bss, bytes",
            kernel.section(".relocate") + kernel.section(".bss"),
            "",
        ),
        Figure::new("kernel stack, bytes", kernel.section(".stack"), ""),
    ];
    figures.extend(parts(&kernel));
    for app in &manifest.apps {
        if app.package.is_none() {
            continue;
        }
        let elf = Elf::read(&built(&format!("{}.elf", app.name)));
        let flash = [".start", ".text", ".rodata", ".data"]
            .iter()
            .map(|section| elf.section(section))
            .sum::<u64>();
        let ram = elf.section(".data") + elf.section(".bss");
        let stack = elf.section(".stack");
        figures.push(Figure::new(
            &format!("{} flash, bytes", app.name),
            flash,
            "",
        ));
        figures.push(Figure::new(
            &format!("{} data and bss + stack, bytes", app.name),
            format!("{ram} + {stack}"),
            "",
        ));
    }
    Ok(figures)
}

/// Parts of the kernel: words, and the crates or modules in it. A module counts for the
/// part that names it, not for that of its crate.
const PARTS: [(&str, &[&str]); 26] = [
    (
        "kernel, loading, Cortex-M4",
        &["kernel", "cortexm4", "tock_tbf", "tock_cells"],
    ),
    ("chip", &["nrf52840"]),
    ("board", &["nrf52840_meter"]),
    ("capsules/support", &["capsules_support"]),
    ("capsules/core: adc", &["capsules_core::adc"]),
    ("capsules/core: alarm", &["capsules_core::alarm"]),
    ("capsules/core: button", &["capsules_core::button"]),
    ("capsules/core: console", &["capsules_core::console"]),
    ("capsules/core: led", &["capsules_core::led"]),
    (
        "capsules/core: low_level_debug",
        &["capsules_core::low_level_debug"],
    ),
    ("capsules/core: rng", &["capsules_core::rng"]),
    (
        "capsules/core: temperature",
        &["capsules_core::temperature"],
    ),
    (
        "capsules/core: virtualizers and the rest",
        &["capsules_core"],
    ),
    (
        "capsules/system: crash_log, loading_report",
        &[
            "capsules_system::crash_log",
            "capsules_system::loading_report",
        ],
    ),
    (
        "capsules/system: schedulers, filters, rules and the rest",
        &["capsules_system"],
    ),
    (
        "capsules/metering: meter_adc",
        &["capsules_metering::meter_adc"],
    ),
    (
        "capsules/metering: energy_store",
        &["capsules_metering::energy_store"],
    ),
    ("capsules/metering: supply", &["capsules_metering"]),
    ("capsules/trust: key_store", &["capsules_trust::key_store"]),
    (
        "capsules/trust: app_signature",
        &["capsules_trust::app_signature"],
    ),
    ("capsules/trust: channel", &["capsules_trust::channel"]),
    ("capsules/trust: storage", &["capsules_trust::storage"]),
    ("capsules/trust: entropy", &["capsules_trust::entropy"]),
    ("capsules/trust: root, start", &["capsules_trust"]),
    ("stepped-p256", &["stepped_p256"]),
    (
        "Rust's core library, without a name of another part",
        &["core", "compiler_builtins"],
    ),
];

/// Bytes of code by the part that its symbol belongs to; what is left are the crates of
/// cryptography, and constants.
fn parts(kernel: &Elf) -> Vec<Figure> {
    let mut bytes = [0; PARTS.len()];
    let mut seen = std::collections::BTreeSet::new();
    for (name, place) in kernel.symbols() {
        // Functions whose code is the same have one place.
        if place.is_empty() || place.start >= RAM || !seen.insert(place.start) {
            continue;
        }
        if let Some(part) = part_of(&demangle(name).to_string()) {
            bytes[part] += place.end - place.start;
        }
    }
    let named: u32 = bytes.iter().sum();
    let rest = kernel.section(".text").saturating_sub(named.into());
    let mut figures: Vec<_> = PARTS
        .iter()
        .zip(bytes)
        .map(|((part, _), bytes)| Figure::new(&format!("of it {part}"), bytes, ""))
        .collect();
    figures.push(Figure::new(
        "of it cryptography (p256, aes-gcm, sha2, ...) and constants",
        rest,
        "",
    ));
    figures
}

/// Where RAM begins (nRF52840 PS, 4.2.1).
const RAM: u32 = 0x2000_0000;

/// The part with the longest name that the symbol's path begins with.
fn part_of(symbol: &str) -> Option<usize> {
    let path = symbol.trim_start_matches(['<', '&', '(']);
    let path = path.strip_prefix("mut ").unwrap_or(path);
    let names = PARTS
        .iter()
        .enumerate()
        .flat_map(|(part, (_, names))| names.iter().map(move |name| (name.len(), part, *name)));
    let begins = |name: &str| {
        path.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with("::"))
    };
    names
        .filter(|(_, _, name)| begins(name))
        .max()
        .map(|(_, part, _)| part)
}
