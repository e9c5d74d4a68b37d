//! Flash that is busy, power that is cut or falls, and what a reset keeps.

mod support;

use emulator::machine::Cut;
use emulator::time::{MICROSECOND, MILLISECOND};
use emulator::{Config, Machine, Stop};
use std::time::Duration;
use support::{counter, machine, Code, Firmware, CODE, RAM};

const NVMC_CONFIG: u32 = 0x4001_E504;
const NVMC_ERASE: u32 = 0x4001_E508;

#[test]
fn flash_operations_stop_the_cpu_but_not_the_timers() {
    let mut main = Code::at(CODE);
    main.poke(0x4000_9510, 4)
        .poke(0x4000_9508, 3)
        .poke(0x4000_9000, 1)
        .poke(NVMC_CONFIG, 2)
        .poke(NVMC_ERASE, 0x8000)
        .poke(0x4000_9040, 1)
        .poke(NVMC_CONFIG, 1)
        .poke(0x8000, 0x1234_5678)
        .poke(0x4000_9044, 1)
        .sleep();
    let mut machine = machine(&main);
    machine.run_for(Duration::from_millis(100));
    let erased = machine.read_word(0x4000_9540).expect("a register");
    let written = machine.read_word(0x4000_9544).expect("a register");
    assert_eq!(erased, 85_000);
    assert_eq!(written - erased, 41);
    assert_eq!(
        machine.statistics().stalled_cycles,
        85 * MILLISECOND + 41 * MICROSECOND
    );
    assert_eq!(machine.read_word(0x8000), Some(0x1234_5678));
}

#[test]
fn serial_lines_and_the_watchdog_do_not_wait_for_the_flash() {
    const UARTE: u32 = 0x4000_2000;
    let mut main = Code::at(CODE);
    main.poke(RAM, u32::from_le_bytes(*b"sent"))
        .poke(UARTE + 0x50C, 6)
        .poke(UARTE + 0x524, 0x01D6_0000)
        .poke(UARTE + 0x500, 8)
        .poke(UARTE + 0x544, RAM)
        .poke(UARTE + 0x548, 4)
        // 50 ms, and an erase of 85.
        .poke(0x4001_0504, 1_638)
        .poke(0x4001_0000, 1)
        .poke(UARTE + 0x08, 1)
        .poke(NVMC_CONFIG, 2)
        .poke(NVMC_ERASE, 0x8000)
        .poke(RAM + 8, 1)
        .sleep();
    let mut machine = machine(&main);
    machine.write_memory(RAM + 8, &[0; 4]);
    machine.run_for(Duration::from_millis(49));
    assert_eq!(machine.uart_output(0), b"sent");
    assert_eq!(machine.read_word(RAM + 8), Some(0), "the CPU stands still");
    assert_eq!(machine.statistics().resets, [1, 0, 0, 0, 0]);
    machine.run_for(Duration::from_millis(3));
    assert_eq!(machine.statistics().resets, [1, 0, 1, 0, 0]);
}

#[test]
fn code_in_ram_runs_on_while_the_flash_is_busy() {
    let in_ram = RAM + 0x1000;
    let mut ram_code = Code::at(in_ram);
    ram_code
        .poke(NVMC_CONFIG, 2)
        .poke(NVMC_ERASE, 0x8000)
        .load(0, 0);
    let top = ram_code.here();
    ram_code
        .add(0, 1)
        .load(7, 0x4001_E400)
        .ldr(6, 7)
        .compare(6, 0)
        .branch_equal(top)
        .wfi()
        .branch(top);
    let mut main = Code::at(CODE);
    main.load(0, in_ram | 1).jump(0);
    let mut image = Firmware::new(&main).image();
    image.segments.push(emulator::image::Segment {
        address: in_ram,
        bytes: ram_code.bytes(),
    });
    let mut machine = Machine::new(&image, Config::default()).expect("a machine");
    machine.run_for(Duration::from_millis(50));
    let early = machine.registers().r[0];
    assert!(early > 100_000, "{early} rounds in 50 ms");
    machine.run_for(Duration::from_millis(50));
    assert_eq!(machine.statistics().stalled_cycles, 0);
    assert!(machine.statistics().idle_cycles > 0, "READY came");
}

