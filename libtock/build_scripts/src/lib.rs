//! Linker set-up for the build scripts of apps, as libtock-rs has it.
//!
//! An app's build script calls [`layout`] with the text of `layout_memory.x`
//! (see `layout.ld`), or [`auto_layout`] to make that from the variables that
//! libtock-rs reads. Both do nothing when the app is built for the host.

#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::path::Path;

const LAYOUT: &str = include_str!("../../layout.ld");

/// Links the package's binaries with `layout.ld` over `memory_script`.
///
/// # Panics
/// If cargo's output folder cannot be written, which stops the build.
pub fn layout(memory_script: &str) {
    if !for_target() {
        return;
    }
    let folder = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let write = |name: &str, text: &str| {
        let path = Path::new(&folder).join(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    };
    write("layout.ld", LAYOUT);
    write("layout_memory.x", memory_script);
    println!("cargo:rustc-link-search={folder}");
    println!("cargo:rustc-link-arg-bins=-Tlayout.ld");
    // Segments need no page alignment in flash.
    println!("cargo:rustc-link-arg-bins=-zmax-page-size=4096");
}

/// Links for the place that `LIBTOCK_LINKER_FLASH`, `LIBTOCK_LINKER_FLASH_LENGTH`,
/// `LIBTOCK_LINKER_RAM`, `LIBTOCK_LINKER_RAM_LENGTH` and, if it is set,
/// `LIBTOCK_TBF_HEADER_SIZE` name.
///
/// # Panics
/// If one of the four is missing, which stops the build.
pub fn auto_layout() {
    if !for_target() {
        return;
    }
    let required = |name: &str| variable(name).unwrap_or_else(|| panic!("{name} must be set"));
    let mut script = format!(
        "MEMORY\n{{\n    FLASH (rx) : ORIGIN = {}, LENGTH = {}\n    RAM (rw) : ORIGIN = {}, LENGTH = {}\n}}\n",
        required("LIBTOCK_LINKER_FLASH"),
        required("LIBTOCK_LINKER_FLASH_LENGTH"),
        required("LIBTOCK_LINKER_RAM"),
        required("LIBTOCK_LINKER_RAM_LENGTH"),
    );
    if let Some(size) = variable("LIBTOCK_TBF_HEADER_SIZE") {
        script += &format!("TBF_HEADER_SIZE = {size};\n");
    }
    layout(&script);
}

/// The value of an environment variable; the build depends on it.
fn variable(name: &str) -> Option<String> {
    println!("cargo:rerun-if-env-changed={name}");
    env::var(name).ok()
}

fn for_target() -> bool {
    env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none")
}
