//! `make app`: an app that nobody has signed, in the emulator, as a guest beside the meter's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use manifest::generate::guest_arguments;
use manifest::App;

use crate::command;
use crate::cross;
use crate::image;
use crate::project::Project;

/// Which app to run, where and for how long.
#[derive(clap::Args)]
pub struct Arguments {
    /// Name of the app's package.
    name: String,
    /// Folder of the package, if it is no member of this workspace.
    #[arg(long)]
    from: Option<PathBuf>,
    /// Slot of meter.toml to put it into; the last one that has no app of its own.
    #[arg(long)]
    slot: Option<String>,
    /// Load, as the emulator's --mains takes it.
    #[arg(long, default_value = "sine:230V,5A,pf0.8,50Hz")]
    mains: String,
    /// Virtual time to run.
    #[arg(long = "for", default_value = "5s")]
    duration: String,
    /// Real time (1), a multiple of it, or `max`.
    #[arg(long, default_value = "1")]
    speed: String,
}

/// Builds the app for its slot, has tockloader install it on a meter of bring-up, and
/// runs that.
///
/// # Errors
/// There is no such slot, the app or the meter does not build, or a tool fails.
pub fn run(project: &Project, arguments: &Arguments) -> Result<()> {
    let name = &arguments.name;
    let slot = slot(project, arguments.slot.as_deref())?;
    let tab = match &arguments.from {
        None => image::build_guest(project, name, &slot.name)?,
        Some(folder) => build_outside(project, folder, name, slot)?,
    };
    let bring_up = image::build_bring_up(project)?;
    let folder = project.run_folder();
    fs::create_dir_all(&folder)?;
    let meter = folder.join(format!("{name}.img"));
    fs::copy(bring_up, &meter)?;
    image::install(project, &meter, &tab)?;
    eprintln!(
        "app: {name} in the slot {} beside the meter, for {}",
        slot.name, arguments.duration
    );
    let meter = meter.display().to_string();
    let emulator = [
        "run",
        &meter,
        "--mains",
        &arguments.mains,
        "--for",
        &arguments.duration,
        "--speed",
        &arguments.speed,
        "--uart0",
        "stdio",
        "--rtt",
        "none",
        "--discard",
    ];
    command::run_program(
        project.root(),
        "emulator",
        "emulator",
        &emulator.map(String::from),
    )
}

/// The slot of this name, or the last one that has no app of its own.
fn slot<'a>(project: &'a Project, name: Option<&str>) -> Result<&'a App> {
    let manifest = &project.manifest;
    match name {
        Some(name) => manifest
            .app(name)
            .with_context(|| format!("meter.toml has no slot {name}")),
        None => manifest
            .apps
            .iter()
            .rfind(|app| app.package.is_none())
            .context("every slot of meter.toml has an app: name one with --slot"),
    }
}

/// Builds a guest from a workspace of its own, which links it by libtock's
/// `auto_layout`; returns the path of its TAB.
fn build_outside(project: &Project, folder: &Path, name: &str, slot: &App) -> Result<PathBuf> {
    let place = [
        ("LIBTOCK_LINKER_FLASH", slot.flash.start),
        ("LIBTOCK_LINKER_FLASH_LENGTH", slot.flash.size),
        ("LIBTOCK_LINKER_RAM", slot.ram.start),
        ("LIBTOCK_LINKER_RAM_LENGTH", slot.ram.size),
    ]
    .map(|(variable, value)| (variable, format!("{value:#x}")));
    let elf = cross::build_outside(project, folder, name, &place)?;
    image::pack(project, &elf, name, &guest_arguments(slot, name))
}
