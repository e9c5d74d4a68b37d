//! Pages that contradict themselves, and what is said about each.

use crate::Manifest;

const METER: &str = include_str!("../../../nrf52840-meter/meter.toml");

fn refused(from: &str, to: &str) -> String {
    assert!(METER.contains(from), "the page no longer holds {from:?}");
    Manifest::parse(&METER.replacen(from, to, 1))
        .expect_err("a broken page must be refused")
        .0
}

#[test]
fn the_meter_itself_is_accepted() {
    let manifest = Manifest::parse(METER).expect("meter.toml is sound");
    assert!(manifest.app("metering").is_some());
}

#[test]
fn overlapping_flash_is_refused() {
    let error = refused(
        "{ start = 0xF0000, size = 0x06000 }",
        "{ start = 0xE8000, size = 0x10000 }",
    );
    assert!(error.contains("overlap"), "{error}");
}

#[test]
fn a_region_that_wraps_is_refused() {
    let error = refused(
        "{ start = 0xF8000, size = 0x08000 }",
        "{ start = 0xFFFFF000, size = 0x2000 }",
    );
    assert!(error.contains("not on the part"), "{error}");
}

#[test]
fn an_unknown_driver_or_command_is_refused() {
    assert!(refused("led = [", "laser = [").contains("no driver laser"));
    assert!(refused("\"wear\"]", "\"erase\"]").contains("no command erase"));
}

#[test]
fn shared_ids_are_refused() {
    assert!(refused("short_id = 2", "short_id = 1").contains("short_id"));
    assert!(refused("priority = 0", "priority = 1").contains("priority"));
    assert!(refused("number = 0x2\n", "number = 0x3\n").contains("share number"));
}

#[test]
fn memory_that_the_mpu_cannot_cover_is_refused() {
    assert!(refused(
        "ram = { start = 0x20028000, size = 0x8000 }",
        "ram = { start = 0x20028000, size = 0x7000 }"
    )
    .contains("power of two"));
}

#[test]
fn a_syntax_error_names_its_line() {
    assert!(refused("[board]", "[board").contains("line 6"));
}
