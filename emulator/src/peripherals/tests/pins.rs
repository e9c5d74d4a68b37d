//! GPIO and GPIOTE.

use super::Bench;

const P0: u32 = 0x5000_0000;
const P1: u32 = 0x5000_0300;
const GPIOTE: u32 = 0x4000_6000;
const PPI: u32 = 0x4001_F000;
const EGU0: u32 = 0x4001_4000;

fn drive(bench: &mut Bench, pin: usize, level: bool) {
    bench.part.context.outside.pins.driven[pin] = Some(level);
    bench.part.peripherals.pins_changed(&mut bench.part.context);
    bench.part.settle();
}

#[test]
fn outputs_toggle_and_are_counted() {
    let mut bench = Bench::new();
    bench.write(P0 + 0x508, 1 << 13);
    bench.write(P0 + 0x518, 1 << 13);
    assert_eq!(
        bench.read(P0 + 0x700 + 4 * 13) & 1,
        1,
        "DIR is one with PIN_CNF"
    );
    for _ in 0..3 {
        bench.pass(100);
        bench.write(P0 + 0x50C, 1 << 13);
        bench.pass(50);
        bench.write(P0 + 0x508, 1 << 13);
    }
    let pins = &bench.part.context.outside.pins;
    assert_eq!(pins.falls[13], 3);
    assert_eq!(pins.rises[13], 3);
    assert_eq!(pins.edges.len(), 6);
    assert_eq!(pins.edges[0].at, 100);
    bench.write(P1 + 0x514, 1 << 2);
    bench.write(P1 + 0x504, 0);
    assert_eq!(bench.part.context.outside.pins.falls[34], 1);
}

#[test]
fn inputs_need_their_buffer() {
    let mut bench = Bench::new();
    drive(&mut bench, 11, true);
    assert_eq!(bench.read(P0 + 0x510), 0, "disconnected after reset");
    bench.write(P0 + 0x700 + 4 * 11, 0);
    assert_eq!(bench.read(P0 + 0x510), 1 << 11);
    drive(&mut bench, 11, false);
    assert_eq!(bench.read(P0 + 0x510), 0);
    // A button of the kit: pull-up, pressed is low.
    bench.write(P0 + 0x700 + 4 * 12, 3 << 2);
    assert_eq!(bench.read(P0 + 0x510), 1 << 12);
}

#[test]
fn a_gpiote_channel_sees_its_polarity() {
    let mut bench = Bench::new();
    bench.write(P0 + 0x700 + 4 * 11, 3 << 2);
    bench.write(GPIOTE + 0x510, 1 | 11 << 8 | 2 << 16);
    bench.write(GPIOTE + 0x304, 1);
    drive(&mut bench, 11, false);
    assert!(bench.line(6));
    assert!(bench.take_event(GPIOTE + 0x100));
    drive(&mut bench, 11, true);
    assert!(
        !bench.take_event(GPIOTE + 0x100),
        "rising was not asked for"
    );
}

#[test]
fn a_gpiote_task_drives_its_pin_through_ppi() {
    let mut bench = Bench::new();
    bench.write(GPIOTE + 0x514, 3 | 13 << 8 | 3 << 16 | 1 << 20);
    bench.write(PPI + 0x510, EGU0 + 0x100);
    bench.write(PPI + 0x514, GPIOTE + 0x04);
    bench.write(PPI + 0x504, 1);
    for _ in 0..4 {
        bench.write(EGU0, 1);
    }
    assert_eq!(bench.part.context.outside.pins.falls[13], 2);
    assert_eq!(bench.part.context.outside.pins.rises[13], 2);
    bench.write(GPIOTE + 0x64, 1);
    assert!(!bench.part.peripherals.gpio.level(13, &bench.part.context));
}

#[test]
fn sense_raises_the_port_event_and_latches() {
    let mut bench = Bench::new();
    bench.write(P0 + 0x700 + 4 * 25, 3 << 2 | 3 << 16);
    bench.write(GPIOTE + 0x304, 1 << 31);
    assert!(!bench.line(6));
    drive(&mut bench, 25, false);
    assert!(bench.line(6));
    assert_eq!(bench.read(P0 + 0x520), 1 << 25);
    drive(&mut bench, 25, true);
    bench.write(P0 + 0x520, 1 << 25);
    assert_eq!(bench.read(P0 + 0x520), 0);
}

#[test]
fn what_stays_latched_raises_the_port_event_again() {
    let mut bench = Bench::new();
    bench.write(P0 + 0x524, 1);
    for pin in [24, 25] {
        bench.write(P0 + 0x700 + 4 * pin, 3 << 2 | 3 << 16);
        drive(&mut bench, pin as usize, false);
        drive(&mut bench, pin as usize, true);
    }
    assert!(bench.take_event(GPIOTE + 0x17C));
    bench.write(P0 + 0x520, 1 << 24);
    assert!(bench.take_event(GPIOTE + 0x17C));
    bench.write(P0 + 0x520, 1 << 25);
    assert!(!bench.take_event(GPIOTE + 0x17C));
}
