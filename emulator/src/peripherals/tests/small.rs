//! RNG, TEMP, ECB and WDT.

use super::{Bench, RAM};
use crate::bus::context::ResetCause;
use crate::time::{low_frequency_cycle, MICROSECOND, MILLISECOND};

const RNG: u32 = 0x4000_D000;
const WDT: u32 = 0x4001_0000;
const ECB: u32 = 0x4000_E000;
const TEMP: u32 = 0x4000_C000;

#[test]
fn random_bytes_come_one_by_one() {
    let mut bench = Bench::new();
    bench.write(RNG + 0x504, 1);
    bench.write(RNG, 1);
    let mut bytes = Vec::new();
    for _ in 0..32 {
        while bench.read(RNG + 0x100) == 0 {
            bench.pass(MICROSECOND);
        }
        bench.write(RNG + 0x100, 0);
        bytes.push(bench.read(RNG + 0x508));
    }
    assert!(bench.now() > 31 * 120 * MICROSECOND);
    bytes.sort_unstable();
    bytes.dedup();
    assert!(bytes.len() > 20, "{bytes:?}");
    bench.write(RNG + 0x200, 1);
    bench.pass(MILLISECOND);
    bench.write(RNG + 0x100, 0);
    bench.pass(MILLISECOND);
    assert_eq!(bench.read(RNG + 0x100), 0, "the shortcut stopped it");
}

#[test]
fn ecb_encrypts_the_standard_block() {
    // FIPS 197, appendix B.
    let mut bench = Bench::new();
    let key = [
        0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f,
        0x3c,
    ];
    let clear = [
        0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07,
        0x34,
    ];
    bench.put(RAM, &key);
    bench.put(RAM + 16, &clear);
    bench.write(ECB + 0x504, RAM);
    bench.write(ECB, 1);
    bench.pass(10 * MICROSECOND);
    assert!(bench.take_event(ECB + 0x100));
    assert_eq!(
        bench.get(RAM + 32, 16),
        [
            0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a,
            0x0b, 0x32
        ]
    );
}

#[test]
fn the_temperature_is_in_quarter_degrees() {
    let mut bench = Bench::new();
    bench.part.context.outside.temperature_quarters = -41;
    bench.write(TEMP, 1);
    bench.pass(40 * MICROSECOND);
    assert!(bench.take_event(TEMP + 0x100));
    assert_eq!(bench.read(TEMP + 0x508) as i32, -41);
}

#[test]
fn the_watchdog_is_fed_or_resets() {
    let mut bench = Bench::new();
    bench.write(WDT + 0x504, 32_768 - 1);
    bench.write(WDT + 0x508, 3);
    bench.write(WDT, 1);
    bench.write(WDT + 0x504, 99);
    assert_eq!(bench.read(WDT + 0x504), 32_767, "locked while it runs");
    for _ in 0..3 {
        bench.pass(low_frequency_cycle(30_000));
        bench.write(WDT + 0x600, 0x6E52_4635);
        assert_eq!(bench.read(WDT + 0x404), 2);
        bench.write(WDT + 0x604, 0x6E52_4635);
    }
    bench.write(WDT + 0x600, 0x6E52_4635);
    bench.pass(low_frequency_cycle(32_768));
    assert!(bench.take_event(WDT + 0x100), "one request is not enough");
    assert_eq!(bench.part.context.reset, None);
    bench.pass(low_frequency_cycle(3));
    assert_eq!(bench.part.context.reset, Some(ResetCause::Watchdog));
}

#[test]
fn a_software_reset_does_not_stop_the_watchdog() {
    let mut bench = Bench::new();
    bench.write(WDT + 0x504, 32_767);
    bench.write(WDT, 1);
    bench.part.reset(Some(ResetCause::Software));
    assert_eq!(bench.read(WDT + 0x400), 1);
    bench.part.reset(Some(ResetCause::Pin));
    assert_eq!(bench.read(WDT + 0x400), 0);
}

#[test]
fn registers_have_their_values_of_reset() {
    let mut bench = Bench::new();
    for (address, value) in [
        (TEMP + 0x520, 0x326),
        (TEMP + 0x540, 0x3FEF),
        (TEMP + 0x570, 0x50),
        (WDT + 0x404, 1),
        (0x4000_3508, 0xFFFF_FFFF),
        (0x4002_F524, 0x0400_0000),
        (0x4002_9614, 0xFFFF_FFFF),
    ] {
        assert_eq!(bench.read(address), value, "{address:#x}");
    }
}
