//! The generated files in the checkout are those of meter.toml.

use std::path::Path;

use manifest::generate::RENEWAL;
use manifest::{renewed, Manifest};

#[test]
fn the_files_in_the_checkout_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = Manifest::load(&root.join("boards/nrf52840-meter/meter.toml"))
        .expect("meter.toml is sound");
    for (name, text) in renewed::files(&manifest) {
        let kept = std::fs::read_to_string(root.join(name)).unwrap_or_default();
        assert!(
            kept == text,
            "{name} is not what meter.toml says; renew it with `{RENEWAL}`"
        );
    }
}
