//! UARTE, UART, SPIM and TWIM.

use super::{Bench, RAM};
use crate::time::{Cycles, CORE_HZ, MILLISECOND};

const UARTE0: u32 = 0x4000_2000;
/// Ten bits at what BAUDRATE 0x01D6_0000 gives.
const FRAME: Cycles = 10 * CORE_HZ / ((0x01D6_0000 * 16_000_000) >> 32);

fn enabled() -> Bench {
    let mut bench = Bench::new();
    bench.write(UARTE0 + 0x50C, 6);
    bench.write(UARTE0 + 0x514, 8);
    bench.write(UARTE0 + 0x524, 0x01D6_0000);
    bench.write(UARTE0 + 0x500, 8);
    bench
}

fn sent(bench: &Bench) -> &[u8] {
    &bench.part.context.outside.serial[0].from_part
}

fn receive(bench: &mut Bench, bytes: &[u8]) {
    bench.part.context.outside.serial[0].to_part.extend(bytes);
    bench.part.peripherals.uarte[0].input_came(&mut bench.part.context);
}

fn start_receive(bench: &mut Bench, at: u32, length: u32) {
    bench.write(UARTE0 + 0x534, at);
    bench.write(UARTE0 + 0x538, length);
    bench.write(UARTE0, 1);
}

#[test]
fn a_buffer_is_sent_at_the_baud_rate() {
    let mut bench = enabled();
    bench.put(RAM, b"hello");
    bench.write(UARTE0 + 0x544, RAM);
    bench.write(UARTE0 + 0x548, 5);
    bench.write(UARTE0 + 0x304, 1 << 8);
    bench.write(UARTE0 + 0x08, 1);
    bench.pass(5 * FRAME - FRAME / 10);
    assert!(!bench.line(2));
    bench.pass(FRAME / 5);
    assert!(bench.line(2));
    assert_eq!(sent(&bench), b"hello");
    assert_eq!(bench.read(UARTE0 + 0x54C), 5);
}

#[test]
fn a_stop_ends_a_transmission_early() {
    let mut bench = enabled();
    bench.put(RAM, b"hello");
    bench.write(UARTE0 + 0x544, RAM);
    bench.write(UARTE0 + 0x548, 5);
    bench.write(UARTE0 + 0x08, 1);
    bench.pass(2 * FRAME + FRAME / 2);
    bench.write(UARTE0 + 0x0C, 1);
    assert_eq!(sent(&bench), b"he");
    assert_eq!(bench.read(UARTE0 + 0x54C), 2);
    assert!(bench.take_event(UARTE0 + 0x158));
}

#[test]
fn dma_from_flash_sends_zeros_and_is_noted() {
    let mut bench = enabled();
    bench.write(UARTE0 + 0x544, 0x100);
    bench.write(UARTE0 + 0x548, 2);
    bench.write(UARTE0 + 0x08, 1);
    bench.pass(3 * FRAME);
    assert_eq!(sent(&bench), [0, 0]);
    assert!(bench
        .part
        .context
        .notes
        .dma_outside_ram
        .contains_key(&0x100));
}

#[test]
fn bytes_arrive_one_frame_apart() {
    let mut bench = enabled();
    start_receive(&mut bench, RAM, 3);
    receive(&mut bench, b"abcd");
    bench.pass(2 * FRAME + 10);
    assert_eq!(bench.get(RAM, 3), b"ab\0");
    bench.pass(FRAME);
    assert_eq!(bench.get(RAM, 3), b"abc");
    assert!(bench.take_event(UARTE0 + 0x110));
    assert_eq!(bench.read(UARTE0 + 0x53C), 3);
    bench.pass(FRAME);
    start_receive(&mut bench, RAM + 8, 3);
    assert_eq!(bench.get(RAM + 8, 1), b"d", "the FIFO kept it");
}

#[test]
fn a_full_fifo_overruns() {
    let mut bench = enabled();
    start_receive(&mut bench, RAM, 1);
    receive(&mut bench, b"0123456789");
    bench.pass(12 * FRAME);
    assert!(bench.take_event(UARTE0 + 0x124));
    assert_eq!(bench.read(UARTE0 + 0x480), 1);
    assert_eq!(bench.part.context.outside.serial[0].lost, 3);
}

#[test]
fn stopping_the_receiver_times_out() {
    let mut bench = enabled();
    start_receive(&mut bench, RAM, 8);
    receive(&mut bench, b"xy");
    bench.pass(3 * FRAME);
    bench.write(UARTE0 + 0x04, 1);
    assert!(bench.take_event(UARTE0 + 0x110));
    assert_eq!(bench.read(UARTE0 + 0x53C), 2);
    bench.pass(6 * FRAME);
    assert!(bench.take_event(UARTE0 + 0x144));
    receive(&mut bench, b"z");
    bench.pass(10 * FRAME);
    assert_eq!(
        bench.part.context.outside.serial[0].to_part.len(),
        1,
        "it waits"
    );
    bench.part.context.outside.senders_wait = false;
    receive(&mut bench, b"z");
    assert_eq!(bench.part.context.outside.serial[0].lost, 2);
}

