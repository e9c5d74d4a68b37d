//! The machine with firmware of a few instructions: run loop, faults, flash
//! stalls, power cuts, snapshots, DMA into code, watching and skipping.

mod support;

use emulator::machine::{Action, Cut, Skip};
use emulator::rtt::Rtt;
use emulator::time::{CORE_HZ, MICROSECOND, MILLISECOND};
use emulator::{Config, Machine, Stop};
use std::time::Duration;
use support::{machine, Code, Firmware, CODE};

const RAM: u32 = 0x2000_0000;
const NVMC_CONFIG: u32 = 0x4001_E504;
const NVMC_ERASE: u32 = 0x4001_E508;
const ENABLE_INTERRUPTS: u32 = 0xE000_E100;
const HARD_FAULT: u32 = 3;

/// Counts in R0 for ever.
fn counter() -> Code {
    let mut code = Code::at(CODE);
    code.load(0, 0);
    let top = code.here();
    code.add(0, 1).nop().branch(top);
    code
}

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
fn the_same_run_gives_the_same_state_however_it_is_cut() {
    let code = counter();
    let (mut one, mut other) = (machine(&code), machine(&code));
    one.run_for(Duration::from_millis(3));
    for _ in 0..3000 {
        other.run_for(Duration::from_micros(1));
    }
    assert_eq!(one.registers(), other.registers());
    assert_eq!(one.now(), other.now());
    assert_eq!(one.save().to_bytes(), other.save().to_bytes());
}

