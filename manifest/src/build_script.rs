//! What build scripts have in common: they depend on files of the checkout, and link apps for a slot of meter.toml.

use std::path::{Path, PathBuf};

use crate::model::Manifest;
use crate::{checkout, generate};

/// The environment variable that names the slot, for programs that fit any.
pub const SLOT: &str = "WATTLOCK_SLOT";

/// Has the build script run again when this file of the checkout at `root` changes.
///
/// Cargo is told the way from the package to the file and no place on the machine, so
/// that a copy of the checkout depends on its own files.
///
/// # Panics
/// If the package does not lie in the checkout, which stops the build.
pub fn depends_on(root: &Path, file: &str) {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let package = Path::new(&package);
    let below = package.strip_prefix(root).expect("a package of it");
    let up: PathBuf = below.components().map(|_| "..").collect();
    println!("cargo:rerun-if-changed={}", up.join(file).display());
}

/// Links the package whose build script calls it as the kernel of this manifest, and sets
/// the `cfg` `debug_rtt` where the manifest wants kernel debug output.
///
/// # Panics
/// If cargo's output folder takes no file, which stops the build.
pub fn link_kernel(manifest: &Manifest) {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let script = generate::kernel_script(manifest);
    std::fs::write(out.join("kernel.ld"), script).expect("cargo's output folder takes files");
    println!("cargo::rustc-check-cfg=cfg(debug_rtt)");
    if manifest.board.debug_rtt {
        println!("cargo::rustc-cfg=debug_rtt");
    }
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        println!("cargo::rustc-link-search={}", out.display());
        println!("cargo::rustc-link-arg-bins=-Tkernel.ld");
    }
}

/// Links the package whose build script calls it as a kernel by the manifest in this file
/// of the checkout.
///
/// # Panics
/// If the manifest is not sound, which stops the build.
pub fn link_kernel_of(file: &str) {
    let root = checkout::root().expect("cargo builds in the checkout");
    depends_on(&root, file);
    let manifest = Manifest::load(&root.join(file)).unwrap_or_else(|error| panic!("{error}"));
    link_kernel(&manifest);
}

/// Links the package whose build script calls it for the slot of this name.
///
/// # Panics
/// If meter.toml is not sound or has no such slot, which stops the build.
pub fn link_for_slot(slot: &str) {
    let root = checkout::root().expect("cargo builds in the checkout");
    depends_on(&root, checkout::METER);
    let manifest = checkout::meter(&root).unwrap_or_else(|error| panic!("{error}"));
    let app = manifest
        .app(slot)
        .unwrap_or_else(|| panic!("meter.toml has no slot {slot}"));
    libtock_build_scripts::layout(&generate::app_memory_script(app));
}

/// Links the package whose build script calls it for the slot that [`SLOT`] names, or
/// else for this one.
///
/// # Panics
/// As for [`link_for_slot`].
pub fn link_for_chosen_slot(otherwise: &str) {
    println!("cargo:rerun-if-env-changed={SLOT}");
    link_for_slot(&std::env::var(SLOT).unwrap_or_else(|_| otherwise.into()));
}
