//! PWM: the times of its sequences.

use super::{Bench, RAM};
use crate::time::{Cycles, MICROSECOND};

const PWM1: u32 = 0x4002_1000;
const PPI: u32 = 0x4001_F000;
const EGU0: u32 = 0x4001_4000;
const STOPPED: u32 = PWM1 + 0x104;
const STARTED: [u32; 2] = [PWM1 + 0x108, PWM1 + 0x10C];
const END: [u32; 2] = [PWM1 + 0x110, PWM1 + 0x114];
const PERIOD_END: u32 = PWM1 + 0x118;
const LOOPS_DONE: u32 = PWM1 + 0x11C;
/// COUNTERTOP 1,000 at 1 MHz.
const PERIOD: Cycles = 1_000 * MICROSECOND;

/// Sequence 0 of two steps and sequence 1 of one, each two periods long.
fn enabled() -> Bench {
    let mut bench = Bench::new();
    bench.write(PWM1 + 0x508, 1_000);
    bench.write(PWM1 + 0x50C, 4);
    for (sequence, count) in [(0x520, 2), (0x540, 1)] {
        bench.write(PWM1 + sequence, RAM);
        bench.write(PWM1 + sequence + 4, count);
    }
    bench.write(PWM1 + 0x500, 1);
    bench
}

#[test]
fn a_sequence_ends_with_its_last_value_and_is_repeated() {
    let mut bench = enabled();
    bench.write(PWM1 + 0x08, 1);
    assert!(bench.take_event(STARTED[0]));
    bench.pass(2 * PERIOD - 1);
    assert!(!bench.take_event(END[0]));
    bench.pass(1);
    assert!(bench.take_event(END[0]));
    assert!(bench.take_event(PERIOD_END));
    bench.pass(10 * PERIOD);
    assert!(!bench.take_event(STARTED[1]) && !bench.take_event(LOOPS_DONE));
    assert!(bench.take_event(PERIOD_END), "the last value goes on");
    bench.pass(PERIOD / 2);
    bench.write(PWM1 + 0x04, 1);
    assert!(!bench.take_event(STOPPED), "at the end of the period");
    bench.pass(PERIOD / 2);
    assert!(bench.take_event(STOPPED));
    bench.write(PERIOD_END, 0);
    bench.pass(2 * PERIOD);
    assert!(!bench.take_event(PERIOD_END));
}

#[test]
fn loops_play_both_sequences_and_stop() {
    let mut bench = enabled();
    bench.write(PWM1 + 0x514, 2);
    bench.write(PWM1 + 0x54C, 3);
    bench.write(PWM1 + 0x200, 1 << 4);
    bench.write(PWM1 + 0x304, 1 << 7);
    bench.write(PWM1 + 0x08, 1);
    // Two loops of two steps, one step and three periods of delay.
    bench.pass(2 * (4 + 2 + 3) * PERIOD - 1);
    assert!(bench.take_event(STARTED[1]) && bench.take_event(END[1]));
    assert!(!bench.line(33));
    bench.pass(1);
    assert!(bench.take_event(LOOPS_DONE));
    bench.pass(PERIOD);
    assert!(bench.take_event(STOPPED));
}

#[test]
fn periods_reach_ppi_one_by_one() {
    let mut bench = enabled();
    bench.write(PPI + 0x510, PERIOD_END);
    bench.write(PPI + 0x514, EGU0);
    bench.write(PPI + 0x504, 1);
    bench.write(PWM1 + 0x504, 1);
    bench.write(PWM1 + 0x08, 1);
    for _ in 0..5 {
        bench.pass(2 * PERIOD - 1);
        assert!(!bench.take_event(EGU0 + 0x100));
        bench.pass(1);
        assert!(bench.take_event(EGU0 + 0x100), "up and down");
    }
    bench.write(PWM1 + 0x500, 0);
    bench.pass(4 * PERIOD);
    assert!(!bench.take_event(EGU0 + 0x100));
}

#[test]
fn a_listener_that_comes_late_hears_the_periods_from_then_on() {
    let mut bench = enabled();
    bench.write(PPI + 0x510, PERIOD_END);
    bench.write(PPI + 0x514, EGU0);
    bench.write(PPI + 0x800, 1);
    bench.write(PWM1 + 0x08, 1);
    bench.pass(20 * PERIOD + PERIOD / 2);
    bench.write(PPI + 0x504, 1);
    assert!(!bench.take_event(EGU0 + 0x100), "those before are over");
    bench.pass(PERIOD / 2 - 1);
    assert!(!bench.take_event(EGU0 + 0x100));
    bench.pass(1);
    assert!(bench.take_event(EGU0 + 0x100));
    // The same by the task of a channel group.
    bench.write(PPI + 0x04, 1);
    bench.pass(20 * PERIOD + PERIOD / 2);
    bench.write(PPI, 1);
    bench.pass(PERIOD / 2);
    assert!(bench.take_event(EGU0 + 0x100));
    bench.pass(PERIOD / 2);
    bench.write(PWM1 + 0x04, 1);
    bench.pass(PERIOD / 2 - 1);
    assert!(!bench.take_event(STOPPED));
    bench.pass(1);
    assert!(bench.take_event(STOPPED));
}

#[test]
fn a_stop_heard_late_is_at_the_end_of_the_period() {
    let mut bench = enabled();
    bench.write(PPI + 0x510, PERIOD_END);
    bench.write(PWM1 + 0x08, 1);
    bench.pass(20 * PERIOD + PERIOD / 2);
    bench.write(PPI + 0x504, 1);
    bench.write(PWM1 + 0x04, 1);
    let next = bench.part.context.wakes.next();
    assert_eq!(next, bench.now() + PERIOD / 2, "and not in the past");
    bench.pass(PERIOD / 2);
    assert!(bench.take_event(STOPPED));
}

#[test]
fn a_waveform_brings_its_own_periods() {
    let mut bench = enabled();
    let values = [1, 1, 1, 500, 1, 1, 1, 250u16];
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    bench.put(RAM, &bytes);
    bench.write(PWM1 + 0x510, 3);
    bench.write(PWM1 + 0x524, 8);
    bench.write(PWM1 + 0x528, 0);
    bench.write(PWM1 + 0x08, 1);
    bench.pass(500 * MICROSECOND - 1);
    assert!(!bench.take_event(END[0]));
    bench.pass(1);
    assert!(bench.take_event(END[0]));
}
