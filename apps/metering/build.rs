//! Links the app for its slot of meter.toml.

use manifest::{generate, Manifest};

const MANIFEST: &str = "../../boards/nrf52840-meter/meter.toml";

fn main() {
    println!("cargo:rerun-if-changed={MANIFEST}");
    let manifest = Manifest::load(MANIFEST.as_ref()).expect("meter.toml is sound");
    let slot = manifest.app("metering").expect("meter.toml has the app");
    libtock_build_scripts::layout(&generate::app_memory_script(slot));
}
