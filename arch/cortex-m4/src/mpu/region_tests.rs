//! Region arithmetic against a plain model of the hardware's rules.

use super::*;

/// A small generator (xorshift) so that the random tests repeat.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }
}

/// What the hardware would let unprivileged code do at `address`: a second
/// reading of DDI 0403 B3.5.3, written from the register words alone.
pub(crate) fn hardware_allows(words: [u32; 2], address: u32) -> bool {
    let [rbar, rasr] = words;
    if rasr & 1 == 0 {
        return false;
    }
    let bits = ((rasr >> 1) & 0x1F) + 1;
    if bits < 32 && (address >> bits) != ((rbar & !0x1F) >> bits) {
        return false;
    }
    if bits >= 8 {
        let subregion = (address >> (bits - 3)) & 7;
        if (rasr >> (8 + subregion)) & 1 == 1 {
            return false;
        }
    }
    matches!((rasr >> 24) & 7, 0b010 | 0b011 | 0b110 | 0b111)
}

fn assert_legal(words: [u32; 2]) {
    let [rbar, rasr] = words;
    let bits = ((rasr >> 1) & 0x1F) + 1;
    assert!(bits >= 5, "smaller than 32 bytes");
    let size = 1u64 << bits;
    assert_eq!(
        u64::from(rbar & !0x1F) % size,
        0,
        "base is not a multiple of the size"
    );
    if bits < 8 {
        assert_eq!(rasr & 0xFF00, 0, "no subregions below 256 bytes");
    }
    assert_eq!(rbar & 0x10, 0x10, "VALID");
}

/// Every word around the span, each against what was asked for.
fn assert_covers(words: [u32; 2], start: usize, end: usize) {
    assert_legal(words);
    let from = start.saturating_sub(0x400) & !3;
    for address in (from..end + 0x400).step_by(4) {
        let wanted = (start..end).contains(&address);
        assert_eq!(
            hardware_allows(words, address as u32),
            wanted,
            "{address:#x} of {start:#x}..{end:#x}"
        );
    }
}

#[test]
fn cover_is_exactly_what_it_says() {
    let mut random = Random::new(1);
    let mut found = 0;
    for _ in 0..20_000 {
        let start = 0x2000_0000 + random.below(0x4000) / 32 * 32;
        let length = 1 + random.below(0x2000);
        let least = 1 + random.below(length);
        let Some(cover) = Cover::somewhere(start, length, least) else {
            continue;
        };
        found += 1;
        assert!(cover.start() >= start);
        assert!(cover.start() + cover.length() <= start + length);
        assert!(cover.length() >= least);
        let words = RegionWords::new(3, &cover, Permissions::ReadOnly, true).unwrap();
        assert_covers(words.words(), cover.start(), cover.start() + cover.length());
        assert_eq!(
            words.accessible(),
            Some((cover.start(), cover.start() + cover.length()))
        );
    }
    assert!(found > 5_000, "only {found} requests were served");
}

#[test]
fn every_legal_exact_span_is_found() {
    // All spans that one region can cover, built from the rules themselves.
    for bits in 5..=13 {
        let size = 1usize << bits;
        for base in [0x4_0000, 0x4_0000 + size, 0x4_0000 + 3 * size] {
            let step = if bits >= 8 { size / 8 } else { size };
            for first in 0..size / step {
                for count in 1..=size / step - first {
                    let start = base + first * step;
                    let length = count * step;
                    let cover = Cover::exactly_at(start, length, length)
                        .unwrap_or_else(|| panic!("{start:#x} + {length:#x}"));
                    assert_eq!((cover.start(), cover.length()), (start, length));
                    let words =
                        RegionWords::new(2, &cover, Permissions::ReadExecuteOnly, false).unwrap();
                    assert_covers(words.words(), start, start + length);
                }
            }
        }
    }
}

#[test]
fn spans_that_no_region_covers_are_refused() {
    // Not a multiple of the smallest region.
    assert_eq!(Cover::exactly_at(0x2000_0010, 32, 32), None);
    assert_eq!(Cover::exactly_at(0x2000_0000, 33, 63), None);
    // Nine subregions of no size: 9 * 32 bytes from a multiple of 32 only.
    assert_eq!(Cover::exactly_at(0x2000_0020, 9 * 32, 9 * 32), None);
    // Subregions would straddle two regions.
    assert_eq!(Cover::exactly_at(0x2000_00E0, 64, 64), None);
    assert_eq!(Cover::somewhere(0x2000_0000, 64, 65), None);
    assert_eq!(Cover::somewhere(0x2000_0000, 64, 0), None);
    assert_eq!(Cover::somewhere(usize::MAX - 16, 32, 32), None);
}

#[test]
fn app_slots_of_the_meter_take_one_region_each() {
    for (start, length) in [
        (0x4_0000, 0x4_0000),
        (0x8_0000, 0x2_0000),
        (0xA_0000, 0x2_0000),
        (0xC_0000, 0x2_0000),
        (0xE_0000, 0x1_0000),
        // Six eighths of a 256 KB region.
        (0x4_0000, 0x3_0000),
    ] {
        let cover = Cover::exactly_at(start, length, length).unwrap();
        assert_eq!((cover.start(), cover.length()), (start, length));
    }
}

#[test]
fn words_match_the_manual() {
    // 32 KB of flash at 0x80000, read and execute: SIZE = 14, AP = 010,
    // C = 1, no subregion off.
    let cover = Cover::exactly_at(0x8_0000, 0x8000, 0x8000).unwrap();
    let words = RegionWords::new(2, &cover, Permissions::ReadExecuteOnly, false).unwrap();
    assert_eq!(words.words(), [0x0008_0012, 0x0202_001D]);
    // The first three sixteenths of 4 KB of RAM: SRD = 0xF8, AP = 011,
    // TEX = 001, C = B = 1, never executable.
    let cover = Cover::lowest(0x2000_0800, 0x800, 3);
    let words = RegionWords::new(0, &cover, Permissions::ReadWriteOnly, true).unwrap();
    assert_eq!(words.words(), [0x2000_0810, 0x130B_F815]);
    assert_eq!(words.rights(), "rw-");
}

#[test]
fn execute_only_cannot_be_had() {
    let cover = Cover::lowest(0, 256, 8);
    assert_eq!(
        RegionWords::new(0, &cover, Permissions::ExecuteOnly, false),
        None
    );
}
