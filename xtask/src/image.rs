//! The flash image: kernel and reset vectors in place, apps installed by tockloader.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};
use manifest::generate::{elf2tab_arguments, guest_arguments};
use manifest::{build_script, App, Region};
use object::read::elf::{ElfFile32, ProgramHeader};
use object::Endianness;

use crate::command;
use crate::cross;
use crate::project::Project;
use crate::signing;

/// Internal flash of the nRF52840 in bytes.
const FLASH_SIZE: usize = 0x10_0000;
/// Entries of the vector table that the core itself uses.
const CORE_VECTORS: usize = 16 * 4;
/// Bytes of the footers of a signed object, at the least: a signature, and reserved space.
const SIGNATURE_FOOTERS: u32 = 72 + 8;
/// Flash page of the part, as tockloader wants to know it.
const PAGE_SIZE: usize = 4096;

/// Which image to build.
#[derive(clap::Args)]
pub struct Arguments {
    /// Another manifest than meter.toml.
    #[arg(long, requires = "output")]
    manifest: Option<PathBuf>,
    /// Folder for what is built from that manifest.
    #[arg(long, requires = "manifest")]
    output: Option<PathBuf>,
}

/// Builds the meter's image, or that of another manifest.
///
/// # Errors
/// A part does not build.
pub fn run(project: &Project, arguments: &Arguments) -> Result<()> {
    match (&arguments.manifest, &arguments.output) {
        (Some(manifest), Some(folder)) => build_meter(&project.with_manifest(manifest, folder)?),
        _ => build_meter(project),
    }
    .map(drop)
}

/// Builds kernel, TABs and `meter.img` from the project's manifest; returns the path of
/// the image.
///
/// # Errors
/// A part does not build.
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
            let elf = cross::build(project, package, &[])?;
            let tab = pack(project, &elf, &app.name, &header)?;
            install(project, &image, &tab)?;
        }
    }
    Ok(image)
}

/// Returns header arguments for elf2tab with those that sign for `app`.
///
/// # Errors
/// Signatures are required, and there is no key to sign with.
pub fn signed(project: &Project, app: &App, mut header: Vec<String>) -> Result<Vec<String>> {
    if let Some(key) = signing::key_for(project, app)? {
        // elf2tab makes room for the signature only if it is asked to, and a binary may end
        // where the object would.
        header.push("--minimum-footer-size".into());
        header.push(SIGNATURE_FOOTERS.to_string());
        header.push("--ecdsa-nist-p256-private".into());
        header.push(key.display().to_string());
    }
    Ok(header)
}

/// Builds the meter of another manifest, whose text this is, in the folder `name` of
/// the project's images; returns the path of the image.
///
/// # Errors
/// The manifest is refused, or a part does not build.
pub fn build_variant(project: &Project, name: &str, text: &str) -> Result<PathBuf> {
    let folder = project.image_folder().join(name);
    fs::create_dir_all(&folder)?;
    let manifest = folder.join("meter.toml");
    // Left alone when it is the same, so that cargo builds nothing again.
    if fs::read_to_string(&manifest).ok().as_deref() != Some(text) {
        fs::write(&manifest, text)?;
    }
    build_meter(&project.with_manifest(&manifest, &folder)?)
}

/// Builds the meter in `target/image/bring-up`, with a kernel that also runs guests:
/// programs that nobody has signed. Returns the path of the image.
///
/// # Errors
/// meter.toml does not say that signing is required, or a part does not build.
pub fn build_bring_up(project: &Project) -> Result<PathBuf> {
    const REQUIRED: &str = "[signing]\nrequired = true\n";
    let text = project.meter_text()?;
    ensure!(
        text.contains(REQUIRED),
        "meter.toml does not say {REQUIRED:?}, which an image of bring-up changes"
    );
    let text = text.replace(REQUIRED, "[signing]\nrequired = false\n");
    build_variant(project, "bring-up", &text)
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

/// Packs a program, an ELF file, as `NAME.tab` among the project's images; returns the
/// path of the TAB.
///
/// # Errors
/// elf2tab refuses it.
pub fn pack(project: &Project, program: &Path, name: &str, header: &[String]) -> Result<PathBuf> {
    let folder = project.image_folder();
    fs::create_dir_all(&folder)?;
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

/// Builds a guest for the slot of an app: a program without id and permission header.
/// Returns the path of its TAB, which is named `PACKAGE-SLOT`.
///
/// # Errors
/// meter.toml has no such slot, or the program does not build.
pub fn build_guest(project: &Project, package: &str, slot: &str) -> Result<PathBuf> {
    let app = project
        .manifest
        .app(slot)
        .with_context(|| format!("meter.toml has no slot {slot}"))?;
    let header = guest_arguments(app, package);
    let elf = build_for_slot(project, package, slot)?;
    pack(project, &elf, &format!("{package}-{slot}"), &header)
}

/// Builds a program whose build script links it for the slot that `WATTLOCK_SLOT`
/// names; returns the path of its ELF file.
///
/// # Errors
/// It does not build.
pub fn build_for_slot(project: &Project, package: &str, slot: &str) -> Result<PathBuf> {
    cross::build(project, package, &[(build_script::SLOT, slot)])
}

/// Installs a TAB on a flash image, as a person would.
///
/// # Errors
/// tockloader refuses it.
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
