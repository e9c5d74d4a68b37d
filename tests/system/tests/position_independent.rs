//! Position-independent apps, as libtock-c makes them: installed by tockloader, placed by the kernel.

use std::collections::BTreeSet;

use audit::specimen::artifacts::{manifest, read_built};
use audit::specimen::meter;
use emulator::report::crash_log::Process;
use emulator::Machine;
use system_tests::firmware;
use system_tests::tockloader::{self, Installation};

/// Bytes that elf2tab puts before the app's first byte.
fn header_size(name: &str) -> u32 {
    let object = read_built(&format!("{name}.tbf"));
    u32::from(u16::from_le_bytes([object[2], object[3]]))
}

fn image(name: &str) -> Installation {
    Installation::new(name)
}

/// Every process of that table which is a relocatable app has printed, twice, the
/// places that the table names for it.
fn assert_all_run(machine: &Machine, processes: &[Process], names: &[&str]) {
    let console = meter::console(machine);
    for name in names {
        let process = processes
            .iter()
            .find(|process| process.name == *name)
            .unwrap_or_else(|| panic!("{name} does not run"));
        let app_start = process.flash_start + header_size(name);
        let line = format!("relocatable {app_start:08x} {:08x}\n", process.ram_start);
        assert!(
            console.matches(&line).count() >= 2,
            "{name} did not print {line:?} twice:\n{console}"
        );
    }
    let blocks: BTreeSet<u32> = processes.iter().map(|process| process.ram_start).collect();
    assert_eq!(blocks.len(), processes.len());
}

#[test]
fn several_run_where_tockloader_puts_them() {
    let image = image("relocatable.img");
    image.run("uninstall", &["metering"]);
    let names = [
        "relocatable-2",
        "relocatable-12",
        "relocatable-24",
        "relocatable-96",
    ];
    for name in names {
        image.install(&format!("{name}.tab"));
    }
    let mut machine = image.boot();
    let processes = tockloader::processes(&mut machine);
    assert_eq!(processes.len(), names.len(), "{processes:?}");
    assert_all_run(&machine, &processes, &names);
    // The first begins where the list does.
    assert!(processes
        .iter()
        .any(|process| process.flash_start == manifest().flash.apps.start));
}

#[test]
fn they_run_beside_the_meter_when_they_stand_behind_it() {
    let image = image("relocatable-beside.img");
    let before = image.flash();
    let metering = manifest().app("metering").expect("a slot").flash.start as usize;
    let length = u32::from_le_bytes(
        before[metering + 4..metering + 8]
            .try_into()
            .expect("a word"),
    );
    // tockloader does not mix them with apps that have addresses.
    let tab = audit::specimen::artifacts::built("relocatable-2.tab");
    let (mixed, why) = image.try_run("install", &[tab.to_str().expect("a plain path")]);
    assert!(!mixed || why.contains("Mixing"), "{why}");
    assert_eq!(image.flash(), before);

    let image = image.with_apps_at(metering as u32 + length);
    let names = ["relocatable-2", "relocatable-12", "relocatable-24"];
    for name in names {
        image.install(&format!("{name}.tab"));
    }
    let mut machine = image.boot();
    let processes = tockloader::processes(&mut machine);
    assert_eq!(processes[0].name, "metering");
    assert_all_run(&machine, &processes, &names);
    assert!(meter::last_reading(&machine)["V"] > 200.0);
    // RAM on both sides of the meter's is used.
    let own = processes[0].ram_start;
    assert!(processes.iter().any(|process| process.ram_start < own));
}

#[test]
fn one_that_asks_for_much_takes_nothing_from_an_app_with_addresses() {
    // In flash before the meter, and more RAM than lies before the meter's.
    let object = read_built("relocatable-96.tbf");
    let small = read_built("relocatable-12.tbf");
    let flash = firmware::bring_up()
        .with_object("tls", &object)
        .with_object("dlms", &small);
    let mut machine = tockloader::boot(flash.bytes());
    let processes = tockloader::processes(&mut machine);
    let states: Vec<(&str, &str)> = processes
        .iter()
        .map(|process| (process.name.as_str(), process.state))
        .collect();
    assert_eq!(
        states[2],
        ("relocatable-96", "refused: no RAM left"),
        "{states:?}"
    );
    assert_eq!(
        processes[0].ram_start,
        manifest().app("metering").expect("a slot").ram.start
    );
    assert_all_run(&machine, &processes, &["relocatable-12"]);
}
