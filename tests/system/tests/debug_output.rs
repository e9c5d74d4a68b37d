//! A debug probe finds the kernel's messages in the RAM of every image that is to have them, and no other.

use std::time::Duration;

use audit::specimen::artifacts::{self, read_built};
use audit::specimen::meter;
use emulator::bus::map::{RAM_BASE, RAM_SIZE};
use emulator::machine::Machine;
use emulator::rtt::Rtt;
use manifest::{Manifest, Profile};

/// What a probe searches for.
const IDENTIFICATION: &[u8] = b"SEGGER RTT";

/// An image, and how the kernel's first message that it must have begins.
const IMAGES: [(&str, &str); 7] = [
    ("", "Wattlock kernel 2."),
    ("bring-up/", "Wattlock kernel 2."),
    ("key-bridge/", "Wattlock kernel 2."),
    ("key-bridge-by-alarm/", "Wattlock kernel 2."),
    ("opened/", "Wattlock kernel 2."),
    ("production/", "Wattlock kernel 2."),
    ("dk-guest/", "nrf52840dk-guest kernel 2."),
];

/// The manifest that the image in this folder was built from.
fn manifest_of(folder: &str) -> Manifest {
    match folder {
        "" => artifacts::manifest(),
        _ => {
            let text = String::from_utf8(read_built(&format!("{folder}meter.toml")));
            Manifest::parse(&text.expect("text")).expect("it was built from it")
        }
    }
}

/// What a probe has read when the image has run for a second, and the machine.
fn probed(folder: &str) -> (Machine, Rtt, String) {
    let flash = read_built(&format!("{folder}meter.img"));
    let mut machine = meter::boot(&flash, "sine:230V,5A,50Hz", 1);
    let mut rtt = Rtt::new();
    let mut text = Vec::new();
    for _ in 0..100 {
        machine.run_for(Duration::from_millis(10));
        text.extend(rtt.read(&mut machine));
    }
    let text = String::from_utf8(text).expect("debug output is text");
    (machine, rtt, text)
}

#[test]
fn a_probe_reads_the_kernels_messages_from_every_image_that_has_them() {
    let mut with_output = 0;
    for (folder, message) in IMAGES {
        if !manifest_of(folder).board.debug_rtt {
            continue;
        }
        with_output += 1;
        let (_, rtt, text) = probed(folder);
        assert!(rtt.address().is_some(), "{folder}: no control block");
        let lines: Vec<&str> = text.lines().collect();
        let found = lines.iter().any(|line| line.starts_with(message));
        assert!(found, "{folder}: no {message:?} in {text:?}");
    }
    assert!(with_output >= 6, "{with_output} images have debug output");
}

#[test]
fn an_image_for_service_has_nothing_that_a_probe_could_find() {
    let holds = |bytes: &[u8]| {
        let mut windows = bytes.windows(IDENTIFICATION.len());
        windows.any(|window| window == IDENTIFICATION)
    };
    let mut for_service = 0;
    for (folder, _) in IMAGES {
        let manifest = manifest_of(folder);
        if manifest.board.debug_rtt {
            continue;
        }
        for_service += usize::from(manifest.board.profile == Profile::Production);
        let (mut machine, rtt, text) = probed(folder);
        machine.run_for(Duration::from_secs(3));
        // It does run, and measures as the others do.
        assert!(!meter::readings(&machine).is_empty(), "{folder}");
        let ram = machine.read_memory(RAM_BASE, RAM_SIZE as usize);
        assert_eq!((rtt.address(), text.as_str()), (None, ""), "{folder}");
        assert!(!holds(&machine.flash()), "{folder}: in flash");
        assert!(!holds(&ram.expect("RAM")), "{folder}: in RAM");
    }
    assert_eq!(for_service, 1, "one image is made for service");
}
