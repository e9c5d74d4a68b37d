//! Attacks on time, memory and patience.

use super::{command, memop, CLASS_ALLOW_RO, CLASS_EXIT, CLASS_SUBSCRIBE, CLASS_YIELD, SUCCESS};
use crate::machine::system_call;
use crate::target::Verdict;
use core::sync::atomic::{AtomicU32, Ordering};

const ALARM: u32 = 0;
const CONSOLE: u32 = 1;
const DEBUG: u32 = 8;
const CONSOLE_WRITTEN: u32 = 1;

static UPCALLS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: u32, _: u32, _: u32, _: u32) {
    UPCALLS.fetch_add(1, Ordering::Relaxed);
}

fn subscribe(driver: u32, number: u32) {
    let function = count as *const () as u32;
    system_call::<CLASS_SUBSCRIBE>([driver, number, function, 0]);
}

/// Makes far more upcalls due than the kernel keeps for a process: an empty
/// write is done at once.
pub fn upcall_flood(_: u32) -> Verdict {
    subscribe(CONSOLE, CONSOLE_WRITTEN);
    for _ in 0..1_000 {
        let _ = command(CONSOLE, 1, 0, 0);
    }
    let mut ran = 1u8;
    while ran != 0 {
        let flag = &raw mut ran;
        system_call::<CLASS_YIELD>([0, flag.addr() as u32, 0, 0]);
        ran = crate::machine::load(flag.addr() as u32) as u8;
    }
    let upcalls = UPCALLS.load(Ordering::Relaxed);
    system_call::<CLASS_SUBSCRIBE>([CONSOLE, CONSOLE_WRITTEN, 0, 0]);
    if upcalls > 10 {
        Verdict::Breach("upcalls kept", upcalls)
    } else {
        Verdict::Contained("upcalls kept", upcalls)
    }
}

/// Takes all the heap and then wants a grant from every driver.
pub fn grant_exhaustion(_: u32) -> Verdict {
    for step in [1024, 64, 4] {
        while memop(1, step).is_ok() {}
    }
    let function = count as *const () as u32;
    let mut granted = 0;
    for driver in [0, 1, 2, 3, 5, 8, 0x4_0001] {
        let [tag, ..] = system_call::<CLASS_SUBSCRIBE>([driver, 0, function, 0]);
        granted += u32::from(tag >= SUCCESS);
    }
    Verdict::Contained("granted", granted)
}

/// Null commands without an end.
pub fn system_call_storm(_: u32) -> Verdict {
    loop {
        let _ = command(DEBUG, 0, 0, 0);
    }
}

/// Yields that do not wait, without an end.
pub fn yield_storm(_: u32) -> Verdict {
    let flag = 0u32;
    let address = core::hint::black_box(&flag) as *const u32 as u32;
    loop {
        system_call::<CLASS_YIELD>([0, address, 0, 0]);
    }
}

/// Alarms that are due at once, without an end.
pub fn alarm_storm(_: u32) -> Verdict {
    subscribe(ALARM, 0);
    loop {
        let _ = command(ALARM, 5, 0, 0);
        system_call::<CLASS_YIELD>([1, 0, 0, 0]);
    }
}

/// Writes to the console without an end, and waits for none of them.
pub fn console_flood(_: u32) -> Verdict {
    let text = b"attack console_flood: attack console_flood: attack console_flood\r\n";
    let address = text.as_ptr().addr() as u32;
    let length = text.len() as u32;
    loop {
        system_call::<CLASS_ALLOW_RO>([CONSOLE, 1, address, length]);
        let _ = command(CONSOLE, 1, length, 0);
    }
}

/// Prints numbers on the debug output without an end.
pub fn debug_flood(_: u32) -> Verdict {
    loop {
        let _ = command(DEBUG, 3, super::MARK, super::MARK);
    }
}

fn exit(variant: u32) -> Verdict {
    Verdict::Breach("returned", system_call::<CLASS_EXIT>([variant, 0, 0, 0])[0])
}

/// Ends.
pub fn exit_terminate(_: u32) -> Verdict {
    exit(0)
}

/// Starts anew, which comes here again.
pub fn exit_restart(_: u32) -> Verdict {
    exit(1)
}
