//! The core and its run loop, with firmware of a few instructions: counting, idle
//! time, faults, code in RAM, resets for ever.

mod support;

use emulator::time::CORE_HZ;
use emulator::{Config, Machine, Stop};
use std::time::Duration;
use support::{counter, machine, ticking, Code, Firmware, CODE, RAM};

const HARD_FAULT: u32 = 3;

#[test]
fn instructions_are_counted_exactly() {
    let mut machine = machine(&counter());
    assert_eq!(machine.run_instructions(2), Stop::Instructions);
    assert_eq!(machine.pc(), CODE + 8);
    for step in 1..=30u64 {
        assert_eq!(machine.run_instructions(1), Stop::Instructions);
        assert_eq!(machine.instructions(), 2 + step);
        assert_eq!(u64::from(machine.registers().r[0]), step.div_ceil(3));
    }
    assert_eq!(machine.run_instructions(3_000_000), Stop::Instructions);
    assert_eq!(machine.registers().r[0], 1_000_010);
    assert_eq!(machine.now(), machine.instructions());
}

#[test]
fn idle_time_is_skipped() {
    let mut machine = ticking().machine();
    assert_eq!(machine.run_for(Duration::from_millis(9_990)), Stop::Time);
    assert_eq!(machine.now(), 999 * CORE_HZ / 100);
    // 1024 a second.
    assert_eq!(machine.read_word(RAM), Some(10_229));
    assert!(machine.instructions() < 400_000);
    assert!(machine.statistics().idle_cycles > 9 * CORE_HZ);
    assert_eq!(machine.statistics().interrupts[17], 10_229);
}

#[test]
fn an_address_that_is_not_there_is_a_bus_fault() {
    let mut main = Code::at(CODE);
    main.poke(0xE000_ED24, 1 << 17)
        .load(0, 0x6000_0000)
        .ldr(1, 0)
        .sleep();
    let mut handler = Code::at(CODE + 0x200);
    handler
        .load(0, 0xE000_ED28)
        .ldr(1, 0)
        .poke(RAM, 0xFA17)
        .sleep();
    let mut machine = Firmware::new(&main).vector(5, &handler).machine();
    machine.run_for(Duration::from_millis(1));
    assert_eq!(machine.read_word(RAM), Some(0xFA17));
    let registers = machine.registers();
    assert_eq!(registers.r[1], 0x8200, "BFARVALID and PRECISERR");
    assert_eq!(machine.read_word(0xE000_ED38), Some(0x6000_0000));
    assert!(machine.notes().absent.contains_key(&0x6000_0000));
}

#[test]
fn a_store_to_flash_without_enable_faults() {
    let mut main = Code::at(CODE);
    main.poke(0x8000, 0).sleep();
    let mut handler = Code::at(CODE + 0x200);
    handler.poke(RAM, 0xFA17).sleep();
    let mut machine = Firmware::new(&main).vector(HARD_FAULT, &handler).machine();
    machine.run_for(Duration::from_millis(1));
    assert_eq!(machine.read_word(RAM), Some(0xFA17));
    assert_eq!(machine.read_word(0x8000), Some(0xFFFF_FFFF));
}

#[test]
fn an_image_may_be_loaded_into_ram_by_either_of_its_addresses() {
    for base in [RAM, 0x0080_0000] {
        let mut in_ram = Code::at(base + 0x1000);
        in_ram.load(0, 0x600D).sleep();
        let mut main = Code::at(CODE);
        main.load(0, (base + 0x1000) | 1).jump(0);
        let mut image = Firmware::new(&main).image();
        image.segments.push(emulator::image::Segment {
            address: base + 0x1000,
            bytes: in_ram.bytes(),
        });
        let mut machine = Machine::new(&image, Config::default()).expect("a machine");
        machine.run_for(Duration::from_millis(1));
        assert_eq!(machine.registers().r[0], 0x600D, "{base:#x}");
    }
}

#[test]
fn dma_into_code_is_seen_by_the_core() {
    // RAM holds `adds r0, #1; bx lr`; the UART receives `adds r0, #16; bx lr`.
    let function = RAM + 0x1000;
    let mut old = Code::at(function);
    old.add(0, 1).ret();
    let mut new = Code::at(function);
    new.add(0, 16).ret();
    let mut main = Code::at(CODE);
    main.load(0, 0)
        .poke(0x4000_2514, 8)
        .poke(0x4000_2524, 0x1000_0000)
        .poke(0x4000_2500, 8)
        .poke(0x4000_2534, function)
        .poke(0x4000_2538, 4)
        .load(4, function | 1);
    for _ in 0..50 {
        main.half(0x47A0); // BLX R4
    }
    main.poke(0x4000_2000, 1).wait_for(0x4000_2110);
    main.half(0x47A0).sleep();
    let mut image = Firmware::new(&main).image();
    image.segments.push(emulator::image::Segment {
        address: function,
        bytes: old.bytes(),
    });
    let mut machine = Machine::new(&image, Config::default()).expect("a machine");
    machine.uart_input(0, &new.bytes());
    machine.run_for(Duration::from_millis(10));
    assert_eq!(machine.registers().r[0], 66);
}

#[test]
fn machines_run_on_threads() {
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let mut machine = machine(&counter());
            std::thread::spawn(move || {
                machine.run_instructions(100_000);
                machine.registers().r[0]
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("no panic"), 33_333);
    }
}

#[test]
fn the_cycle_counter_counts() {
    let mut main = Code::at(CODE);
    main.poke(0xE000_EDFC, 1 << 24)
        .poke(0xE000_1004, 0)
        .poke(0xE000_1000, 1)
        .nop()
        .nop()
        .load(7, 0xE000_1004)
        .ldr(0, 7)
        .sleep();
    let mut machine = machine(&main);
    machine.run_for(Duration::from_millis(1));
    assert_eq!(machine.registers().r[0], 5);
}

#[test]
fn system_off_stops_until_a_reset() {
    let mut main = Code::at(CODE);
    main.poke(0x4000_0500, 1).sleep();
    let mut machine = machine(&main);
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::SystemOff);
    machine.power_cycle();
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::SystemOff);
}

#[test]
fn a_part_without_firmware_locks_up_and_resets_for_ever() {
    let image = emulator::image::Image::from_raw(&[0xFF; 64]).expect("an image");
    let mut machine = Machine::new(&image, Config::default()).expect("a machine");
    assert_eq!(machine.run_for(Duration::from_millis(10)), Stop::Time);
    assert!(machine.statistics().resets[4] > 100);
}