/// RTC1 interrupts every 32 ticks; the handler counts in RAM.
fn ticking() -> Firmware {
    let mut main = Code::at(CODE);
    main.poke(RAM, 0)
        .poke(0x4000_0008, 1)
        .poke(0x4001_1540, 32)
        .poke(0x4001_1304, 1 << 16)
        .poke(0x4001_1000, 1)
        .poke(ENABLE_INTERRUPTS, 1 << 17)
        .sleep();
    let mut handler = Code::at(CODE + 0x200);
    handler
        .poke(0x4001_1140, 0)
        .load(0, 0x4001_1540)
        .ldr(1, 0)
        .add(1, 32)
        .str(1, 0)
        .load(0, RAM)
        .ldr(1, 0)
        .add(1, 1)
        .str(1, 0)
        .ret();
    Firmware::new(&main).vector(16 + 17, &handler)
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

#[test]
fn a_snapshot_goes_back_and_forth() {
    let mut machine = ticking().machine();
    machine.run_for(Duration::from_millis(700));
    let saved = machine.save();
    machine.run_for(Duration::from_millis(1234));
    let (registers, now, count) = (machine.registers(), machine.now(), machine.read_word(RAM));
    machine.restore(&saved).expect("its own state");
    machine.run_for(Duration::from_millis(1234));
    assert_eq!(machine.registers(), registers);
    assert_eq!(machine.now(), now);
    assert_eq!(machine.read_word(RAM), count);

    let bytes = saved.to_bytes();
    let again = emulator::machine::Snapshot::from_bytes(&bytes).expect("well formed");
    let mut fresh = ticking().machine();
    fresh.restore(&again).expect("the same part");
    fresh.run_for(Duration::from_millis(1234));
    assert_eq!(fresh.registers(), registers);
    assert_eq!(fresh.read_word(RAM), count);
    assert!(emulator::machine::Snapshot::from_bytes(&bytes[..bytes.len() / 2]).is_err());
    assert!(emulator::machine::Snapshot::from_bytes(b"WLSNAP01").is_err());
    assert!(emulator::machine::Snapshot::from_bytes(b"something else").is_err());
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
fn hooks_see_and_skip() {
    let code = counter();
    let add = CODE + 8;
    let mut machine = machine(&code);
    assert!(machine.add_skip(Skip {
        address: add,
        first: 3,
        count: 2,
    }));
    machine.run_instructions(2 + 3 * 10);
    // Two of ten rounds had two instructions only.
    assert_eq!(machine.registers().r[0], 10 - 2 + 1);
    machine.remove_hooks(add);
    let (sender, receiver) = std::sync::mpsc::channel();
    machine.add_hook(
        add,
        Box::new(move |hit| {
            sender.send((hit.instructions, hit.r[0])).expect("open");
            if hit.r[0] == 20 {
                Action::Stop
            } else {
                Action::Continue
            }
        }),
    );
    assert_eq!(
        machine.run_for(Duration::from_millis(1)),
        Stop::Breakpoint(add)
    );
    assert_eq!(machine.pc(), add);
    let hits: Vec<(u64, u32)> = receiver.try_iter().collect();
    assert_eq!(hits.last().map(|hit| hit.1), Some(20));
    assert!(hits.windows(2).all(|pair| pair[1].0 - pair[0].0 == 3));
    machine.remove_hooks(add);
    let limit = Duration::from_millis(1);
    assert_eq!(machine.count_between(add, add + 4, limit), Some(2));
    assert_eq!(machine.count_between(add, 0x9000, limit), None);
}

#[test]
fn accesses_are_traced_with_their_values() {
    let mut main = Code::at(CODE);
    main.poke(RAM + 0x40, 7)
        .poke(RAM + 0x80, 8)
        .load(0, RAM + 0x40)
        .ldr(1, 0)
        .sleep();
    let mut machine = machine(&main);
    machine.trace(RAM + 0x40, RAM + 0x44);
    machine.run_for(Duration::from_millis(1));
    let records = machine.stop_trace();
    let seen: Vec<(bool, u32, Option<u32>)> = records
        .iter()
        .map(|record| (record.write, record.address, record.value))
        .collect();
    assert_eq!(
        seen,
        [(true, RAM + 0x40, Some(7)), (false, RAM + 0x40, Some(7))]
    );
    assert_eq!(records[0].pc, CODE + 16);
    assert_eq!(machine.read_word(RAM + 0x80), Some(8));
}

#[test]
fn uarts_talk_and_text_is_waited_for() {
    let mut main = Code::at(CODE);
    main.poke(RAM, u32::from_le_bytes(*b"ping"))
        .poke(0x4000_250C, 6)
        .poke(0x4000_2524, 0x01D6_0000)
        .poke(0x4000_2500, 8)
        .poke(0x4000_2544, RAM)
        .poke(0x4000_2548, 4)
        .poke(0x4000_2008, 1)
        .wait_for(0x4000_2120)
        .sleep();
    let mut machine = machine(&main);
    let limit = Duration::from_millis(100);
    assert_eq!(machine.run_until_uart(0, "ping", limit), Stop::Found);
    assert!(machine.seconds() < 0.002);
    assert_eq!(machine.run_until_uart(0, "pong", limit), Stop::Time);
    assert_eq!(machine.take_uart_output(0), b"ping");
}

#[test]
fn rtt_text_is_read_and_its_ring_moves() {
    let mut machine = machine(&counter());
    let block = RAM + 0x2000;
    let mut bytes = b"SEGGER RTT\0\0\0\0\0\0".to_vec();
    for word in [1, 0, 0, RAM + 0x3000, 8, 3, 6, 0u32] {
        bytes.extend(word.to_le_bytes());
    }
    machine.write_memory(RAM + 0x3000, b"llo___he");
    machine.write_memory(block, &bytes);
    let mut rtt = Rtt::new();
    assert_eq!(rtt.read(&mut machine), b"hello");
    assert_eq!(rtt.address(), Some(block));
    assert_eq!(rtt.read(&mut machine), b"");
    // A hostile descriptor reads nothing.
    machine.write_memory(block + 32, &u32::MAX.to_le_bytes());
    machine.write_memory(block + 36, &u32::MAX.to_le_bytes());
    assert_eq!(rtt.read(&mut machine), b"");
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

/// The meter's sampling chain with a CPU that counts meanwhile.
fn sampling() -> Code {
    const SAADC: u32 = 0x4000_7000;
    let mut main = Code::at(CODE);
    main.poke(SAADC + 0x510, 2)
        .poke(SAADC + 0x520, 3)
        .poke(SAADC + 0x530, 5)
        .poke(SAADC + 0x500, 1)
        .poke(SAADC + 0x62C, RAM)
        .poke(SAADC + 0x630, 240)
        .poke(0x4000_9510, 4)
        .poke(0x4000_9508, 3)
        .poke(0x4000_9540, 250)
        .poke(0x4000_9200, 1)
        .poke(0x4001_F510, 0x4000_9140)
        .poke(0x4001_F514, SAADC + 0x04)
        .poke(0x4001_F518, SAADC + 0x104)
        .poke(0x4001_F51C, SAADC)
        .poke(0x4001_F504, 3)
        .poke(SAADC, 1)
        .poke(0x4000_9000, 1)
        .load(0, 0);
    let top = main.here();
    main.add(0, 1).nop().branch(top);
    main
}

#[test]
fn a_state_saved_within_a_block_of_samples_goes_on_alike() {
    let load = || {
        let mains = emulator::mains::Mains::parse("sine:230V,5A").expect("a load");
        Box::new(emulator::front_end::FrontEnd::from_seed(mains, 5))
    };
    let mut whole = machine(&sampling());
    whole.set_analog(load());
    let mut parts = machine(&sampling());
    parts.set_analog(load());
    whole.run_for(Duration::from_millis(47));
    parts.run_for(Duration::from_micros(13_377));
    let saved = parts.save();
    parts.run_for(Duration::from_millis(3));
    parts.restore(&saved).expect("its own state");
    parts.run_to(whole.now());
    assert_eq!(whole.statistics().samples, 47 * 4 * 3 - 3);
    assert_eq!(whole.save().to_bytes(), parts.save().to_bytes());
}
