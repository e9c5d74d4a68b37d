//! From reset to `main`: the base vectors, and RAM made ready.
//!
//! # What the board's linker script must provide
//!
//! | name | kind | what |
//! |---|---|---|
//! | `.vectors` | input section, `KEEP` | the 16 words of [`BASE_VECTORS`], first in the image, at a multiple of 512 |
//! | `.irqs` | input section, `KEEP` | the chip's interrupt vectors, directly behind `.vectors` |
//! | `_sstack`, `_estack` | symbols | the kernel's stack, growing down from `_estack`, at the very bottom of RAM, multiples of 8 |
//! | `_szero`, `_ezero` | symbols | `.bss`, multiples of 4 |
//! | `_srelocate`, `_erelocate`, `_etext` | symbols | `.data` in RAM, and its initial values in flash, multiples of 4 |
//! | `main` | symbol | `extern "C" fn() -> !` of the board |
//!
//! The stack lies at the bottom of RAM so that an overflow leaves RAM: it
//! faults at once instead of growing into data.
//!
//! The reset handler trusts nothing that ran before it: it sets the stack
//! pointer and VTOR itself, so a bootloader may simply branch to it.

#![cfg(all(target_arch = "arm", target_os = "none"))]

use core::arch::naked_asm;

use crate::handlers;
use crate::registers::VTOR;

extern "C" {
    static _estack: u32;
    static _szero: u32;
    static _ezero: u32;
    static _srelocate: u32;
    static _erelocate: u32;
    static _etext: u32;
    fn main() -> !;
}

/// One word of the vector table.
#[repr(C)]
pub union Vector {
    stack: *const u32,
    handler: unsafe extern "C" fn(),
    reserved: u32,
}

// SAFETY: a vector table is constant.
unsafe impl Sync for Vector {}

/// Initial stack pointer and the vectors of exceptions 1 to 15.
#[link_section = ".vectors"]
#[used]
pub static BASE_VECTORS: [Vector; 16] = [
    Vector {
        stack: &raw const _estack,
    },
    Vector {
        handler: initialize_ram_jump_to_main,
    },
    Vector {
        handler: handlers::unexpected_exception, // NMI
    },
    Vector {
        handler: handlers::fault, // HardFault
    },
    Vector {
        handler: handlers::fault, // MemManage
    },
    Vector {
        handler: handlers::fault, // BusFault
    },
    Vector {
        handler: handlers::fault, // UsageFault
    },
    Vector { reserved: 0 },
    Vector { reserved: 0 },
    Vector { reserved: 0 },
    Vector { reserved: 0 },
    Vector {
        handler: handlers::svcall,
    },
    Vector {
        handler: handlers::unexpected_exception, // DebugMonitor
    },
    Vector { reserved: 0 },
    Vector {
        handler: handlers::unexpected_exception, // PendSV
    },
    Vector {
        handler: handlers::systick,
    },
];

/// The reset handler: makes RAM ready and calls the board's `main`.
///
/// `.bss` is zeroed 128 bytes and `.data` copied 32 bytes at a time, with
/// single words at the end.
///
/// # Safety
///
/// Only for reset or a bootloader: everything in RAM is lost.
#[unsafe(naked)]
#[no_mangle]
pub unsafe extern "C" fn initialize_ram_jump_to_main() {
    naked_asm!(
        // Privileged, on the main stack, no floating-point frame.
        "movs r0, #0",
        "msr control, r0",
        "isb",
        "movw r0, #:lower16:{estack}",
        "movt r0, #:upper16:{estack}",
        "mov sp, r0",
        "movw r0, #:lower16:{vectors}",
        "movt r0, #:upper16:{vectors}",
        "movw r1, #({vtor} & 0xFFFF)",
        "movt r1, #({vtor} >> 16)",
        "str r0, [r1]",
        // .bss: r0 next byte, r1 bytes left.
        "movw r0, #:lower16:{szero}",
        "movt r0, #:upper16:{szero}",
        "movw r1, #:lower16:{ezero}",
        "movt r1, #:upper16:{ezero}",
        "movs r2, #0",
        "movs r3, #0",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "mov r8, r2",
        "mov r9, r2",
        "subs r1, r1, r0",
        "subs r1, r1, #128",
        "blo 3f",
        "2:",
        "stm r0!, {{r2-r9}}",
        "stm r0!, {{r2-r9}}",
        "stm r0!, {{r2-r9}}",
        "stm r0!, {{r2-r9}}",
        "subs r1, r1, #128",
        "bhs 2b",
        "3:",
        "adds r1, r1, #128",
        "4:",
        "subs r1, r1, #4",
        "blo 5f",
        "str r2, [r0], #4",
        "b 4b",
        // .data: r0 next byte, r1 bytes left, r2 its initial value.
        "5:",
        "movw r0, #:lower16:{sdata}",
        "movt r0, #:upper16:{sdata}",
        "movw r1, #:lower16:{edata}",
        "movt r1, #:upper16:{edata}",
        "movw r2, #:lower16:{etext}",
        "movt r2, #:upper16:{etext}",
        "subs r1, r1, r0",
        "subs r1, r1, #32",
        "blo 7f",
        "6:",
        "ldm r2!, {{r3-r10}}",
        "stm r0!, {{r3-r10}}",
        "subs r1, r1, #32",
        "bhs 6b",
        "7:",
        "adds r1, r1, #32",
        "8:",
        "subs r1, r1, #4",
        "blo 9f",
        "ldr r3, [r2], #4",
        "str r3, [r0], #4",
        "b 8b",
        "9:",
        "cpsie f",
        "cpsie i",
        "bl {main}",
        "udf #0",
        estack = sym _estack,
        vectors = sym BASE_VECTORS,
        vtor = const VTOR.address(),
        szero = sym _szero,
        ezero = sym _ezero,
        sdata = sym _srelocate,
        edata = sym _erelocate,
        etext = sym _etext,
        main = sym main,
    )
}
