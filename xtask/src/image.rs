//! The flash image: kernel and reset vectors in place, apps installed by tockloader.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};
use manifest::generate::{elf2tab_arguments, guest_arguments, relocatable_arguments};
use manifest::{App, Region};
use object::read::elf::{ElfFile32, ProgramHeader};
use object::Endianness;
use system_tests::audit::control::opened_page;

use crate::command;
use crate::cross;
use crate::key_bridge;
use crate::project::Project;
use crate::signing;

/// Internal flash of the nRF52840 in bytes.
const FLASH_SIZE: usize = 0x10_0000;
/// Entries of the vector table that the core itself uses.
const CORE_VECTORS: usize = 16 * 4;
/// Flash page of the part, as tockloader wants to know it.
const PAGE_SIZE: usize = 4096;

/// Names of the position-independent app, with the RAM that it asks for in bytes.
const RELOCATABLE: [(&str, u32); 4] = [
    ("relocatable-2", 0x800),
    ("relocatable-12", 0x3000),
    ("relocatable-24", 0x6000),
    ("relocatable-96", 0x18000),
];

/// Which image to build.
#[derive(clap::Args)]
pub struct Arguments {
    /// Another page than meter.toml.
    #[arg(long, requires = "output")]
    manifest: Option<PathBuf>,
    /// Folder for what is built from that page.
    #[arg(long, requires = "manifest")]
    output: Option<PathBuf>,
}

/// Builds what `make image` builds, or the image of another page.
pub fn run(project: &Project, arguments: &Arguments) -> Result<()> {
    match (&arguments.manifest, &arguments.output) {
        (Some(page), Some(folder)) => build_meter(&project.with_page(page, folder)?).map(drop),
        _ => build(project).map(drop),
    }
}

/// Builds kernel, TABs and `target/image/meter.img`, and what tests put beside
/// them; returns the image's path.
pub fn build(project: &Project) -> Result<PathBuf> {
    let image = build_meter(project)?;
    build_bring_up(project)?;
    build_key_bridge(project)?;
    build_opened(project)?;
    for app in &project.manifest.apps {
        build_attacker(project, app)?;
    }
    build_guest(project, "bench-app", "dlms")?;
    build_relocatable(project)?;
    build_core_conformance(project)?;
    build_foreign_firmware(project)?;
    Ok(image)
}

/// Builds kernel, TABs and `meter.img` from the project's page.
pub fn build_meter(project: &Project) -> Result<PathBuf> {
    signing::ensure_development_key(project)?;
    let folder = project.image_folder();
    fs::create_dir_all(&folder)?;
    let kernel = build_kernel(project)?;
    let image = folder.join("meter.img");
    fs::write(&image, kernel)?;
    for app in &project.manifest.apps {
        if let Some(package) = &app.package {
            let header = signed(project, app, elf2tab_arguments(&project.manifest, app))?;
            let tab = build_tab(project, package, &app.name, &header, &[])?;
            install(project, &image, &tab)?;
        }
    }
    Ok(image)
}

/// Header arguments with those that sign for `app`.
fn signed(project: &Project, app: &App, mut header: Vec<String>) -> Result<Vec<String>> {
    if let Some(key) = signing::key_for(project, app)? {
        header.push("--ecdsa-nist-p256-private".into());
        header.push(key.display().to_string());
    }
    Ok(header)
}

/// The same meter in `target/image/bring-up`, with a kernel that also runs guests:
/// programs that nobody has signed.
fn build_bring_up(project: &Project) -> Result<()> {
    const REQUIRED: &str = "[signing]\nrequired = true\n";
    let folder = project.image_folder().join("bring-up");
    let text = meter_page(project)?;
    ensure!(
        text.contains(REQUIRED),
        "meter.toml does not say {REQUIRED:?}, which an image of bring-up changes"
    );
    let text = text.replace(REQUIRED, "[signing]\nrequired = false\n");
    build_variant(project, &folder, &text)
}

/// The meter in `target/image/key-bridge`, where the host may ask for anything that
/// the key store does, with keys of its own.
fn build_key_bridge(project: &Project) -> Result<()> {
    let folder = project.image_folder().join("key-bridge");
    build_variant(project, &folder, &key_bridge::page(&meter_page(project)?)?)
}

/// The meter in `target/image/opened`, with walls open that an audit must name.
fn build_opened(project: &Project) -> Result<()> {
    let folder = project.image_folder().join("opened");
    build_variant(project, &folder, &opened_page(&meter_page(project)?)?)
}

/// The text of meter.toml.
fn meter_page(project: &Project) -> Result<String> {
    let page = project.root().join("boards/nrf52840-meter/meter.toml");
    fs::read_to_string(&page).with_context(|| page.display().to_string())
}

/// The meter of another page in `folder`.
fn build_variant(project: &Project, folder: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(folder)?;
    let page = folder.join("meter.toml");
    // Left alone when it is the same, so that cargo builds nothing again.
    if fs::read_to_string(&page).ok().as_deref() != Some(text) {
        fs::write(&page, text)?;
    }
    build_meter(&project.with_page(&page, folder)?).map(drop)
}

