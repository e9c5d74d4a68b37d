//! What a test sees of a machine and does to it: snapshots, hooks, traces, serial lines.

mod support;

use emulator::machine::{Action, Skip};
use emulator::rtt::Rtt;
use emulator::Stop;
use std::time::Duration;
use support::{counter, machine, ticking, Code, CODE, RAM};

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
