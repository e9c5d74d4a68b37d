//! Links the attacker for the slot of meter.toml that `WATTLOCK_SLOT` names.

use manifest::{generate, Manifest};

const MANIFEST: &str = "../../boards/nrf52840-meter/meter.toml";

fn main() {
    println!("cargo:rerun-if-changed={MANIFEST}");
    println!("cargo:rerun-if-env-changed=WATTLOCK_SLOT");
    let name = std::env::var("WATTLOCK_SLOT").unwrap_or_else(|_| "dlms".into());
    let manifest = Manifest::load(MANIFEST.as_ref()).expect("meter.toml is sound");
    let slot = manifest.app(&name).expect("WATTLOCK_SLOT is in meter.toml");
    libtock_build_scripts::layout(&generate::app_memory_script(slot));
}
