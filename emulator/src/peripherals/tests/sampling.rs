//! SAADC with its timer, PPI and double buffers.

use super::{Bench, RAM};
use crate::bus::sampling::deadline;
use crate::time::{Cycles, MICROSECOND};

const SAADC: u32 = 0x4000_7000;
const TIMER1: u32 = 0x4000_9000;
const PPI: u32 = 0x4001_F000;
const END: u32 = SAADC + 0x104;
/// 10 us of acquisition, 2 us of conversion.
const CONVERSION: Cycles = 12 * MICROSECOND;

/// Three channels, buffers of `scans` scans, started.
fn scanning(scans: u32) -> Bench {
    let mut bench = Bench::new();
    for channel in 0..3 {
        bench.write(SAADC + 0x510 + 16 * channel, channel + 1);
        bench.write(SAADC + 0x518 + 16 * channel, 2 << 16);
    }
    bench.write(SAADC + 0x5F0, 3);
    bench.write(SAADC + 0x500, 1);
    bench.write(SAADC + 0x62C, RAM);
    bench.write(SAADC + 0x630, 3 * scans);
    bench.write(SAADC, 1);
    assert!(bench.take_event(SAADC + 0x100));
    bench
}

fn results(bench: &Bench, at: u32, count: usize) -> Vec<i16> {
    bench
        .get(at, 2 * count)
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

#[test]
fn a_scan_converts_channel_after_channel() {
    let mut bench = scanning(2);
    bench.write(SAADC + 0x04, 1);
    bench.pass(2 * CONVERSION);
    assert_eq!(results(&bench, RAM, 3), [1, 1002, 0]);
    assert_eq!(bench.read(SAADC + 0x400), 1);
    bench.pass(CONVERSION);
    assert_eq!(results(&bench, RAM, 3), [1, 1002, 2003]);
    assert_eq!(bench.read(SAADC + 0x400), 0);
    assert_eq!(bench.read(END), 0);
    bench.write(SAADC + 0x04, 1);
    bench.pass(3 * CONVERSION);
    assert_eq!(bench.read(END), 1);
    assert_eq!(bench.read(SAADC + 0x634), 6);
    bench.write(SAADC + 0x04, 1);
    bench.pass(3 * CONVERSION);
    assert_eq!(bench.part.context.statistics.samples_lost, 3);
    assert_eq!(bench.part.context.statistics.samples, 6);
}

#[test]
fn a_sample_during_a_scan_is_ignored() {
    let mut bench = scanning(2);
    bench.write(SAADC + 0x04, 1);
    bench.pass(CONVERSION);
    bench.write(SAADC + 0x04, 1);
    bench.pass(10 * CONVERSION);
    assert_eq!(bench.part.context.statistics.samples, 3);
    assert_eq!(bench.part.context.statistics.sample_tasks_ignored, 1);
}

#[test]
fn limits_oversampling_and_calibration() {
    let mut bench = scanning(4);
    // High limit of channel 0 at 3, low limit off.
    bench.write(SAADC + 0x51C, 3 << 16 | 0x8000);
    for _ in 0..2 {
        bench.write(SAADC + 0x04, 1);
        bench.pass(3 * CONVERSION);
    }
    assert_eq!(bench.read(SAADC + 0x118), 1);
    assert_eq!(bench.read(SAADC + 0x11C), 0);
    bench.write(SAADC + 0x08, 1);
    assert!(bench.take_event(SAADC + 0x114));
    bench.write(SAADC + 0x0C, 1);
    bench.pass(1000 * MICROSECOND);
    assert!(bench.take_event(SAADC + 0x110));

    let mut bench = Bench::new();
    bench.write(SAADC + 0x510, 1);
    bench.write(SAADC + 0x518, 2 << 16 | 1 << 24);
    bench.write(SAADC + 0x5F4, 2);
    bench.write(SAADC + 0x500, 1);
    bench.write(SAADC + 0x62C, RAM);
    bench.write(SAADC + 0x630, 1);
    bench.write(SAADC, 1);
    bench.write(SAADC + 0x04, 1);
    bench.pass(4 * CONVERSION - 1);
    assert_eq!(bench.read(END), 0);
    bench.pass(1);
    assert_eq!(results(&bench, RAM, 1), [2], "the mean of 1, 2, 3, 4");
}

/// Channel 0 with OVERSAMPLE and room for one result, started.
fn oversampling(oversample: u32) -> Bench {
    let mut bench = Bench::new();
    bench.write(SAADC + 0x510, 1);
    bench.write(SAADC + 0x518, 2 << 16);
    bench.write(SAADC + 0x5F4, oversample);
    bench.write(SAADC + 0x500, 1);
    bench.write(SAADC + 0x62C, RAM);
    bench.write(SAADC + 0x630, 1);
    bench.write(SAADC, 1);
    bench
}

#[test]
fn without_burst_each_sample_is_one_conversion_of_the_average() {
    let mut bench = oversampling(2);
    for _ in 0..4 {
        assert_eq!(bench.read(END), 0);
        bench.write(SAADC + 0x04, 1);
        bench.pass(CONVERSION);
    }
    assert_eq!(bench.read(END), 1);
    assert_eq!(results(&bench, RAM, 1), [2], "the mean of 1, 2, 3, 4");
    assert_eq!(bench.part.context.statistics.samples, 1);
    // An average that was begun ends with the block.
    bench.write(END, 0);
    bench.write(SAADC, 1);
    bench.write(SAADC + 0x04, 1);
    bench.pass(CONVERSION);
    bench.write(SAADC, 1);
    for _ in 0..4 {
        assert_eq!(bench.read(END), 0);
        bench.write(SAADC + 0x04, 1);
        bench.pass(CONVERSION);
    }
    assert_eq!(results(&bench, RAM, 1), [7], "the mean of 6, 7, 8, 9");
}

#[test]
fn a_burst_set_in_the_first_conversion_is_no_time_before_zero() {
    let mut bench = oversampling(8);
    bench.write(SAADC + 0x04, 1);
    bench.write(SAADC + 0x518, 2 << 16 | 1 << 24);
    bench.pass(CONVERSION);
    assert_eq!(bench.read(END), 1);
    assert_eq!(results(&bench, RAM, 1), [128], "the mean of 1 to 256");
}

/// The meter's chain: TIMER1 every 250 us, SAADC restarted by its END.
fn metering(scans: u32) -> Bench {
    let mut bench = scanning(scans);
    bench.write(TIMER1 + 0x510, 4);
    bench.write(TIMER1 + 0x508, 3);
    bench.write(TIMER1 + 0x540, 250);
    bench.write(TIMER1 + 0x200, 1);
    for (channel, event, task) in [(0, TIMER1 + 0x140, SAADC + 0x04), (1, END, SAADC)] {
        bench.write(PPI + 0x510 + 8 * channel, event);
        bench.write(PPI + 0x514 + 8 * channel, task);
    }
    bench.write(PPI + 0x504, 3);
    bench.write(SAADC + 0x304, 3);
    bench.write(TIMER1, 1);
    bench
}

#[test]
fn blocks_follow_one_another_without_a_gap() {
    let mut bench = metering(80);
    let mut ends = Vec::new();
    for block in 1..=5u32 {
        bench.write(SAADC + 0x62C, RAM + 0x1000 * (block % 2));
        while bench.read(END) == 0 {
            bench.pass(MICROSECOND);
        }
        ends.push(bench.now());
        bench.write(END, 0);
        bench.write(SAADC + 0x100, 0);
    }
    for pair in ends.windows(2) {
        assert_eq!(pair[1] - pair[0], 20_000 * MICROSECOND);
    }
    let statistics = &bench.part.context.statistics;
    assert_eq!((statistics.samples, statistics.samples_lost), (1200, 0));
    assert_eq!(statistics.samples_overwritten, 0);
}

#[test]
fn a_buffer_not_replaced_is_overwritten_and_counted() {
    let mut bench = metering(8);
    bench.pass(5 * 8 * 250 * MICROSECOND);
    // The pointer in use was written before the first START only.
    assert_eq!(bench.part.context.statistics.samples_overwritten, 4 * 24);
}

#[test]
fn the_core_is_called_at_the_end_of_a_block_only() {
    let mut bench = metering(80);
    let context = &bench.part.context;
    let wake = deadline(context, &bench.part.peripherals);
    assert!(wake > 15_000 * MICROSECOND, "{wake}");
    // Never later than the end itself.
    bench.pass(wake);
    assert_eq!(bench.read(END), 0);
    let mut stops = 0;
    while bench.read(END) == 0 {
        let next = deadline(&bench.part.context, &bench.part.peripherals);
        bench.pass(next - bench.now());
        stops += 1;
        assert!(stops < 20, "too many stops before the end");
    }
    assert!(bench.line(7));
}

#[test]
fn whoever_listens_to_results_is_told_at_once() {
    let mut bench = metering(80);
    bench.write(SAADC + 0x304, 1 << 3);
    let wake = deadline(&bench.part.context, &bench.part.peripherals);
    assert!(wake <= 250 * MICROSECOND);
}

#[test]
fn the_local_timer_keeps_its_period_over_blocks() {
    let mut bench = Bench::new();
    bench.write(SAADC + 0x510, 1);
    bench.write(SAADC + 0x500, 1);
    // 16 MHz / 1600: every 100 us.
    bench.write(SAADC + 0x5F8, 1 << 12 | 1_600);
    bench.write(SAADC + 0x62C, RAM);
    bench.write(SAADC + 0x630, 10);
    bench.write(PPI + 0x510, END);
    bench.write(PPI + 0x514, SAADC);
    bench.write(PPI + 0x504, 1);
    bench.write(SAADC, 1);
    bench.pass(300 * MICROSECOND);
    assert_eq!(bench.part.context.statistics.samples, 0, "SAMPLE starts it");
    bench.write(SAADC + 0x04, 1);
    let mut ends = Vec::new();
    for step in 0..3_000u64 {
        bench.pass(MICROSECOND);
        if bench.take_event(END) {
            ends.push(step);
        }
    }
    assert_eq!(ends.len(), 3);
    assert_eq!([ends[1] - ends[0], ends[2] - ends[1]], [1_000, 1_000]);
    bench.write(SAADC + 0x08, 1);
    let taken = bench.part.context.statistics.samples;
    bench.pass(1_000 * MICROSECOND);
    assert_eq!(bench.part.context.statistics.samples, taken);
    assert_eq!(bench.part.context.statistics.samples_lost, 0);
}
