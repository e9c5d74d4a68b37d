//! The firmware of `tests/foreign-firmware`, which knows nothing of us, in the
//! emulator: every driver finds what the part has.

use std::time::Duration;

use audit::specimen::artifacts::read_built;
use emulator::image::Image;
use emulator::{Config, Machine, Stop};

/// BUTTON1 and LED1 of the development kit, and the output that TIMER2 toggles.
const BUTTON: u8 = 11;
const LED: u8 = 13;
const TOGGLED: u8 = 20;

fn elf() -> Image {
    Image::parse(&read_built("foreign-firmware.elf")).expect("the firmware is an image")
}

/// The same as raw bytes from address 0.
fn raw(elf: &Image) -> Image {
    let mut flash = Vec::new();
    for segment in &elf.segments {
        let start = segment.address as usize;
        let end = start + segment.bytes.len();
        flash.resize(flash.len().max(end), 0xFF);
        flash[start..end].copy_from_slice(&segment.bytes);
    }
    Image::parse(&flash).expect("raw bytes are an image")
}

fn expect(machine: &mut Machine, text: &str) {
    let stop = machine.run_until_uart(0, text, Duration::from_secs(3));
    let printed = String::from_utf8_lossy(machine.uart_output(0)).into_owned();
    assert_eq!(stop, Stop::Found, "{text:?} does not come:\n{printed}");
}

fn press(machine: &mut Machine) {
    for level in [false, true] {
        machine.drive_pin(BUTTON, Some(level));
        machine.run_for(Duration::from_millis(30));
    }
}

/// What a run prints from power-up until the watchdog has reset it.
fn run(image: &Image) -> String {
    let mut machine = Machine::new(image, Config::default()).expect("a machine");
    machine.drive_pin(BUTTON, Some(true));
    expect(&mut machine, "ready\n");
    press(&mut machine);
    press(&mut machine);
    machine.uart_input(0, b"one line\n");
    expect(&mut machine, "pressed 2\n");
    expect(&mut machine, "boot Some(2) watchdog true\n");

    assert_eq!(machine.uart_output(1), b"hello from flash\n");
    // Half of 200 toggles, and the fall from a pin without direction to low.
    assert_eq!(machine.pin_falls(TOGGLED), 101);
    let tenths = (machine.seconds() * 10.0) as u64;
    assert!(machine.pin_falls(LED).abs_diff(tenths / 2) <= 2);
    let notes = machine.notes();
    assert!(notes.unmodelled.is_empty(), "{:?}", notes.unmodelled);
    assert!(notes.absent.is_empty(), "{:?}", notes.absent);
    assert!(
        notes.dma_outside_ram.is_empty(),
        "{:?}",
        notes.dma_outside_ram
    );
    assert!(notes.refused_flash.is_empty(), "{:?}", notes.refused_flash);
    assert_eq!(machine.statistics().samples_lost, 0);
    assert_eq!(machine.statistics().samples_overwritten, 0);
    String::from_utf8(machine.take_uart_output(0)).expect("text")
}

#[test]
fn every_driver_finds_what_the_part_has() {
    let elf = elf();
    let printed = run(&elf);
    let mut lines = printed.lines();
    let mut next = || lines.next().expect("another line");
    assert_eq!(next(), "boot Some(1) watchdog false");
    assert_eq!(next(), "slept 250000 us");
    // 100 sleeps of 30 to 723 us, each a tick or two of 30.5 us late.
    let naps = next()
        .strip_prefix("naps ")
        .and_then(|rest| rest.strip_suffix(" us"));
    let naps: u32 = naps.expect("a time").parse().expect("a number");
    assert!((37_650..37_650 + 100 * 62).contains(&naps), "{naps}");
    let random = next().strip_prefix("random ").expect("bytes");
    assert!(random != format!("{:x?}", [0; 16]));
    assert_eq!(next(), "temperature 25");
    assert_eq!(next(), "uarte1 sent true silent true");
    assert_eq!(next(), "spim true [ff, ff, ff, ff]");
    assert_eq!(next(), "twim Err(AddressNack) Err(AddressNack)");
    // 1.5 V and 3 V at gain 1/6 and 0.6 V, in 12 bits.
    assert_eq!(next(), "codes [1707, 3413]");
    assert_eq!(next(), "sampled 1000 wrong 0 in 100 ms");
    assert_eq!(next(), "counted 200");
    assert_eq!(next(), "pwm duty 300");
    assert_eq!(next(), "nor [c2, 28, 17]");
    assert_eq!(next(), "nor done true same true");
    assert_eq!(next(), "ready");
    assert_eq!(next(), "one line");
    assert_eq!(next(), "pressed 2");
    assert_eq!(next(), "boot Some(2) watchdog true");
    assert_eq!(run(&raw(&elf)), printed, "as a raw image");
}
