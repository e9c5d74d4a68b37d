//! From the kernel's jump into the process to the app's `main`.
//!
//! The linker script puts a header of eight words, `rt_header`, at the start
//! of the app, and `start` right behind it:
//!
//! | word | content |
//! |---|---|
//! | 0 | address of `start`, even |
//! | 1 | initial app break: end of .bss |
//! | 2 | top of the stack |
//! | 3, 4, 5 | .data: size in bytes, address in flash, address in RAM |
//! | 6, 7 | .bss: size in bytes, address |
//!
//! The app runs only where it was linked for. Anywhere else it sends alert 2
//! to the low-level debug driver and ends with completion code 1.

use super::TockSyscalls;
use crate::platform::{Syscalls, Termination};
use core::arch::global_asm;

global_asm!(
    ".pushsection .start, \"ax\", %progbits",
    ".balign 4",
    ".Lhere:",
    ".global start",
    ".type start, %function",
    ".thumb_func",
    "start:",
    // r4: where this code is; r5: where it was linked for; r6: rt_header.
    "adr  r4, .Lhere",
    "sub  r6, r4, #32",
    "ldr  r5, [r6, #0]",
    "cmp  r4, r5",
    "bne  2f",
    // memop brk: until it succeeds there is next to no memory to stand on.
    "movs r0, #0",
    "ldr  r1, [r6, #4]",
    "svc  5",
    "cmp  r0, #128",
    "bne  3f",
    "ldr  r0, [r6, #8]",
    "mov  sp, r0",
    // Copy .data; its size is a multiple of four.
    "ldr  r0, [r6, #12]",
    "ldr  r1, [r6, #16]",
    "ldr  r2, [r6, #20]",
    "b    5f",
    "4:",
    "subs r0, r0, #4",
    "ldr  r3, [r1, r0]",
    "str  r3, [r2, r0]",
    "5:",
    "cmp  r0, #0",
    "bne  4b",
    // Zero .bss; its size is a multiple of four.
    "ldr  r0, [r6, #24]",
    "ldr  r1, [r6, #28]",
    "movs r3, #0",
    "b    7f",
    "6:",
    "subs r0, r0, #4",
    "str  r3, [r1, r0]",
    "7:",
    "cmp  r0, #0",
    "bne  6b",
    "ldr  r0, [r6, #8]",
    "ldr  r1, [r6, #4]",
    "bl   libtock_start",
    "udf  #0",
    // Wrong place: alert 2 to driver 8, then exit-terminate with code 1.
    "2:",
    "movs r0, #8",
    "movs r1, #1",
    "movs r2, #2",
    "movs r3, #0",
    "svc  2",
    "movs r0, #0",
    "movs r1, #1",
    "svc  6",
    // No memory: exit-terminate with the error code.
    "3:",
    "movs r0, #0",
    "svc  6",
    "udf  #0",
    ".popsection",
);

/// Runs the app with memory set up.
#[no_mangle]
extern "C" fn libtock_start(stack_top: *const u8, initial_break: *const u8) -> ! {
    extern "Rust" {
        fn libtock_unsafe_main() -> !;
    }
    // The hints help a debugger only, so a kernel without them will do.
    let _ = TockSyscalls::memop_debug_stack_start(stack_top);
    let _ = TockSyscalls::memop_debug_heap_start(initial_break);
    // SAFETY: `set_main!` defines the function with this signature.
    unsafe { libtock_unsafe_main() }
}

/// First address behind .bss, where an allocator may begin after it has moved
/// the app break.
pub fn get_heap_start() -> *mut () {
    extern "C" {
        static mut _heap_start: u32;
    }
    (&raw mut _heap_start).cast()
}

/// Ends the process with what `main` returned. Called by `set_main!`.
pub fn handle_main_return<T: Termination>(result: T) -> ! {
    result.complete::<TockSyscalls>()
}

/// Names the app's `main`: a function without arguments that returns a
/// [`Termination`].
#[macro_export]
macro_rules! set_main {
    ($name:ident) => {
        #[no_mangle]
        fn libtock_unsafe_main() -> ! {
            #[allow(unreachable_code)]
            $crate::runtime::startup::handle_main_return($name())
        }
    };
}

/// Sets the size of the app's stack in bytes. It lies at the start of RAM, so
/// that an overflow leaves the process's memory and faults.
#[macro_export]
macro_rules! stack_size {
    ($size:expr) => {
        #[no_mangle]
        #[link_section = ".stack_buffer"]
        #[doc(hidden)]
        pub static mut STACK_MEMORY: [u8; $size] = [0; $size];
    };
}
