//! Drivers and commands that are not what their definitions say.

use super::{refused, says, says_line, METER};
use crate::Manifest;

/// The manifest with one more line in `[drivers]`.
fn with_entry(entry: &str) -> String {
    METER.replacen("[drivers]\n", &format!("[drivers]\n{entry}\n"), 1)
}

/// What is said of one more line in `[drivers]`, which must be said of that line.
fn refused_entry(entry: &str) -> String {
    let text = with_entry(entry);
    let error = Manifest::parse(&text).expect_err("a broken entry").0;
    let stands = text.find(entry).expect("in the manifest");
    let line = 1 + text[..stands].matches('\n').count();
    assert!(
        error.contains(&format!("line {line}")),
        "line {line}: {error}"
    );
    error
}

/// Numbers come from the definitions, whatever a driver is used for.
#[test]
fn names_are_resolved_by_the_definitions() {
    let manifest = Manifest::parse(METER).expect("meter.toml is sound");
    assert_eq!(manifest.drivers.len(), drivers::ALL.len());
    for known in drivers::ALL {
        let driver = &manifest.drivers[known.name];
        assert_eq!(driver.number, known.number, "{}", known.name);
        assert_eq!(driver.restricted, known.number >= drivers::FIRST_OWN_NUMBER);
        assert_eq!(driver.commands.len() + 1, known.commands.len());
        for (name, number) in &driver.commands {
            let command = known.command(name).expect("a defined command");
            assert_eq!(command.number, *number, "{}.{name}", known.name);
        }
    }
}

#[test]
fn a_wrong_driver_is_refused_with_its_line() {
    let error = refused_entry("laser = {}");
    assert!(error.contains("there is no driver laser"), "{error}");
    // Half of what another's driver needs.
    refused_entry("laser = { number = 0x90 }");
    refused_entry("laser = { commands = { fire = 1 } }");
    refused_entry("laser = { colour = 1 }");
    // One that an app names.
    says(
        "led = [",
        "laser = [",
        "app metering: there is no driver laser",
    );
    says_line("led = [", "laser = [", "laser = [");
}

#[test]
fn a_wrong_command_is_refused_with_its_line() {
    let error = refused("\"wear\"]", "\"erase\"]");
    let expected = "app metering: driver energy_store has no command erase";
    assert!(error.contains(expected), "{error}");
    says_line("\"wear\"]", "\"erase\"]", "\"erase\"]");
    // The existence check is everybody's, and no list has it.
    says(
        "[\"level\"]",
        "[\"exists\"]",
        "driver supply has no command exists",
    );
    // In a list of several lines, its own.
    let list = "[\n    \"append\",\n    \"newest\",\n    \"worn\",\n]";
    says_line("[\"append\", \"newest\", \"wear\"]", list, "\"worn\"");
    let list = "[\n    \"append\",\n    \"newest\",\n    \"append\" ,\n]";
    says_line("[\"append\", \"newest\", \"wear\"]", list, "\"append\" ,");
}

#[test]
fn a_defined_driver_takes_no_numbers() {
    let line = "meter_adc       = { restricted = true }";
    for numbers in [
        "number = 0x80000001",
        "number = 0x80000009",
        "commands = { start = 1, stop = 2, geometry = 3, take_block = 4 }",
        "commands = { start = 2, stop = 1 }",
    ] {
        let entry = format!("meter_adc = {{ restricted = true, {numbers} }}");
        says_of_line(line, &entry, "its number and commands are defined");
    }
}

/// What must be said, and of its line, when `from` in the manifest is `to` instead.
fn says_of_line(from: &str, to: &str, message: &str) {
    let error = refused(from, to);
    assert!(error.contains(message), "{from:?} -> {to:?}: {error}");
    let text = METER.replacen(from, to, 1);
    let line = 1 + text[..text.find(to).expect("there")].matches('\n').count();
    assert!(
        error.contains(&format!("line {line}")),
        "line {line}: {error}"
    );
}

#[test]
fn a_driver_of_another_project_says_its_numbers() {
    let entry = "laser = { number = 0x90, restricted = true, commands = { fire = 1, aim = 3 } }";
    let manifest = Manifest::parse(&with_entry(entry)).expect("it contradicts nothing");
    let laser = &manifest.drivers["laser"];
    assert_eq!((laser.number, laser.restricted), (0x90, true));
    assert_eq!(laser.commands_by_number(), [("fire", 1), ("aim", 3)]);
}

#[test]
fn numbers_that_are_taken_are_refused() {
    for (number, owner) in [
        ("0x0", "alarm"),
        ("0x80000004", "key_store"),
        ("0x80000003", "disconnect"),
    ] {
        let entry = format!("laser = {{ number = {number}, commands = {{ fire = 1 }} }}");
        let error = refused_entry(&entry);
        let said = format!("drivers.laser: {number} is the number of {owner}");
        assert!(error.contains(&said), "{error}");
    }
    let same = "laser = { number = 0x90, commands = {} }\nradar = { number = 0x90, commands = {} }";
    let error = Manifest::parse(&with_entry(same))
        .expect_err("one number, two drivers")
        .0;
    assert!(
        error.contains("drivers.laser and drivers.radar share number 0x90"),
        "{error}"
    );
    let error = refused_entry("laser = { number = 0x90, commands = { fire = 1, aim = 1 } }");
    assert!(error.contains("share number 0x1"), "{error}");
    let error = refused_entry("laser = { number = 0x90, commands = { fire = 0 } }");
    assert!(
        error.contains("command 0 is the existence check"),
        "{error}"
    );
}

/// A number that is promised to a driver is for the driver of that name.
#[test]
fn a_reserved_number_is_for_its_driver() {
    let entry = "disconnect = { number = 0x80000003, commands = { open = 1 } }";
    let manifest = Manifest::parse(&with_entry(entry)).expect("it contradicts nothing");
    assert_eq!(manifest.drivers["disconnect"].number, 0x8000_0003);
}

#[test]
fn drivers_that_policy_rests_on_are_restricted() {
    for name in ["key_store", "channel", "storage"] {
        let entry = METER
            .lines()
            .find(|line| line.starts_with(name) && line.ends_with("= { restricted = true }"))
            .expect("a line of its own");
        let open = entry.replace("true", "false");
        says(entry, &open, "must be restricted");
        says_line(entry, &open, &open);
    }
}
