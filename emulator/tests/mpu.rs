//! Firmware that rewrites the MPU: cores that take turns do as a single core does, and
//! none of them runs code that has changed meanwhile.

mod support;

use emulator::image::{Image, Segment};
use emulator::machine::{Action, Cut, Skip};
use emulator::{Config, Machine, Stop};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use support::{Code, Firmware, CODE};

const RAM: u32 = 0x2000_0000;
const FAULTS: u32 = RAM;
const RAM_FUNCTION: u32 = RAM + 0x1000;
const FLASH_FUNCTION: u32 = 0x9000;
const TARGETS: u32 = RAM + 0x4000;
const NVMC_CONFIG: u32 = 0x4001_E504;
const MPU_CONTROL: u32 = 0xE000_ED94;
const MPU_BASE: u32 = 0xE000_ED9C;
const MPU_SIZE: u32 = 0xE000_EDA0;
const HARD_FAULT: u32 = 3;
/// MPU on, the default map behind the regions.
const ON: u32 = 5;
/// 32 bytes, for reading and writing or for reading only.
const READ_WRITE: u32 = 0x0300_0009;
const READ_ONLY: u32 = 0x0500_0009;
/// Steps of a round. In the first half the region comes to more places than there are
/// cores, in the second one it comes back to few.
const PLACES: u32 = 20;
const LIMIT: Duration = Duration::from_secs(1);

/// `adds register, #value; bx lr` as one word.
fn function(register: u32, value: u32) -> u32 {
    0x4770_3000 | register << 8 | value
}

/// In rounds counted in R0, moves a region from place to place, stores there (every other
/// time it is read only, the fault is counted in RAM), and calls a function in RAM that adds
/// to R1 and one in flash that adds to R2. Both change on the way. The image and the
/// address at which a round begins.
fn rounds() -> (Image, u32) {
    let mut main = Code::at(CODE);
    main.load(0, 0)
        .load(1, 0)
        .load(2, 0)
        .load(4, RAM_FUNCTION | 1)
        .load(5, FLASH_FUNCTION | 1)
        .poke(FAULTS, 0)
        .poke(RAM_FUNCTION, function(1, 1))
        .poke(MPU_CONTROL, ON);
    let top = main.here();
    for place in 0..PLACES {
        let spot = if place < PLACES / 2 { place } else { place % 3 };
        let target = TARGETS + 32 * spot;
        let size = [READ_WRITE, READ_ONLY][place as usize % 2];
        main.poke(MPU_BASE, target | 0x10)
            .poke(MPU_SIZE, size)
            .load(7, target)
            .str(0, 7)
            .half(0x47A0) // BLX R4
            .half(0x47A8); // BLX R5
        if place % 5 == 4 {
            main.poke(RAM_FUNCTION, function(1, place + 1));
        }
        if place == PLACES / 2 {
            main.poke(NVMC_CONFIG, 1)
                .poke(FLASH_FUNCTION, function(2, 1))
                .poke(NVMC_CONFIG, 0);
        }
    }
    main.add(0, 1).branch(top);
    let mut fault = Code::at(0x8000);
    fault
        .load(7, FAULTS)
        .ldr(6, 7)
        .add(6, 1)
        .str(6, 7)
        .half(0x9E06) // LDR R6, [SP, #24]
        .add(6, 2)
        .half(0x9606) // STR R6, [SP, #24]
        .ret();
    let mut image = Firmware::new(&main).vector(HARD_FAULT, &fault).image();
    image.segments.push(Segment {
        address: FLASH_FUNCTION,
        bytes: function(2, 15).to_le_bytes().to_vec(),
    });
    (image, top)
}

fn many_cores(image: &Image) -> Machine {
    Machine::new(image, Config::default()).expect("a machine")
}

fn one_core(image: &Image) -> Machine {
    Machine::with_one_core(image, Config::default()).expect("a machine")
}

/// R1, R2 and the faults after so many rounds.
fn expected(rounds: u32) -> (u32, u32, u32) {
    let later = rounds - 1;
    (155 + 250 * later, 11 * 15 + 9 + 20 * later, 10 * rounds)
}

fn counts(machine: &mut Machine) -> (u32, u32, u32) {
    let registers = machine.registers();
    let faults = machine.read_word(FAULTS).expect("RAM");
    (registers.r[1], registers.r[2], faults)
}

fn assert_equal(many: &mut Machine, one: &mut Machine) {
    assert_eq!(many.instructions(), one.instructions());
    assert_eq!(many.now(), one.now());
    assert_eq!(many.registers(), one.registers());
    assert!(many.flash() == one.flash());
    for (start, length) in [(RAM, 0x8000), (0xE000_ED90, 0x2C), (0xE000_ED24, 4)] {
        assert_eq!(
            many.read_memory(start, length),
            one.read_memory(start, length)
        );
    }
}

