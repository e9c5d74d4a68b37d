//! NVMC, ACL and QSPI.

use rigless::soc::Width;

use super::{Bench, RAM};
use crate::peripherals::nvmc::{ERASE_TIME, WRITE_TIME};
use crate::time::MILLISECOND;

const NVMC: u32 = 0x4001_E000;
const CONFIG: u32 = NVMC + 0x504;
const ERASE_PAGE: u32 = NVMC + 0x508;
const ERASE_PART: u32 = NVMC + 0x518;
const QSPI: u32 = 0x4002_9000;

fn flash_word(bench: &Bench, address: u32) -> u32 {
    bench
        .part
        .context
        .memories
        .flash
        .word(address as usize)
        .expect("inside")
}

fn wait(bench: &mut Bench) {
    let until = bench.part.context.stall_until;
    bench.pass(until.saturating_sub(bench.now()));
}

#[test]
fn writes_only_clear_bits_and_take_time() {
    let mut bench = Bench::new();
    assert!(!bench.try_write(0x1000, 1), "not enabled");
    bench.write(CONFIG, 1);
    bench.write(0x1000, 0xFFFF_00FF);
    assert_eq!(bench.read(NVMC + 0x400), 0);
    assert_eq!(bench.part.context.stall_until, WRITE_TIME);
    wait(&mut bench);
    assert_eq!(bench.read(NVMC + 0x400), 1);
    bench.write(0x1000, 0x0F0F_FFFF);
    wait(&mut bench);
    assert_eq!(flash_word(&bench, 0x1000), 0x0F0F_00FF);
    assert_eq!(bench.part.context.statistics.overwritten_words, 0);
    bench.write(0x1000, 0);
    assert_eq!(bench.part.context.statistics.overwritten_words, 1);
    assert!(bench
        .part
        .context
        .notes
        .overwritten_words
        .contains_key(&0x1000));
}

#[test]
fn only_whole_words_are_written() {
    let mut bench = Bench::new();
    bench.write(CONFIG, 1);
    for (address, width) in [
        (0x1000, Width::W8),
        (0x1000, Width::W16),
        (0x1002, Width::W32),
    ] {
        assert!(
            !bench.try_store(address, width, 0),
            "{address:#x} {width:?}"
        );
    }
    assert_eq!(flash_word(&bench, 0x1000), 0xFFFF_FFFF);
    assert_eq!(bench.part.context.statistics.flash_writes, 0);
    assert!(!bench.part.context.notes.refused_flash.is_empty());
}

#[test]
fn an_erase_sets_a_page_and_allows_two_writes_again() {
    let mut bench = Bench::new();
    bench.write(CONFIG, 1);
    for _ in 0..2 {
        bench.write(0x1FFC, 0);
        wait(&mut bench);
    }
    bench.write(0x2000, 0);
    wait(&mut bench);
    assert!(!bench.try_write(ERASE_PAGE, 0x1000), "erase not enabled");
    bench.write(CONFIG, 2);
    assert!(!bench.try_write(0x1000, 0), "write not enabled");
    let begun = bench.now();
    bench.write(ERASE_PAGE, 0x1000);
    assert_eq!(bench.part.context.stall_until - begun, ERASE_TIME);
    wait(&mut bench);
    assert_eq!(flash_word(&bench, 0x1FFC), 0xFFFF_FFFF);
    assert_eq!(flash_word(&bench, 0x2000), 0);
    bench.write(CONFIG, 1);
    bench.write(0x1FFC, 0);
    let statistics = &bench.part.context.statistics;
    assert_eq!(statistics.overwritten_words, 0);
    assert_eq!(statistics.page_erases[1], 1);
    assert_eq!(statistics.page_writes[1], 3);
}

#[test]
fn partial_erases_add_up() {
    let mut bench = Bench::new();
    bench.write(CONFIG, 1);
    for offset in (0..4096).step_by(4) {
        bench.write(0x3000 + offset, 0);
        wait(&mut bench);
    }
    bench.write(CONFIG, 2);
    bench.write(NVMC + 0x51C, 20);
    for part in 1..=5 {
        bench.write(ERASE_PART, 0x3000);
        wait(&mut bench);
        let blank = (0x3000..0x4000)
            .step_by(4)
            .all(|address| flash_word(&bench, address) == 0xFFFF_FFFF);
        assert_eq!(blank, part == 5, "after {part} parts of 20 ms");
    }
    assert_eq!(bench.part.context.statistics.flash_erase_parts, 5);
    assert_eq!(bench.part.context.statistics.flash_erases, 1);
}

#[test]
fn a_cut_tears_a_word_and_a_page() {
    let mut seen = [false; 3];
    for seed in 0..40 {
        let mut bench = Bench::new();
        bench.part.context.chance = crate::chance::Chance::new(seed);
        bench.part.peripherals.nvmc.cut_at = Some(1);
        bench.write(CONFIG, 1);
        bench.write(0x1000, 0x00FF_00FF);
        assert!(bench.part.peripherals.nvmc.power_failed);
        let word = flash_word(&bench, 0x1000);
        assert_eq!(word & 0x00FF_00FF, 0x00FF_00FF, "ones stay");
        seen[match word {
            0x00FF_00FF => 0,
            0xFFFF_FFFF => 1,
            _ => 2,
        }] = true;
    }
    assert!(seen[2], "no word was torn in the middle");
    let mut bench = Bench::new();
    bench.write(CONFIG, 1);
    bench.write(0x1000, 0);
    wait(&mut bench);
    bench.part.peripherals.nvmc.cut_at = Some(2);
    bench.write(CONFIG, 2);
    bench.write(ERASE_PAGE, 0x1000);
    assert!(bench.part.peripherals.nvmc.power_failed);
    assert!(bench.part.context.stall_until < bench.now() + ERASE_TIME);
}

