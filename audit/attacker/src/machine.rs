//! The machine as an attacker sees it: any address, any register.
//!
//! The functions are safe to call although they can do anything to the process:
//! nothing in this crate relies on what they could spoil, and whether the rest
//! of the machine survives is what the tests are about.

use attacker::selector::Selector;
use core::arch::asm;

/// Reads the selector as it is in the image now, not as it was compiled.
pub fn read_selector(selector: &'static Selector) -> (u32, u32) {
    let selector = core::ptr::from_ref(selector);
    // SAFETY: the selector is a static; volatile keeps the compiler from using
    // the value that it knows.
    let selector = unsafe { core::ptr::read_volatile(selector) };
    (selector.attack, selector.argument)
}

/// Loads the word at an address.
pub fn load(address: u32) -> u32 {
    let value;
    // SAFETY: a load faults or gives a value.
    unsafe {
        asm!("ldr {value}, [{address}]", address = in(reg) address, value = out(reg) value,
             options(nostack, preserves_flags));
    }
    value
}

/// Stores a word at an address.
pub fn store(address: u32, value: u32) {
    // SAFETY: see the module.
    unsafe {
        asm!("str {value}, [{address}]", address = in(reg) address, value = in(reg) value,
             options(nostack, preserves_flags));
    }
}

/// Stores a byte at an address.
pub fn store_byte(address: u32, value: u32) {
    // SAFETY: see the module.
    unsafe {
        asm!("strb {value}, [{address}]", address = in(reg) address, value = in(reg) value,
             options(nostack, preserves_flags));
    }
}

/// Loads four words with one instruction; gives the last.
pub fn load_multiple(address: u32) -> u32 {
    let last;
    // SAFETY: a load faults or gives values.
    unsafe {
        asm!("ldm {address}, {{r0, r1, r2, r3}}", address = in(reg) address,
             out("r0") _, out("r1") _, out("r2") _, out("r3") last,
             options(nostack, preserves_flags));
    }
    last
}

/// Stores four words with one instruction.
pub fn store_multiple(address: u32) {
    // SAFETY: see the module.
    unsafe {
        asm!("stm {address}, {{r0, r1, r2, r3}}", address = in(reg) address,
             in("r0") 0, in("r1") 0, in("r2") 0, in("r3") 0,
             options(nostack, preserves_flags));
    }
}

/// Loads two words with one instruction, which has to be aligned.
pub fn load_double(address: u32) -> u32 {
    let second;
    // SAFETY: a load faults or gives values.
    unsafe {
        asm!("ldrd r0, r1, [{address}]", address = in(reg) address,
             out("r0") _, out("r1") second, options(nostack, preserves_flags));
    }
    second
}

/// Branches to an address as given, bit 0 included, with the way back in LR.
pub fn call(address: u32) {
    // SAFETY: see the module.
    unsafe {
        asm!("blx {address}", address = in(reg) address, clobber_abi("C"));
    }
}

/// Pops an address into PC, which is how handlers return.
pub fn pop_into_pc(address: u32) {
    // SAFETY: see the module.
    unsafe {
        asm!("push {{{address}}}", "pop {{pc}}", address = in(reg) address, clobber_abi("C"));
    }
}

/// A system call with all four registers in and out.
pub fn system_call<const CLASS: u32>(arguments: [u32; 4]) -> [u32; 4] {
    let [mut r0, mut r1, mut r2, mut r3] = arguments;
    // SAFETY: see the module. Yields clobber what upcalls do.
    unsafe {
        asm!("svc {class}", class = const CLASS,
             inlateout("r0") r0, inlateout("r1") r1, inlateout("r2") r2, inlateout("r3") r3,
             clobber_abi("C"));
    }
    [r0, r1, r2, r3]
}

/// Makes the null command to the low-level debug driver with SP at `stack`.
pub fn system_call_on(stack: u32) -> u32 {
    let answer;
    // SAFETY: see the module. SP comes back if the call does.
    unsafe {
        asm!("mov r8, sp",
             "mov sp, {stack}",
             "svc 2",
             "mov sp, r8",
             stack = in(reg) stack,
             inlateout("r0") 8 => answer,
             inlateout("r1") 0 => _,
             inlateout("r2") 0 => _,
             inlateout("r3") 0 => _,
             out("r8") _);
    }
    answer
}