#[test]
fn the_older_uart_sends_bytes() {
    let mut bench = enabled();
    bench.write(UARTE0 + 0x500, 4);
    bench.write(UARTE0 + 0x08, 1);
    for byte in b"ok" {
        bench.write(UARTE0 + 0x51C, u32::from(*byte));
        bench.pass(FRAME + 1);
        assert!(bench.take_event(UARTE0 + 0x11C));
    }
    assert_eq!(sent(&bench), b"ok");
}

#[test]
fn nobody_answers_on_spi_and_twi() {
    let mut bench = Bench::new();
    let spim = 0x4000_3000;
    bench.write(spim + 0x500, 7);
    bench.write(spim + 0x534, RAM);
    bench.write(spim + 0x538, 4);
    bench.write(spim + 0x10, 1);
    bench.pass(MILLISECOND);
    assert!(bench.take_event(spim + 0x118));
    assert_eq!(bench.get(RAM, 4), [0xFF; 4]);
    let twim = 0x4000_4000;
    bench.write(twim + 0x500, 6);
    bench.write(twim + 0x08, 1);
    bench.pass(MILLISECOND);
    assert!(bench.take_event(twim + 0x124));
    assert_eq!(bench.read(twim + 0x4C4), 2);
    bench.write(twim + 0x14, 1);
    assert!(bench.take_event(twim + 0x104));
}

const SPIM2: u32 = 0x4002_3000;

fn spim(length: u32) -> Bench {
    let mut bench = Bench::new();
    bench.write(SPIM2 + 0x500, 7);
    for (pointer, at) in [(0x534, RAM), (0x544, RAM + 0x100)] {
        bench.write(SPIM2 + pointer, at);
        bench.write(SPIM2 + pointer + 4, length);
    }
    bench
}

#[test]
fn spi_keeps_to_its_frequency() {
    for (frequency, bits_per_second) in [
        (0x0400_0000, 250_000),
        (0x8000_0000, 8_000_000),
        (0x0A00_0000, 16_000_000),
        (0x1400_0000, 32_000_000),
    ] {
        let mut bench = spim(100);
        bench.write(SPIM2 + 0x524, frequency);
        bench.write(SPIM2 + 0x10, 1);
        let time = 800 * CORE_HZ / bits_per_second;
        bench.pass(time - 1);
        assert!(!bench.take_event(SPIM2 + 0x118), "{frequency:#x}");
        bench.pass(2);
        assert!(bench.take_event(SPIM2 + 0x118), "{frequency:#x}");
    }
}

#[test]
fn a_stopped_transfer_says_how_far_it_came() {
    let mut bench = spim(100);
    bench.write(SPIM2 + 0x540, 1);
    bench.write(SPIM2 + 0x10, 1);
    // 32 us a byte at 250 kbit/s.
    bench.pass(MILLISECOND);
    bench.write(SPIM2 + 0x14, 1);
    for event in [0x104, 0x110, 0x118, 0x120] {
        assert!(bench.take_event(SPIM2 + event), "{event:#x}");
    }
    assert_eq!(bench.read(SPIM2 + 0x53C), 31);
    assert_eq!(bench.read(SPIM2 + 0x54C), 31);
    assert_eq!(bench.read(SPIM2 + 0x534), RAM + 100, "the list goes on");
    assert_eq!(bench.read(SPIM2 + 0x544), RAM + 0x100);
}

#[test]
fn the_older_spi_takes_two_bytes_at_once() {
    let mut bench = Bench::new();
    bench.write(SPIM2 + 0x500, 1);
    bench.write(SPIM2 + 0x51C, 1);
    bench.write(SPIM2 + 0x51C, 2);
    for _ in 0..2 {
        bench.pass(33 * MILLISECOND / 1_000);
        assert!(bench.take_event(SPIM2 + 0x108));
        assert_eq!(bench.read(SPIM2 + 0x518), 0xFF);
    }
    bench.pass(MILLISECOND);
    assert!(!bench.take_event(SPIM2 + 0x108));
}

#[test]
fn the_older_uart_tells_of_each_byte_received() {
    let mut bench = enabled();
    bench.write(UARTE0 + 0x500, 4);
    bench.write(UARTE0, 1);
    receive(&mut bench, b"abc");
    bench.pass(4 * FRAME);
    for byte in b"abc" {
        assert!(bench.take_event(UARTE0 + 0x108));
        assert_eq!(bench.read(UARTE0 + 0x518), u32::from(*byte));
    }
    assert!(!bench.take_event(UARTE0 + 0x108));
}

#[test]
fn a_slave_has_no_model_and_is_noted() {
    let mut bench = Bench::new();
    bench.write(SPIM2 + 0x500, 2);
    bench.write(SPIM2 + 0x24, 1);
    assert_eq!(bench.read(SPIM2 + 0x500), 2);
    for address in [SPIM2 + 0x500, SPIM2 + 0x24] {
        assert_eq!(bench.part.context.notes.unmodelled[&address].count, 1);
    }
}