#[test]
fn a_comparator_that_warns_lets_nothing_be_written() {
    const POFCON: u32 = 0x4000_0510;
    const POFWARN: u32 = 0x4000_0108;
    const INTENSET: u32 = 0x4000_0304;
    let mut bench = Bench::new();
    let low = |bench: &mut Bench, low| {
        let part = &mut bench.part;
        part.peripherals.set_supply_low(low, &mut part.context);
    };
    low(&mut bench, true);
    assert_eq!(bench.read(POFWARN), 0, "it is off");
    bench.write(INTENSET, 1 << 2);
    bench.write(POFCON, 1 | 15 << 1);
    assert!(bench.line(0), "switched on late, it warns at once");
    bench.write(CONFIG, 1);
    bench.write(0x1000, 7);
    assert_eq!(flash_word(&bench, 0x1000), 0xFFFF_FFFF);
    assert!(bench.part.context.notes.refused_flash.contains_key(&0x1000));
    bench.write(POFCON, 0);
    assert!(bench.take_event(POFWARN));
    bench.write(0x1000, 7);
    assert_eq!(flash_word(&bench, 0x1000), 7);
    low(&mut bench, false);
    bench.write(POFCON, 1 | 15 << 1);
    assert!(!bench.take_event(POFWARN));
    low(&mut bench, true);
    assert!(bench.take_event(POFWARN));
    assert_eq!(bench.part.context.statistics.supply_warnings, 2);
}

#[test]
fn locked_flash_refuses() {
    let mut bench = Bench::new();
    for (offset, value) in [(0x800, 0x1000), (0x804, 0x1000), (0x808, 6)] {
        bench.write(NVMC + offset, value);
    }
    assert_eq!(bench.try_read(0x1000), None);
    assert!(bench.try_read(0x2000).is_some());
    bench.write(CONFIG, 1);
    assert!(!bench.try_write(0x1FFC, 0));
    bench.write(CONFIG, 2);
    assert!(!bench.try_write(ERASE_PAGE, 0x1000));
    assert!(bench.part.context.notes.refused_flash.len() >= 2);
    bench
        .part
        .reset(Some(crate::bus::context::ResetCause::Software));
    assert!(bench.try_read(0x1000).is_some());
}

#[test]
fn uicr_is_flash_of_its_own() {
    let mut bench = Bench::new();
    bench.write(CONFIG, 1);
    bench.write(0x1000_1080, 0x1234_5678);
    wait(&mut bench);
    assert_eq!(bench.read(0x1000_1080), 0x1234_5678);
    bench.write(CONFIG, 2);
    bench.write(NVMC + 0x514, 1);
    wait(&mut bench);
    assert_eq!(bench.read(0x1000_1080), 0xFFFF_FFFF);
}

fn qspi_active() -> Bench {
    let mut bench = Bench::new();
    bench.write(QSPI + 0x500, 1);
    bench.write(QSPI, 1);
    bench.pass(MILLISECOND);
    assert!(bench.take_event(QSPI + 0x100));
    bench
}

#[test]
fn the_external_flash_is_written_and_read() {
    let mut bench = qspi_active();
    let data: Vec<u8> = (0..=255).chain(0..=99).collect();
    bench.put(RAM, &data);
    bench.write(QSPI + 0x510, 0x1080);
    bench.write(QSPI + 0x514, RAM);
    bench.write(QSPI + 0x518, 356);
    bench.write(QSPI + 0x08, 1);
    bench.pass(10 * MILLISECOND);
    assert!(bench.take_event(QSPI + 0x100));
    bench.write(QSPI + 0x504, 0x1080);
    bench.write(QSPI + 0x508, RAM + 0x400);
    bench.write(QSPI + 0x50C, 356);
    bench.write(QSPI + 0x04, 1);
    bench.pass(10 * MILLISECOND);
    assert!(bench.take_event(QSPI + 0x100));
    assert_eq!(bench.get(RAM + 0x400, 356), data);
    assert_eq!(
        bench.read(0x1200_1080),
        0x0302_0100,
        "execute-in-place window"
    );
    bench.write(QSPI + 0x51C, 0x1000);
    bench.write(QSPI + 0x520, 0);
    bench.write(QSPI + 0x0C, 1);
    bench.pass(MILLISECOND);
    assert_eq!(bench.read(QSPI + 0x604) >> 24 & 1, 1, "it erases");
    bench.pass(50 * MILLISECOND);
    assert_eq!(bench.read(0x1200_1080), 0xFFFF_FFFF);
    assert_eq!(bench.part.context.statistics.nor_erases, 1);
}

#[test]
fn a_count_that_shrinks_under_a_write_ends_it() {
    let mut bench = qspi_active();
    bench.write(QSPI + 0x510, 0);
    bench.write(QSPI + 0x514, RAM);
    bench.write(QSPI + 0x518, 1_024);
    bench.write(QSPI + 0x08, 1);
    bench.pass(MILLISECOND / 2);
    bench.write(QSPI + 0x518, 4);
    bench.write(QSPI + 0x100, 0);
    bench.pass(10 * MILLISECOND);
    assert!(bench.take_event(QSPI + 0x100));
}

#[test]
fn custom_instructions_identify_it() {
    let mut bench = qspi_active();
    bench.write(QSPI + 0x634, 0x9F | 4 << 8 | 3 << 12);
    bench.pass(MILLISECOND);
    assert!(bench.take_event(QSPI + 0x100));
    assert_eq!(bench.read(QSPI + 0x638) & 0xFF_FFFF, 0x0017_28C2);
}