/// Erases a page, then writes 16 words, then sleeps.
fn writer() -> Code {
    let mut code = Code::at(CODE);
    code.poke(NVMC_CONFIG, 2)
        .poke(NVMC_ERASE, 0x8000)
        .poke(NVMC_CONFIG, 1);
    for word in 0..16 {
        code.poke(0x8000 + 4 * word, 0xA500_0000 + word);
    }
    code.sleep();
    code
}

#[test]
fn the_power_is_cut_at_each_flash_operation() {
    let start = machine(&writer()).save();
    let mut machine = machine(&writer());
    for operation in 1..=17u64 {
        machine.restore(&start).expect("its own state");
        machine.set_cut(Some(Cut::FlashOperation(operation)));
        assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
        assert_eq!(machine.flash_operations(), operation);
        assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
        for word in 0..16u32 {
            let value = machine.read_word(0x8000 + 4 * word).expect("flash");
            let written = 0xA500_0000 + word;
            let number = u64::from(word) + 2;
            if number < operation {
                assert_eq!(value, written);
            } else if number > operation {
                assert_eq!(value, 0xFFFF_FFFF);
            } else {
                assert_eq!(value & written, written, "torn, but only ones left over");
            }
        }
        machine.power_cycle();
        assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::Time);
        assert_eq!(machine.read_word(0x803C), Some(0xA500_000F));
    }
    machine.restore(&start).expect("its own state");
    machine.set_cut(Some(Cut::FlashOperation(18)));
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::Time);
}

#[test]
fn a_supply_that_falls_slowly_warns_and_then_is_gone() {
    let hold_up = Duration::from_millis(20);
    let mut machine = machine(&counter());
    machine.set_falling_cut(Cut::Instruction(1000), hold_up);
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
    assert_eq!(machine.nanoseconds(), 1000 * 125 / 8 + 20_000_000);
    assert_eq!(machine.statistics().supply_warnings, 0, "POFCON is off");

    let mut code = Code::at(CODE);
    code.poke(0x4000_0510, 1 | 15 << 1).sleep();
    let mut machine = self::machine(&code);
    machine.set_falling_cut(Cut::Time(Duration::from_millis(50)), hold_up);
    machine.run_for(Duration::from_millis(25));
    assert_eq!(machine.read_word(0x4000_0108), Some(0));
    machine.run_to(emulator::time::cycles_of(Duration::from_millis(51)));
    assert_eq!(machine.read_word(0x4000_0108), Some(1));
    let kept = machine.save();
    for _ in 0..2 {
        assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
        assert_eq!(machine.nanoseconds(), 70_000_000);
        machine.restore(&kept).expect("its own state");
    }
    assert_eq!(machine.statistics().supply_warnings, 1);
}

#[test]
fn a_cut_at_a_time_tears_the_operation_that_is_under_way() {
    let start = machine(&writer()).save();
    let mut machine = machine(&writer());
    // The page is erased for 85 ms, then 16 words of 41 us each follow.
    machine.set_cut(Some(Cut::Time(Duration::from_micros(85_300))));
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
    assert_eq!(machine.nanoseconds(), 85_300_000);
    let cut_in = machine.flash_operations();
    assert!((2..=9).contains(&cut_in), "{cut_in}");
    let after = 0x8000 + 4 * (cut_in as u32 - 1);
    assert_eq!(machine.read_word(after), Some(0xFFFF_FFFF));
    // With a warning the operation that it hits is done.
    machine.restore(&start).expect("its own state");
    machine.set_falling_cut(Cut::FlashOperation(5), Duration::from_micros(100));
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
    assert_eq!(machine.read_word(0x8000 + 4 * 3), Some(0xA500_0003));
    assert!((6..=8).contains(&machine.flash_operations()));
}