#[test]
fn cores_that_take_turns_do_as_one() {
    let (image, top) = rounds();
    let (mut many, mut one) = (many_cores(&image), one_core(&image));
    for step in 1..150 {
        assert_eq!(many.run_instructions(step), one.run_instructions(step));
        assert_equal(&mut many, &mut one);
    }
    assert!(many.hand_overs() > 200);
    assert_eq!(one.hand_overs(), 0);
    for machine in [&mut many, &mut one] {
        machine.add_breakpoint(top);
        assert_eq!(machine.run_for(LIMIT), Stop::Breakpoint(top));
        let rounds = machine.registers().r[0];
        assert!(rounds > 20);
        assert_eq!(counts(machine), expected(rounds));
    }
    assert_equal(&mut many, &mut one);
}

#[test]
fn hooks_and_skips_reach_every_core() {
    let (image, top) = rounds();
    let run = |machine: &mut Machine| {
        // Half a round, so that some cores are there already and others not yet.
        machine.run_instructions(200);
        let calls = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&calls);
        machine.add_hook(
            FLASH_FUNCTION,
            Box::new(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                Action::Continue
            }),
        );
        machine.add_skip(Skip {
            address: RAM_FUNCTION,
            first: 30,
            count: 50,
        });
        machine.add_breakpoint(top);
        for _ in 0..10 {
            assert_eq!(machine.run_for(LIMIT), Stop::Breakpoint(top));
        }
        machine.remove_hooks(top);
        machine.run_instructions(1000);
        calls.load(Ordering::Relaxed)
    };
    let (mut many, mut one) = (many_cores(&image), one_core(&image));
    let calls = run(&mut many);
    assert!(calls > 180);
    assert_eq!(calls, run(&mut one));
    assert_equal(&mut many, &mut one);
}

#[test]
fn states_go_back_and_forth_between_configurations() {
    let (image, top) = rounds();
    let (mut many, mut one) = (many_cores(&image), one_core(&image));
    many.run_instructions(100);
    let early = many.save();
    many.run_instructions(5_000);
    let late = many.save();
    for (state, instructions) in [(&early, 777), (&late, 4_001), (&early, 9_999)] {
        many.restore(state).expect("its own state");
        many.run_instructions(instructions);
    }
    one.run_instructions(100 + 9_999);
    assert_equal(&mut many, &mut one);

    // Another machine, which has never seen the configuration.
    let bytes = late.to_bytes();
    let late = emulator::machine::Snapshot::from_bytes(&bytes).expect("a snapshot");
    let mut other = many_cores(&image);
    other.restore(&late).expect("a state of the same part");
    other.add_breakpoint(top);
    assert_eq!(other.run_for(LIMIT), Stop::Breakpoint(top));
    let rounds = other.registers().r[0];
    assert_eq!(counts(&mut other), expected(rounds));
}

#[test]
fn resets_and_cuts_leave_nothing_behind() {
    let (image, _) = rounds();
    let run = |mut machine: Machine| {
        machine.run_instructions(3_000);
        machine.reset_pin();
        assert_eq!(machine.read_word(MPU_CONTROL), Some(0));
        machine.run_instructions(3_001);
        machine.set_cut(Some(Cut::Instruction(machine.instructions() + 1_234)));
        assert_eq!(machine.run_for(LIMIT), Stop::PowerCut);
        machine.power_cycle();
        machine.run_instructions(2_345);
        machine.set_register(3, 0x1234);
        machine.run_instructions(100);
        machine
    };
    let (mut many, mut one) = (run(many_cores(&image)), run(one_core(&image)));
    assert_equal(&mut many, &mut one);
    assert_eq!(many.registers().r[3], 0x1234);
}

#[test]
fn a_debugger_writes_the_mpu_too() {
    let (image, _) = rounds();
    let (mut many, mut one) = (many_cores(&image), one_core(&image));
    for machine in [&mut many, &mut one] {
        machine.run_instructions(2_000);
        assert_eq!(machine.write_core_word(MPU_CONTROL, 0), Some(0));
        machine.run_instructions(500);
        assert_eq!(machine.write_core_word(MPU_CONTROL, ON), Some(ON));
        machine.run_instructions(500);
    }
    assert_equal(&mut many, &mut one);
}

#[test]
fn a_machine_runs_no_code_of_the_one_before() {
    let adding = |value: u32| {
        let mut main = Code::at(CODE);
        main.load(0, 0).load(4, FLASH_FUNCTION | 1);
        let top = main.here();
        main.half(0x47A0).branch(top);
        let mut image = Firmware::new(&main).image();
        image.segments.push(Segment {
            address: FLASH_FUNCTION,
            bytes: function(0, value).to_le_bytes().to_vec(),
        });
        image
    };
    for value in 1..20 {
        let mut machine = many_cores(&adding(value));
        assert_eq!(machine.instructions(), 0);
        let called = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&called);
        machine.add_hook(
            FLASH_FUNCTION,
            Box::new(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                Action::Continue
            }),
        );
        machine.trace(FLASH_FUNCTION, FLASH_FUNCTION + 4);
        machine.run_instructions(4 + 4 * 100);
        assert_eq!(called.load(Ordering::Relaxed), 100);
        assert_eq!(machine.registers().r[0], 100 * value, "hooks and code");
    }
}
