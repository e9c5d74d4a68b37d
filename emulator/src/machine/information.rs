//! The factory and user information pages of a part as it leaves the fab.

use super::memory::Memory;
use crate::bus::map::PAGE_SIZE;
use crate::chance::Chance;

/// FICR of an nRF52840 QIAA, revision F0, with an identity from the seed.
pub fn factory(seed: u64) -> Memory {
    let mut ficr = Memory::new(PAGE_SIZE as usize, 0xFF);
    let mut identity = Chance::new(seed ^ 0x46_49_43_52);
    let fixed: [(usize, u32); 10] = [
        (0x010, PAGE_SIZE),
        (0x014, 256),
        // A random static Bluetooth address.
        (0x0A0, 0xFFFF_FFFF),
        (0x100, 0x0005_2840),
        // VARIANT "AAF0".
        (0x104, 0x4141_4630),
        // PACKAGE QI.
        (0x108, 0x2004),
        (0x10C, 256),
        (0x110, 1024),
        // Where newer start-up code looks for part and revision.
        (0x130, 8),
        (0x134, 3),
    ];
    for (offset, value) in fixed {
        ficr.set_word(offset, value);
    }
    // DEVICEID, ER, IR and DEVICEADDR.
    let random = [0x060, 0x064]
        .into_iter()
        .chain((0x080..0x0A0).step_by(4))
        .chain([0x0A4, 0x0A8]);
    for offset in random {
        ficr.set_word(offset, identity.word() as u32);
    }
    // Slopes, offsets and ends of the temperature sensor, as commonly read.
    let temperature: [u32; 17] = [
        0x320, 0x343, 0x35D, 0x400, 0x47F, 0x37B, 0x3FCC, 0x3F98, 0x3F98, 0x12, 0x4D, 0x3E10, 0xE2,
        0x00, 0x14, 0x19, 0x50,
    ];
    for (index, value) in temperature.into_iter().enumerate() {
        ficr.set_word(0x404 + 4 * index, value);
    }
    // What errata work-arounds copy elsewhere.
    for offset in [0x244, 0x258, 0x324] {
        ficr.set_word(offset, 0);
    }
    ficr
}

/// UICR: `content`, or as start-up code leaves it after its first boot, so
/// that it does not reprogram it and reset. None if there are too many bytes.
pub fn user(content: Option<&[u8]>) -> Option<Memory> {
    let mut uicr = Memory::new(PAGE_SIZE as usize, 0xFF);
    match content {
        Some(bytes) => {
            if !uicr.write(0, bytes) {
                return None;
            }
        }
        None => {
            for (offset, value) in [
                // The reset pin P0.18, both copies.
                (0x200, 18),
                (0x204, 18),
                // APPROTECT: hardware disabled.
                (0x208, 0x0000_005A),
            ] {
                uicr.set_word(offset, value);
            }
        }
    }
    Some(uicr)
}
