//! System calls with addresses that are not the attacker's.

use super::{
    command, memop, place, Own, CLASS_ALLOW_READABLE, CLASS_ALLOW_RO, CLASS_ALLOW_RW,
    CLASS_SUBSCRIBE, CLASS_YIELD, SUCCESS,
};
use crate::machine::system_call;
use crate::target::Verdict;

const CONSOLE: u32 = 1;

/// Ranges (address, length) that no process may share.
fn foreign_ranges() -> [(u32, u32); 17] {
    let own = Own::find();
    [
        (place::KERNEL_RAM, 64),
        (place::KERNEL_STACK, 1),
        (place::KERNEL_FLASH, 64),
        (place::VECTOR_TABLE, 64),
        (place::KEY_STORE, 64),
        (place::ENERGY_STORE, 64),
        (place::METERING_RAM, 64),
        (place::METERING_FLASH, 64),
        (0x4000_0000, 64),
        (0xE000_E000, 64),
        (own.grant_start, 4),
        (own.ram_end - 4, 4),
        (own.ram_start - 4, 8),
        (own.ram_start, own.ram_end - own.ram_start),
        (own.ram_start, u32::MAX),
        (own.ram_start + 4, u32::MAX - own.ram_start),
        (u32::MAX - 15, 32),
    ]
}

fn allow<const CLASS: u32>(ranges: &[(u32, u32)]) -> Verdict {
    let mut refused = 0;
    for &(address, length) in ranges {
        let [tag, ..] = system_call::<CLASS>([CONSOLE, 1, address, length]);
        if tag >= SUCCESS {
            return Verdict::Breach("allowed", address);
        }
        refused += 1;
    }
    Verdict::Contained("refused", refused)
}

/// Shares foreign memory for reading.
pub fn allow_read_only(_: u32) -> Verdict {
    allow::<CLASS_ALLOW_RO>(&foreign_ranges())
}

/// Shares foreign memory, and own flash, for writing.
pub fn allow_read_write(_: u32) -> Verdict {
    match allow::<CLASS_ALLOW_RW>(&foreign_ranges()) {
        Verdict::Contained(..) => allow::<CLASS_ALLOW_RW>(&[(Own::find().flash_start, 64)]),
        breach => breach,
    }
}

/// Shares foreign memory for reading by both.
pub fn allow_userspace_readable(_: u32) -> Verdict {
    allow::<CLASS_ALLOW_READABLE>(&foreign_ranges())
}

/// Subscribes with functions outside.
pub fn subscribe_outside(_: u32) -> Verdict {
    let mut refused = 0;
    for (address, _) in foreign_ranges() {
        let own = Own::find();
        // The last ranges begin inside.
        if (own.ram_start..own.app_break).contains(&address) {
            continue;
        }
        let [tag, ..] = system_call::<CLASS_SUBSCRIBE>([CONSOLE, 1, address | 1, 0]);
        if tag >= SUCCESS {
            return Verdict::Breach("subscribed", address);
        }
        refused += 1;
    }
    Verdict::Contained("refused", refused)
}

/// Has yield-no-wait write its result outside. Whether something was written, only
/// the host can see: it looks when a scripted app does the same.
pub fn yield_result_outside(_: u32) -> Verdict {
    let ranges = foreign_ranges();
    for (address, _) in ranges {
        system_call::<CLASS_YIELD>([0, address, 0, 0]);
    }
    Verdict::Contained("yields", ranges.len() as u32)
}

/// Moves the app break outside, by address and by distance.
pub fn break_outside(_: u32) -> Verdict {
    let own = Own::find();
    let mut refused = 0;
    for address in [
        0,
        place::KERNEL_RAM,
        place::METERING_RAM,
        own.ram_start - 1,
        own.grant_start + 4,
        own.ram_end,
        own.ram_end + 4,
        0x4000_0000,
        u32::MAX,
    ] {
        if memop(0, address).is_ok() {
            return Verdict::Breach("break", address);
        }
        refused += 1;
    }
    for distance in [
        own.ram_end - own.app_break,
        i32::MAX as u32,
        i32::MIN as u32,
        (own.ram_start - own.app_break).wrapping_sub(1),
    ] {
        if memop(1, distance).is_ok() {
            return Verdict::Breach("break moved by", distance);
        }
        refused += 1;
    }
    if Own::find().app_break != own.app_break {
        return Verdict::Breach("break is", Own::find().app_break);
    }
    Verdict::Contained("refused", refused)
}

/// Lends the top of the heap and then gives the heap back.
pub fn break_below_allowed_buffer(_: u32) -> Verdict {
    break_below::<CLASS_ALLOW_RW>()
}

/// Shares the top of the heap for reading and then gives the heap back.
pub fn break_below_shared_buffer(_: u32) -> Verdict {
    break_below::<CLASS_ALLOW_RO>()
}

fn break_below<const CLASS: u32>() -> Verdict {
    let Ok(heap) = memop(1, 512) else {
        return Verdict::Contained("no heap", 0);
    };
    let [tag, error, ..] = system_call::<CLASS>([CONSOLE, 1, heap + 256, 256]);
    if tag < SUCCESS {
        return Verdict::Breach("allow failed: no attack", error);
    }
    match memop(0, heap) {
        Ok(_) => Verdict::Breach("break", heap),
        Err(error) => Verdict::Contained("refused", error),
    }
}

/// Asks for flash that it might write: it has none.
pub fn writeable_flash_regions(_: u32) -> Verdict {
    match memop(7, 0) {
        Ok(0) => {}
        Ok(regions) => return Verdict::Breach("writeable regions", regions),
        Err(error) => return Verdict::Breach("refused", error),
    }
    for region in [0, 1, 0x7FFF_FFFF, u32::MAX] {
        for operation in [8, 9] {
            if let Ok(address) = memop(operation, region) {
                return Verdict::Breach("writeable region", address);
            }
        }
    }
    Verdict::Contained("writeable regions", 0)
}

/// Tells the kernel that its stack and heap are those of others, and goes on.
pub fn debug_hints_outside(_: u32) -> Verdict {
    for (address, _) in foreign_ranges() {
        let _ = memop(10, address);
        let _ = memop(11, address);
    }
    match command(CONSOLE, 0, 0, 0) {
        Ok(_) => Verdict::Contained("goes on", 0),
        Err(error) => Verdict::Breach("console gone", error),
    }
}

/// Takes all the heap there is, and uses it.
pub fn heap_exhaustion(_: u32) -> Verdict {
    let mut taken = 0;
    for step in [1024, 64, 4] {
        while let Ok(at) = memop(1, step) {
            for address in (at..at + step).step_by(4) {
                if crate::machine::load(address) != 0 {
                    return Verdict::Breach("heap held", crate::machine::load(address));
                }
                crate::machine::store(address, super::MARK);
            }
            taken += step;
        }
    }
    // The kernel must still work for a process without a byte to spare.
    match command(CONSOLE, 0, 0, 0) {
        Ok(_) => Verdict::Contained("taken", taken),
        Err(error) => Verdict::Breach("console gone", error),
    }
}
