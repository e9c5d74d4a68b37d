//! What a start must not do: light an LED, come near the end of the kernel's stack, or leave code unlocked.

use std::time::Duration;

use audit::machine::{is_locked, locks, FORBID_READ, FORBID_WRITE};
use audit::specimen::artifacts::manifest;
use audit::specimen::firmware::Firmware;
use audit::specimen::meter;
use system_tests::calibration;

const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";
const SEED: u64 = 1;
/// P0.13 to P0.16.
const LEDS: std::ops::RangeInclusive<u8> = 13..=16;
/// What the deepest path leaves of the kernel's stack, in bytes.
const MARGIN: usize = 2_048;

#[test]
fn no_led_is_lit_at_boot() {
    let mut machine = meter::boot(Firmware::meter().bytes(), LOAD, SEED);
    // The first pulse of this load is due three seconds later.
    machine.run_for(Duration::from_millis(500));
    for pin in LEDS {
        assert!(machine.pin_level(pin), "P0.{pin} is low");
        assert_eq!(machine.pin_falls(pin), 0, "P0.{pin}");
    }
}

#[test]
fn opening_the_energy_store_leaves_room_on_the_stack() {
    /// What no value of the kernel looks like.
    const PAINT: u8 = 0xA5;
    let manifest = manifest();
    let bottom = manifest.ram.kernel.start;
    let size = manifest.board.kernel_stack;
    // The store has calibrations and registers, and the app appends more.
    let firmware = calibration::calibrated(SEED);
    let mut machine = meter::boot(firmware.bytes(), LOAD, SEED);
    assert!(machine.write_memory(bottom, &vec![PAINT; size as usize]));
    machine.run_for(Duration::from_secs(30));
    assert!(meter::readings(&machine).len() > 20);
    let stack = machine.read_memory(bottom, size as usize).expect("RAM");
    let left = stack.iter().take_while(|byte| **byte == PAINT).count();
    println!("{left} of {size} bytes of the kernel's stack were never used");
    assert!(left >= MARGIN, "{left} bytes are left");
}

/// Without a root of trust apps run, metering above all; so code is locked there too.
#[test]
fn code_is_locked_although_the_device_secret_is_damaged() {
    let flash = manifest().flash;
    let mut bytes = Firmware::meter().bytes().to_vec();
    // A secret whose check is wrong, behind it the mark that it is whole.
    let secret = flash.device_secret.start as usize;
    bytes[secret..secret + 36].fill(0x11);
    bytes[secret + 36..secret + 40].copy_from_slice(&0x5EC2_E700_u32.to_le_bytes());
    let mut machine = meter::boot(&bytes, LOAD, 1);
    machine.run_for(Duration::from_secs(3));
    let locks = locks(&mut machine);
    for region in [flash.kernel, flash.apps] {
        for page in (u64::from(region.start)..region.end()).step_by(0x1000) {
            let locked = is_locked(&locks, page, FORBID_WRITE);
            assert!(locked, "{page:#x} of {locks:x?}");
        }
    }
    let shut = FORBID_READ | FORBID_WRITE;
    assert!(is_locked(&locks, flash.device_secret.start.into(), shut));
    assert!(!meter::readings(&machine).is_empty(), "it measures");
    assert_eq!(
        machine.flash()[secret..secret + 36],
        [0x11; 36],
        "as it was"
    );
}
