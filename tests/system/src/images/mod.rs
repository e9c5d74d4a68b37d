//! What only tests and measurements put into flash, built beside the meter's image.

mod key_bridge;

use std::fs;

use anyhow::Result;
use manifest::generate::relocatable_arguments;
use xtask::project::Project;
use xtask::{cross, image};

/// Names of the position-independent app, with the RAM that it asks for in bytes.
const RELOCATABLE: [(&str, u32); 4] = [
    ("relocatable-2", 0x800),
    ("relocatable-12", 0x3000),
    ("relocatable-24", 0x6000),
    ("relocatable-96", 0x18000),
];

/// Builds the meter's image, what the audit needs, and what tests need.
///
/// # Errors
/// A part does not build.
pub fn build(project: &Project) -> Result<()> {
    audit::images::build(project)?;
    image::build_bring_up(project)?;
    let bridge = key_bridge::manifest(&project.meter_text()?)?;
    // Where the host may ask for anything that the key store does, with keys of its own.
    image::build_variant(project, "key-bridge", &bridge)?;
    // The same on a kernel without calls in the background, as upstream's is.
    let by_alarm = bridge.replacen("[board]\n", "[board]\nlong_steps = \"alarm\"\n", 1);
    image::build_variant(project, "key-bridge-by-alarm", &by_alarm)?;
    image::build_variant(
        project,
        "production",
        &production_manifest(&project.meter_text()?),
    )?;
    image::build_guest(project, "bench-app", "dlms")?;
    image::build_guest(project, "blink", "factory")?;
    build_relocatable(project)?;
    build_second_board(project)?;
    build_core_conformance(project)?;
    build_foreign_firmware(project)
}

/// The manifest of meters in service, made of the text of meter.toml.
fn production_manifest(meter: &str) -> String {
    // A text without one of the two is refused when the manifest is read.
    meter
        .replacen("profile = \"development\"", "profile = \"production\"", 1)
        .replacen("debug_rtt = true", "debug_rtt = false", 1)
}

/// Builds the position-independent app and packs it several times, as
/// `relocatable-KILOBYTES`, each with another size of RAM.
fn build_relocatable(project: &Project) -> Result<()> {
    let elf = cross::build(project, "relocatable-app", &[])?;
    for (name, memory) in RELOCATABLE {
        image::pack(project, &elf, name, &relocatable_arguments(name, memory))?;
    }
    Ok(())
}

/// Builds the second board in `target/image/dk-guest`, with position-independent apps
/// that tockloader has put there.
fn build_second_board(project: &Project) -> Result<()> {
    const FOLDER: &str = "dk-guest";
    let board = project.root().join("boards/nrf52840dk-guest/board.toml");
    image::build_variant(project, FOLDER, &fs::read_to_string(&board)?)?;
    let folder = project.image_folder().join(FOLDER);
    let second = project.with_manifest(&board, &folder)?;
    for (name, _) in &RELOCATABLE[..2] {
        let tab = project.image_folder().join(format!("{name}.tab"));
        image::install(&second, &folder.join("meter.img"), &tab)?;
    }
    Ok(())
}

/// Builds the checks of the core on bare metal, as `core-conformance.elf` and
/// `crossing.elf`.
fn build_core_conformance(project: &Project) -> Result<()> {
    let elf = cross::build(project, "core-conformance", &[])?;
    // The package's second binary lies beside the first.
    let crossing = elf.with_file_name("crossing");
    fs::copy(elf, project.image_folder().join("core-conformance.elf"))?;
    fs::copy(crossing, project.image_folder().join("crossing.elf"))?;
    Ok(())
}

/// Builds firmware on others' drivers, as `foreign-firmware.elf`.
fn build_foreign_firmware(project: &Project) -> Result<()> {
    let elf = cross::build(project, "foreign-firmware", &[])?;
    fs::copy(elf, project.image_folder().join("foreign-firmware.elf"))?;
    Ok(())
}
