//! Vector table and reset.

use core::arch::naked_asm;
use core::fmt::Write;
use core::panic::PanicInfo;

use super::exceptions::vector;
use crate::{checks, log};

extern "C" {
    static _estack: u32;
    static _szero: u32;
    static _ezero: u32;
}

#[repr(C)]
union Word {
    stack: *const u32,
    handler: unsafe extern "C" fn(),
}

// SAFETY: a vector table is constant.
unsafe impl Sync for Word {}

/// All 16 + 48 vectors but reset lead to one place.
#[link_section = ".vectors"]
#[used]
static VECTORS: [Word; 64] = {
    let mut vectors = [const { Word { handler: vector } }; 64];
    vectors[0] = Word {
        stack: &raw const _estack,
    };
    vectors[1] = Word {
        handler: initialize_ram_jump_to_main,
    };
    vectors
};

/// Address of the vector table.
pub(super) fn vectors() -> u32 {
    &raw const VECTORS as u32
}

/// Reset: zeroes `.bss` (there is no `.data`) and goes on to `main`.
#[unsafe(naked)]
#[no_mangle]
unsafe extern "C" fn initialize_ram_jump_to_main() {
    naked_asm!(
        "movw r0, #:lower16:{start}",
        "movt r0, #:upper16:{start}",
        "movw r1, #:lower16:{end}",
        "movt r1, #:upper16:{end}",
        "movs r2, #0",
        "1:",
        "cmp r0, r1",
        "bhs 2f",
        "str r2, [r0], #4",
        "b 1b",
        "2:",
        "bl {main}",
        "udf #0",
        start = sym _szero,
        end = sym _ezero,
        main = sym main,
    )
}

extern "C" fn main() -> ! {
    log::begin();
    super::exceptions::reset();
    log::end(checks::run())
}

#[panic_handler]
fn panicked(info: &PanicInfo) -> ! {
    let _ = writeln!(log::Log, "panic: {info}");
    log::end(0)
}
