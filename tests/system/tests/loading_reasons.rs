//! Apps that do not run say why in the crash log, and guests do not push the meter out.

use std::ops::Range;
use std::time::Duration;

use audit::specimen::artifacts::{manifest, read_built};
use audit::specimen::meter;
use emulator::Machine;
use system_tests::firmware;
use system_tests::tockloader;
use testing::app::{padding, seal};

/// Type of the header element with the addresses that an app is linked for: RAM, flash.
const FIXED_ADDRESSES: u16 = 5;
/// Type of the header element with the kernel version that an app needs.
const KERNEL_VERSION: u16 = 8;

/// Where the payload of a header element stands in an object.
fn element(object: &[u8], wanted: u16) -> Range<usize> {
    let half = |at: usize| u16::from_le_bytes([object[at], object[at + 1]]);
    let (header, mut at) = (usize::from(half(2)), 16);
    while at < header {
        let (kind, length) = (half(at), usize::from(half(at + 2)));
        if kind == wanted {
            return at + 4..at + 4 + length;
        }
        at += 4 + length.next_multiple_of(4);
    }
    panic!("no element {wanted}")
}

/// The object with its first word of an element changed, and its checksum right.
fn changed(name: &str, kind: u16, word: u32) -> Vec<u8> {
    let mut object = read_built(&format!("{name}.tbf"));
    let at = element(&object, kind).start;
    object[at..at + 4].copy_from_slice(&word.to_le_bytes());
    let header = usize::from(u16::from_le_bytes([object[2], object[3]]));
    seal(&mut object[..header]);
    object
}

/// Name and state of each entry of the crash log's table of processes.
fn states(machine: &mut Machine) -> Vec<(String, String)> {
    let processes = tockloader::processes(machine);
    let state = |process: emulator::report::crash_log::Process| {
        (process.name.clone(), process.state.to_owned())
    };
    processes.into_iter().map(state).collect()
}

fn assert_state(states: &[(String, String)], name: &str, state: &str) {
    let found = states.iter().any(|(of, is)| of == name && is == state);
    assert!(found, "no {name} that is {state:?} in {states:?}");
}

#[test]
fn a_wrong_header_place_or_kernel_is_named() {
    let mut altered = read_built("attacker-tls.tbf");
    altered[12] ^= 1;
    let flash = firmware::bring_up()
        .with_object("tls", &altered)
        .with_object(
            "dlms",
            &changed("bench-app-dlms", KERNEL_VERSION, 2 | 9 << 16),
        )
        // Linked for the slot behind this one.
        .with_object("update", &read_built("blink-factory.tbf"));
    let mut machine = tockloader::boot(flash.bytes());
    let states = states(&mut machine);
    assert_eq!(states[0].0, "metering");
    assert_state(&states, "", "refused: bad checksum");
    assert_state(&states, "bench-app", "refused: other kernel version");
    assert_state(&states, "blink", "refused: wrong flash address");
    assert!(meter::last_reading(&machine)["V"] > 200.0);
}

#[test]
fn ram_that_another_app_has_is_told_from_ram_that_is_not_the_apps() {
    let own = manifest().app("metering").expect("a slot").ram.start;
    let clash = changed("attacker-tls", FIXED_ADDRESSES, own);
    let kernels = changed("attacker-dlms", FIXED_ADDRESSES, 0x2000_0000);
    // An offset in flash that no region of the MPU can begin at.
    let mut misaligned = padding(0x10);
    misaligned.extend(read_built("relocatable-2.tbf"));
    let update = manifest().app("update").expect("a slot").flash.start as usize;
    let flash = firmware::bring_up()
        .with_object("tls", &clash)
        .with_object("dlms", &kernels)
        .with_object("update", &read_built("relocatable-12.tbf"));
    let mut bytes = flash.bytes().to_vec();
    bytes[update..update + misaligned.len()].copy_from_slice(&misaligned);
    let mut machine = tockloader::boot(&bytes);
    let states = states(&mut machine);
    // Though the one that would take its RAM stands before it.
    assert_eq!(states[0].0, "metering");
    assert_state(&states, "attacker", "refused: RAM taken");
    assert_state(&states, "attacker", "refused: RAM unfit");
    assert_state(&states, "relocatable-2", "refused: flash misaligned");
    assert!(meter::last_reading(&machine)["V"] > 200.0);
}

#[test]
fn guests_before_the_meter_do_not_push_it_out() {
    const GUESTS: usize = 9;
    let apps = manifest().flash.apps.start as usize;
    let own = manifest().app("metering").expect("a slot").flash.start as usize;
    let guest = read_built("relocatable-2.tbf");
    let firmware = firmware::bring_up();
    let mut bytes = firmware.bytes().to_vec();
    let mut list = guest.repeat(GUESTS);
    list.extend(padding((own - apps - list.len()) as u32));
    bytes[apps..own].copy_from_slice(&list);
    let mut machine = tockloader::boot(&bytes);
    machine.run_for(Duration::from_secs(3));
    let states = states(&mut machine);
    assert_eq!(states[0].0, "metering");
    let running = states
        .iter()
        .filter(|(name, state)| name == "relocatable-2" && !state.starts_with("refused"));
    assert_eq!(running.count(), 7, "{states:?}");
    let refused = states
        .iter()
        .filter(|(_, state)| state == "refused: no place left");
    assert_eq!(refused.count(), GUESTS - 7, "{states:?}");
    assert!(meter::last_reading(&machine)["V"] > 200.0);
}