/// A flash image that holds the kernel alone, in bytes from address 0.
fn build_kernel(project: &Project) -> Result<Vec<u8>> {
    let elf = cross::build_kernel(project)?;
    fs::copy(&elf, project.image_folder().join("kernel.elf"))?;
    let mut flash = vec![0xFF; FLASH_SIZE];
    load_elf(&elf, &mut flash)?;
    let Region { start, .. } = project.manifest.flash.kernel;
    let start = start as usize;
    // Until there is a bootloader, the core finds the kernel's own vectors at
    // address 0; the kernel moves the table to its own place when it starts.
    flash.copy_within(start..start + CORE_VECTORS, 0);
    Ok(flash)
}

/// Builds `package` and packs it as `NAME.tab`, with what `elf2tab_arguments` says
/// of its header.
fn build_tab(
    project: &Project,
    package: &str,
    name: &str,
    header: &[String],
    variables: &[(&str, &str)],
) -> Result<PathBuf> {
    let elf = cross::build(project, package, variables)?;
    pack(project, &elf, name, header)
}

/// Packs a program as `NAME.tab`.
fn pack(project: &Project, program: &Path, name: &str, header: &[String]) -> Result<PathBuf> {
    let folder = project.image_folder();
    let elf = folder.join(format!("{name}.elf"));
    fs::copy(program, &elf)?;
    let tab = folder.join(format!("{name}.tab"));
    let mut elf2tab = Command::new(project.cargo_tool("elf2tab"));
    elf2tab
        .args(header)
        .arg("--output-file")
        .arg(&tab)
        .arg(format!(
            "{},{}",
            elf.display(),
            project.manifest.board.architecture
        ));
    command::run_quietly(&mut elf2tab)?;
    Ok(tab)
}

/// Builds a test's program for the slot of an app that does not exist yet; it has
/// no id and no permission header. Its TAB is named `PACKAGE-SLOT`.
fn build_guest(project: &Project, package: &str, slot: &str) -> Result<()> {
    let app = project
        .manifest
        .app(slot)
        .with_context(|| format!("meter.toml has no slot {slot}"))?;
    let name = format!("{package}-{slot}");
    let header = guest_arguments(app, package);
    let variables = [("WATTLOCK_SLOT", slot)];
    build_tab(project, package, &name, &header, &variables).map(drop)
}

/// Builds the position-independent app and packs it several times, as
/// `relocatable-KILOBYTES`, each with another size of RAM.
fn build_relocatable(project: &Project) -> Result<()> {
    let elf = cross::build(project, "relocatable-app", &[])?;
    for (name, memory) in RELOCATABLE {
        pack(project, &elf, name, &relocatable_arguments(name, memory))?;
    }
    Ok(())
}

/// Builds the attacker for the slot of `app`, packed in three ways: `attacker-SLOT`
/// as a guest without id and signature, `attacker-SLOT-app` with the header and the
/// signature of the app itself, and `attacker-SLOT-open` with its signature and id
/// but, as a stolen development image would, without permission header.
fn build_attacker(project: &Project, app: &App) -> Result<()> {
    let elf = cross::build(project, "attacker", &[("WATTLOCK_SLOT", &app.name)])?;
    let name = format!("attacker-{}", app.name);
    let mut open = guest_arguments(app, "attacker");
    pack(project, &elf, &name, &open)?;
    open.extend(["--short-id".into(), app.short_id.to_string()]);
    pack(
        project,
        &elf,
        &format!("{name}-open"),
        &signed(project, app, open)?,
    )?;
    let header = elf2tab_arguments(&project.manifest, app);
    pack(
        project,
        &elf,
        &format!("{name}-app"),
        &signed(project, app, header)?,
    )?;
    Ok(())
}

/// Installs a TAB on a flash image, as a person would.
pub fn install(project: &Project, image: &Path, tab: &Path) -> Result<()> {
    let manifest = &project.manifest;
    let mut tockloader = Command::new(project.python_tool("tockloader"));
    tockloader
        .arg("install")
        .arg("--flash-file")
        .arg(image)
        .args(["--board", &manifest.board.name])
        .args(["--arch", &manifest.board.architecture])
        .args([
            "--app-address",
            &format!("{:#x}", manifest.flash.apps.start),
        ])
        .args(["--page-size", &PAGE_SIZE.to_string()])
        .arg(tab);
    command::run_quietly(&mut tockloader).map(drop)
}

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

/// Copies the loaded segments of an ELF file to their physical addresses.
fn load_elf(path: &Path, flash: &mut [u8]) -> Result<()> {
    let bytes = fs::read(path)?;
    let elf = ElfFile32::<Endianness>::parse(&*bytes)
        .with_context(|| format!("{} is no 32-bit ELF file", path.display()))?;
    let endian = elf.endian();
    for segment in elf.elf_program_headers() {
        let size = segment.p_filesz(endian) as usize;
        if segment.p_type(endian) != object::elf::PT_LOAD || size == 0 {
            continue;
        }
        let address = segment.p_paddr(endian) as usize;
        let data = segment
            .data(endian, &*bytes)
            .ok()
            .context("a segment of the ELF file lies outside the file")?;
        ensure!(
            address + size <= flash.len(),
            "a segment at {address:#x} does not fit in flash"
        );
        flash[address..address + size].copy_from_slice(data);
    }
    Ok(())
}
