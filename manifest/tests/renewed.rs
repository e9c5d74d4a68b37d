//! The generated files in the checkout are those of meter.toml and the register of codes.

use manifest::generate::RENEWAL;
use manifest::{checkout, renewed};

#[test]
fn the_files_in_the_checkout_are_up_to_date() {
    let root = checkout::root().expect("tests run in the checkout");
    let manifest = checkout::meter(&root).expect("meter.toml is sound");
    for (name, text) in renewed::files(&manifest) {
        let kept = std::fs::read_to_string(root.join(name)).unwrap_or_default();
        assert!(
            kept == text,
            "{name} is out of date; renew it with `{RENEWAL}`"
        );
    }
}