#[test]
fn the_switch_of_errata_resets_a_peripheral() {
    let mut bench = spim(4);
    bench.write(SPIM2 + 0x508, 3);
    bench.write(SPIM2 + 0xFFC, 0);
    assert_eq!(bench.read(SPIM2 + 0xFFC), 1);
    bench.write(SPIM2 + 0xFFC, 1);
    assert_eq!(bench.read(SPIM2 + 0x508), 0xFFFF_FFFF);
    assert_eq!(bench.read(SPIM2 + 0x500), 0);
    assert!(bench.part.context.notes.unmodelled.is_empty());
}

const P0: u32 = 0x5000_0000;
const SPIM1: u32 = 0x4000_4000;
const SPIM3: u32 = 0x4002_F000;

/// SPIM at `base` on the pins of the external flash, which P0.17 selects.
fn flash_master(base: u32) -> Bench {
    let mut bench = Bench::new();
    bench.write(P0 + 0x508, 1 << 17);
    bench.write(P0 + 0x518, 1 << 17);
    for (register, pin) in [(0x508, 19), (0x50C, 20), (0x510, 21)] {
        bench.write(base + register, pin);
    }
    bench.write(base + 0x524, 0x8000_0000);
    bench.write(base + 0x500, 7);
    bench
}

/// A transfer of as many bytes as `out` has; what came back.
fn transfer(bench: &mut Bench, base: u32, out: &[u8]) -> Vec<u8> {
    bench.put(RAM, out);
    for (register, at) in [(0x544, RAM), (0x534, RAM + 0x200)] {
        bench.write(base + register, at);
        bench.write(base + register + 4, out.len() as u32);
    }
    bench.write(base + 0x10, 1);
    bench.pass(out.len() as u64 * 64 + 64);
    assert!(bench.take_event(base + 0x118), "it ends");
    bench.get(RAM + 0x200, out.len())
}

/// A command while P0.17 selects the memory.
fn selected(bench: &mut Bench, base: u32, out: &[u8]) -> Vec<u8> {
    bench.write(P0 + 0x50C, 1 << 17);
    let came = transfer(bench, base, out);
    bench.write(P0 + 0x508, 1 << 17);
    came
}

#[test]
fn spim_reaches_the_external_flash_at_its_pins_only() {
    let mut bench = flash_master(SPIM1);
    assert_eq!(
        transfer(&mut bench, SPIM1, &[0x9F, 0, 0, 0]),
        [0xFF; 4],
        "not selected"
    );
    let identification = [0xFF, 0xC2, 0x28, 0x17];
    assert_eq!(
        selected(&mut bench, SPIM1, &[0x9F, 0, 0, 0]),
        identification
    );
    // As upstream's capsule goes about a page: enable, program, poll, read.
    selected(&mut bench, SPIM1, &[0x06]);
    selected(&mut bench, SPIM1, &[0x02, 0, 0x10, 0, 0xAB, 0xCD]);
    assert_eq!(selected(&mut bench, SPIM1, &[0x05, 0])[1] & 1, 1, "busy");
    bench.pass(MILLISECOND);
    assert_eq!(selected(&mut bench, SPIM1, &[0x05, 0])[1] & 1, 0, "ready");
    let read = selected(&mut bench, SPIM1, &[0x03, 0, 0x10, 0, 0, 0]);
    assert_eq!(read[4..], [0xAB, 0xCD]);
    assert_eq!(bench.part.context.statistics.nor_bytes_programmed, 2);
    bench.write(SPIM1 + 0x508, 18);
    assert_eq!(
        selected(&mut bench, SPIM1, &[0x9F, 0, 0, 0]),
        [0xFF; 4],
        "another clock"
    );
}

#[test]
fn spim3_selects_the_external_flash_itself() {
    let mut bench = flash_master(SPIM3);
    bench.write(SPIM3 + 0x514, 17);
    assert_eq!(
        transfer(&mut bench, SPIM3, &[0x9F, 0, 0, 0])[1..],
        [0xC2, 0x28, 0x17]
    );
    transfer(&mut bench, SPIM3, &[0x06]);
    assert_eq!(transfer(&mut bench, SPIM3, &[0x05, 0])[1], 2);
}

#[test]
fn plain_spi_reads_the_external_flash_byte_by_byte() {
    let mut bench = flash_master(SPIM1);
    bench.write(SPIM1 + 0x500, 1);
    bench.write(P0 + 0x50C, 1 << 17);
    let came = [0x9F, 0, 0, 0].map(|byte| {
        bench.write(SPIM1 + 0x51C, byte);
        bench.pass(64);
        assert!(bench.take_event(SPIM1 + 0x108));
        bench.read(SPIM1 + 0x518)
    });
    assert_eq!(came, [0xFF, 0xC2, 0x28, 0x17]);
}