#[test]
fn an_erase_of_before_the_fall_is_torn_if_it_outlasts_the_supply() {
    let mut code = Code::at(CODE);
    code.poke(0x4000_0510, 1 | 15 << 1)
        .poke(NVMC_CONFIG, 2)
        .poke(NVMC_ERASE, 0x8000)
        .sleep();
    let mut machine = machine(&code);
    assert!(machine.write_memory(0x8000, &[0; 4096]));
    let start = machine.save();
    let mut cut = |hold_up, stops_ms: u64, erases| {
        machine.restore(&start).expect("its own state");
        machine.set_falling_cut(Cut::Time(Duration::from_millis(50)), hold_up);
        machine.run_for(Duration::from_millis(40));
        assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
        assert_eq!(machine.nanoseconds(), stops_ms * 1_000_000);
        assert_eq!(machine.statistics().supply_warnings, 1);
        assert_eq!(machine.statistics().flash_erases, erases);
        machine.read_memory(0x8000, 4096).expect("flash")
    };
    let torn = cut(Duration::from_millis(20), 70, 0);
    assert!(torn.iter().any(|byte| *byte != 0xFF));
    let erased = cut(Duration::from_millis(50), 100, 1);
    assert!(erased.iter().all(|byte| *byte == 0xFF));
}

#[test]
fn a_power_cycle_ends_a_fall_and_keeps_a_cut_to_come() {
    let hold_up = Duration::from_millis(20);
    let mut machine = machine(&counter());
    machine.set_falling_cut(Cut::Instruction(1000), hold_up);
    assert_eq!(machine.run_for(Duration::from_millis(5)), Stop::Time);
    machine.power_cycle();
    assert_eq!(machine.run_for(Duration::from_millis(50)), Stop::Time);

    let falls = Duration::from_nanos(machine.nanoseconds()) + Duration::from_millis(10);
    machine.set_falling_cut(Cut::Time(falls), hold_up);
    machine.run_for(Duration::from_millis(5));
    machine.power_cycle();
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
    let gone = Duration::from_nanos(machine.nanoseconds());
    assert_eq!(gone, falls + hold_up);
}

#[test]
fn ram_is_lost_in_a_cut_and_kept_in_a_reset() {
    let mut machine = machine(&counter());
    machine.write_memory(RAM + 0x100, b"retained");
    machine.set_cut(Some(Cut::Instruction(1000)));
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
    assert_eq!(machine.instructions(), 1000);
    assert_eq!(
        machine.read_memory(RAM + 0x100, 8).as_deref(),
        Some(&b"retained"[..])
    );
    machine.power_cycle();
    assert_ne!(
        machine.read_memory(RAM + 0x100, 8).as_deref(),
        Some(&b"retained"[..])
    );
    machine.write_memory(RAM + 0x100, b"retained");
    machine.reset_pin();
    machine.run_for(Duration::from_millis(1));
    assert_eq!(
        machine.read_memory(RAM + 0x100, 8).as_deref(),
        Some(&b"retained"[..])
    );
    assert_eq!(machine.read_word(0x4000_0400), Some(1), "RESETREAS: pin");
    assert_eq!(machine.statistics().resets, [2, 1, 0, 0, 0]);
}

#[test]
fn firmware_resets_itself_and_the_watchdog_does() {
    let mut main = Code::at(CODE);
    main.load(7, 0x4000_0400).ldr(5, 7).compare(5, 0);
    let first = main.here();
    main.nop();
    main.poke(0xE000_ED0C, 0x05FA_0004);
    let again = main.here();
    // Started the second time: the watchdog bites.
    main.poke(0x4001_0504, 327).poke(0x4001_0000, 1).sleep();
    let mut patched = Code::at(CODE);
    patched.load(7, 0x4000_0400).ldr(5, 7).compare(5, 0);
    assert_eq!(patched.here(), first);
    patched.branch_not_equal(again);
    let mut bytes = main.bytes();
    let at = (first - CODE) as usize;
    bytes[at..at + 2].copy_from_slice(&patched.bytes()[at..at + 2]);
    let mut image = Firmware::new(&main).image();
    image.segments.push(emulator::image::Segment {
        address: CODE,
        bytes,
    });
    let mut machine = Machine::new(&image, Config::default()).expect("a machine");
    machine.run_for(Duration::from_millis(1));
    assert_eq!(machine.statistics().resets, [1, 0, 0, 1, 0]);
    machine.run_for(Duration::from_millis(11));
    assert_eq!(machine.statistics().resets, [1, 0, 1, 1, 0]);
    assert_eq!(machine.read_word(0x4000_0400), Some(0b110));
}
