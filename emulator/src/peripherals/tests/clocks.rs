//! CLOCK, POWER, TIMER, RTC, PPI and EGU.

use super::Bench;
use crate::bus::context::ResetCause;
use crate::time::{low_frequency_cycle, MICROSECOND, MILLISECOND};

const TIMER1: u32 = 0x4000_9000;
const RTC1: u32 = 0x4001_1000;
const PPI: u32 = 0x4001_F000;
const EGU0: u32 = 0x4001_4000;
const COMPARE0: u32 = 0x140;

#[test]
fn the_crystals_take_their_time() {
    let mut bench = Bench::new();
    bench.write(0x4000_0518, 1);
    bench.write(0x4000_0000, 1);
    bench.write(0x4000_0008, 1);
    assert_eq!(bench.read(0x4000_0100), 0);
    bench.pass(400 * MICROSECOND);
    assert_eq!(bench.read(0x4000_0100), 1);
    assert_eq!(bench.read(0x4000_040C), 0x0001_0001);
    assert_eq!(bench.read(0x4000_0104), 0, "the 32 kHz crystal is slow");
    assert_eq!(bench.read(0x4000_0418), 0x0001_0000, "RC meanwhile");
    bench.pass(MILLISECOND);
    assert_eq!(bench.read(0x4000_0104), 1);
    assert_eq!(bench.read(0x4000_0418), 0x0001_0001);
}

#[test]
fn a_timer_compares_clears_and_captures() {
    let mut bench = Bench::new();
    bench.write(TIMER1 + 0x510, 4); // 1 MHz
    bench.write(TIMER1 + 0x508, 3);
    bench.write(TIMER1 + 0x540, 250);
    bench.write(TIMER1 + 0x200, 1);
    bench.write(TIMER1 + 0x304, 1 << 16);
    bench.write(TIMER1, 1);
    bench.pass(249 * MICROSECOND);
    assert!(!bench.line(9));
    bench.pass(MICROSECOND);
    assert!(bench.line(9));
    assert!(bench.take_event(TIMER1 + COMPARE0));
    assert!(!bench.line(9));
    bench.pass(100 * MICROSECOND);
    bench.write(TIMER1 + 0x44, 1);
    assert_eq!(bench.read(TIMER1 + 0x544), 100);
    bench.pass(250 * MICROSECOND);
    assert!(bench.take_event(TIMER1 + COMPARE0));
    bench.write(TIMER1 + 0x04, 1);
    bench.pass(1000 * MICROSECOND);
    assert!(!bench.take_event(TIMER1 + COMPARE0));
}

#[test]
fn a_counter_counts_events_through_ppi() {
    let mut bench = Bench::new();
    bench.write(TIMER1 + 0x504, 1);
    bench.write(TIMER1 + 0x540, 3);
    bench.write(TIMER1, 1);
    bench.write(PPI + 0x510, EGU0 + 0x100);
    bench.write(PPI + 0x514, TIMER1 + 0x08);
    bench.write(PPI + 0x910, EGU0 + 0x04);
    bench.write(PPI + 0x504, 1);
    for _ in 0..2 {
        bench.write(EGU0, 1);
    }
    assert_eq!(bench.read(TIMER1 + COMPARE0), 0);
    bench.write(EGU0, 1);
    assert_eq!(bench.read(TIMER1 + COMPARE0), 1);
    assert_eq!(bench.read(EGU0 + 0x104), 1, "the fork");
}

#[test]
fn ppi_groups_switch_their_channels() {
    let mut bench = Bench::new();
    bench.write(PPI + 0x510, EGU0 + 0x100);
    bench.write(PPI + 0x514, EGU0 + 0x08);
    bench.write(PPI + 0x800, 1);
    bench.write(EGU0, 1);
    assert_eq!(bench.read(EGU0 + 0x108), 0);
    bench.write(PPI, 1);
    bench.write(EGU0, 1);
    assert_eq!(bench.read(EGU0 + 0x108), 1);
    bench.write(EGU0 + 0x108, 0);
    bench.write(PPI + 0x04, 1);
    bench.write(EGU0, 1);
    assert_eq!(bench.read(EGU0 + 0x108), 0);
}

#[test]
fn a_loop_of_ppi_ends() {
    let mut bench = Bench::new();
    bench.write(PPI + 0x510, EGU0 + 0x100);
    bench.write(PPI + 0x514, EGU0);
    bench.write(PPI + 0x504, 1);
    bench.write(EGU0, 1);
    assert_eq!(bench.read(EGU0 + 0x100), 1);
}

fn rtc_running() -> Bench {
    let mut bench = Bench::new();
    bench.write(0x4000_0008, 1);
    bench.write(RTC1 + 0x304, 1 << 16);
    bench.write(RTC1, 1);
    bench
}

#[test]
fn the_rtc_counts_and_compares() {
    let mut bench = rtc_running();
    bench.write(RTC1 + 0x540, 100);
    bench.pass(low_frequency_cycle(100) - 1 - bench.now());
    assert_eq!(bench.read(RTC1 + 0x504), 99);
    assert!(!bench.line(17));
    bench.pass(1);
    assert_eq!(bench.read(RTC1 + 0x504), 100);
    assert!(bench.line(17));
}

#[test]
fn a_compare_too_near_is_missed() {
    for (ahead, comes) in [(0, false), (1, false), (2, true), (3, true)] {
        let mut bench = rtc_running();
        bench.pass(low_frequency_cycle(50));
        let count = bench.read(RTC1 + 0x504);
        bench.write(RTC1 + 0x540, count + ahead);
        bench.pass(low_frequency_cycle(10));
        assert_eq!(bench.line(17), comes, "{ahead} ticks ahead");
    }
}

#[test]
fn an_rtc_without_its_clock_stands() {
    let mut bench = Bench::new();
    bench.write(RTC1, 1);
    bench.pass(10 * MILLISECOND);
    assert_eq!(bench.read(RTC1 + 0x504), 0);
    bench.write(0x4000_0008, 1);
    bench.pass(10 * MILLISECOND);
    assert!(bench.read(RTC1 + 0x504) >= 326);
}

#[test]
fn overflow_and_tick_need_their_enables() {
    let mut bench = rtc_running();
    bench.write(RTC1 + 0x304, 1 << 1);
    bench.write(RTC1 + 0x0C, 1);
    bench.pass(low_frequency_cycle(17));
    assert_eq!(bench.read(RTC1 + 0x104), 1);
    assert_eq!(bench.read(RTC1 + 0x100), 0, "TICK was not enabled");
}

#[test]
fn resets_keep_what_the_product_specification_says() {
    let mut bench = Bench::new();
    bench.write(0x4000_051C, 0x57);
    bench.part.reset(Some(ResetCause::Software));
    assert_eq!(bench.read(0x4000_051C), 0x57);
    assert_eq!(bench.read(0x4000_0400), 1 << 2);
    bench.part.reset(Some(ResetCause::Watchdog));
    assert_eq!(bench.read(0x4000_0400), 1 << 2 | 1 << 1, "it accumulates");
    assert_eq!(bench.read(0x4000_051C), 0);
    bench.write(0x4000_0400, 1 << 2);
    assert_eq!(bench.read(0x4000_0400), 1 << 1);
    bench.part.reset(None);
    assert_eq!(bench.read(0x4000_0400), 0);
}