/// Counts with SP at `stack` for longer than a time slice, so that an interrupt
/// comes.
pub fn count_on(stack: u32) {
    // SAFETY: see the module. SP comes back if the interrupt does.
    unsafe {
        asm!("mov r8, sp",
             "mov sp, {stack}",
             "2:",
             "subs {count}, {count}, #1",
             "bne 2b",
             "mov sp, r8",
             stack = in(reg) stack,
             count = inout(reg) 20_000_000 => _,
             out("r8") _);
    }
}

/// Calls itself, 256 bytes of stack at a time, until the stack is no more.
#[inline(never)]
pub fn recurse(depth: u32) -> u32 {
    let mut frame = [depth; 64];
    core::hint::black_box(&mut frame);
    if core::hint::black_box(depth) == u32::MAX {
        return 0;
    }
    recurse(depth + 1).wrapping_add(frame[depth as usize % 64])
}

/// The special register CONTROL; bit 0 is set in unprivileged code.
pub fn control() -> u32 {
    let value;
    // SAFETY: reads a register.
    unsafe { asm!("mrs {value}, control", value = out(reg) value, options(nostack)) };
    value
}

macro_rules! instructions {
    ($($(#[$doc:meta])* $name:ident: $($line:literal),+;)*) => {
        $(
            $(#[$doc])*
            pub fn $name() {
                // SAFETY: see the module.
                unsafe { asm!($($line),+, out("r0") _, out("r1") _, options(nostack)) };
            }
        )*
    };
}

instructions! {
    /// Asks for privilege.
    clear_control: "movs r0, #0", "msr control, r0", "isb";
    /// Asks for no interrupts.
    set_primask: "movs r0, #1", "msr primask, r0", "cpsid i";
    /// Asks for no interrupts of any configurable priority.
    set_basepri: "movs r0, #0x20", "msr basepri, r0";
    /// Asks for no interrupts and no faults.
    set_faultmask: "movs r0, #1", "msr faultmask, r0", "cpsid f";
    /// Never defined.
    undefined: "udf #0";
    /// Breakpoint.
    breakpoint: "bkpt #0";
    /// VADD.F32 S0, S0, S1.
    floating_point: ".inst.w 0xEE300A20";
    /// MRC of coprocessor 15, which this core has not got.
    coprocessor: ".inst.w 0xEE110F10";
    /// Waits for an interrupt.
    wait_for_interrupt: "wfi";
    /// Waits for an event, twice: the first may have come already.
    wait_for_event: "wfe", "wfe";
    /// Does nothing.
    nothing: "nop";
}

/// The kernel's stack pointer, which reads as zero in unprivileged code.
pub fn main_stack_pointer() -> u32 {
    let value;
    // SAFETY: reads a register.
    unsafe { asm!("mrs {value}, msp", value = out(reg) value, options(nostack)) };
    value
}

/// Writes the kernel's stack pointer, which does nothing in unprivileged code.
pub fn set_main_stack_pointer(value: u32) {
    // SAFETY: see the module.
    unsafe { asm!("msr msp, {value}", value = in(reg) value, options(nostack)) };
}

/// Divides by zero.
pub fn divide_by_zero() -> u32 {
    let quotient;
    // SAFETY: faults or gives a value.
    unsafe {
        asm!("udiv {quotient}, {one}, {zero}", one = in(reg) 1, zero = in(reg) 0,
             quotient = out(reg) quotient, options(nostack));
    }
    quotient
}

/// Makes a system call in an IT block. Gives 0 if flags and IT state were as
/// before when it came back.
pub fn system_call_in_it_block() -> u32 {
    let wrong;
    // SAFETY: the null command, and registers that are named.
    unsafe {
        asm!("movs r8, #0",
             "cmp r0, #8",
             "itte eq",
             "svceq 2",
             "addeq r8, r8, #0",
             "addne r8, r8, #1",
             inlateout("r0") 8 => _,
             inlateout("r1") 0 => _,
             inlateout("r2") 0 => _,
             inlateout("r3") 0 => _,
             out("r8") wrong,
             options(nostack));
    }
    wrong
}
