//! The processes of the trials, in assembly so that they are what they say.
//!
//! A process ends well with system call 6 (exit) and its result in r1.

use core::arch::naked_asm;

/// Asks command (r0 = 1, ...) and exits with the number that the answer has.
#[unsafe(naked)]
pub unsafe extern "C" fn one_command() {
    naked_asm!(
        "movs r0, #1",
        "movs r1, #2",
        "movs r2, #3",
        "movs r3, #4",
        "svc 2",
        "movs r0, #0",
        "svc 6",
    )
}

/// Reads the word at the address in r0.
#[unsafe(naked)]
pub unsafe extern "C" fn read() {
    naked_asm!("ldr r1, [r0]", "movs r0, #0", "svc 6")
}

/// Writes a word to the address in r0.
#[unsafe(naked)]
pub unsafe extern "C" fn write() {
    naked_asm!("str r0, [r0]", "movs r0, #0", "svc 6")
}

/// Branches to the address in r0.
#[unsafe(naked)]
pub unsafe extern "C" fn branch() {
    naked_asm!("bx r0")
}

/// Makes a system call with the stack pointer from r0.
#[unsafe(naked)]
pub unsafe extern "C" fn svc_on_stack() {
    naked_asm!("mov sp, r0", "movs r0, #0", "svc 2", "movs r0, #0", "svc 6")
}

/// Faults with the stack pointer from r0.
#[unsafe(naked)]
pub unsafe extern "C" fn fault_on_stack() {
    naked_asm!("mov sp, r0", "udf #0")
}

/// Pushes below the stack pointer from r0, which faults while nothing is
/// right with the stack either.
#[unsafe(naked)]
pub unsafe extern "C" fn push_on_stack() {
    naked_asm!("mov sp, r0", "push {{r0-r7}}", "b .")
}

/// Waits for the end of its time slice with the stack pointer from r0.
#[unsafe(naked)]
pub unsafe extern "C" fn spin_on_stack() {
    naked_asm!("mov sp, r0", "1:", "adds r1, #1", "b 1b")
}

/// An unknown class of system call.
#[unsafe(naked)]
pub unsafe extern "C" fn unknown_class() {
    naked_asm!("svc 200")
}

/// An undefined instruction.
#[unsafe(naked)]
pub unsafe extern "C" fn undefined() {
    naked_asm!("udf #1")
}

/// A breakpoint without a debugger.
#[unsafe(naked)]
pub unsafe extern "C" fn breakpoint() {
    naked_asm!("bkpt #1")
}

/// A floating-point instruction (`vmov s0, r0`).
#[unsafe(naked)]
pub unsafe extern "C" fn floating_point() {
    naked_asm!(".inst.w 0xEE000A10", "movs r0, #0", "svc 6")
}

/// Tries everything that would give it rights, then exits with
/// CONTROL | BASEPRI << 8 | PRIMASK << 16 | FAULTMASK << 17.
#[unsafe(naked)]
pub unsafe extern "C" fn raise_rights() {
    naked_asm!(
        "movs r0, #0",
        "msr control, r0",
        "isb",
        "movs r0, #0x40",
        "msr basepri, r0",
        "cpsid i",
        "cpsid f",
        "movs r0, #1",
        "msr primask, r0",
        "msr faultmask, r0",
        "isb",
        "mrs r1, control",
        "mrs r2, basepri",
        "orr r1, r1, r2, lsl #8",
        "mrs r2, primask",
        "orr r1, r1, r2, lsl #16",
        "mrs r2, faultmask",
        "orr r1, r1, r2, lsl #17",
        "movs r0, #0",
        "svc 6",
    )
}

/// Yields from within an IT block whose condition holds, with flags set; the
/// upcall finds the processor's state in r4 and exits with it.
#[unsafe(naked)]
pub unsafe extern "C" fn yield_in_it_block() {
    naked_asm!(
        "movs r0, #1",
        "movs r1, #1",
        "cmp r0, #1",
        "ittt eq",
        "svceq 0",
        "moveq r5, #5",
        "moveq r6, #6",
        "1:",
        "b 1b",
    )
}

/// An upcall: r0 to r2 arguments, r3 data. Exits with their sum, plus 0x100 if
/// the two instructions after it was entered were skipped (IT state left).
#[unsafe(naked)]
pub unsafe extern "C" fn upcall() {
    naked_asm!(
        "adds r0, r0, r1",
        "adds r0, r0, r2",
        "adds r1, r0, r3",
        "movs r0, #0",
        "svc 6",
    )
}

/// Yields with the stack pointer misaligned by four, then exits with how far
/// it has moved meanwhile.
#[unsafe(naked)]
pub unsafe extern "C" fn yield_misaligned() {
    naked_asm!(
        "sub sp, sp, #36",
        "mov r8, sp",
        "movs r0, #1",
        "svc 0",
        "mov r1, sp",
        "sub r1, r8, r1",
        "movs r0, #0",
        "svc 6",
    )
}

/// An upcall that returns at once.
#[unsafe(naked)]
pub unsafe extern "C" fn returning_upcall() {
    naked_asm!("bx lr")
}

/// For ever: command (driver 7, number n, n + 1, n + 2) with the answer
/// u32 n + 3 expected, while every register holds what must survive. Checks
/// its privilege as well. Any error ends it with `udf`.
#[unsafe(naked)]
pub unsafe extern "C" fn caller() {
    naked_asm!(
        "movs r4, #0",
        "1:",
        "movw r5, #0x5555",
        "movw r6, #0x6666",
        "movw r7, #0x7777",
        "movw r8, #0x8888",
        "movw r9, #0x9999",
        "movw r10, #0xAAAA",
        "movw r11, #0xBBBB",
        "movw r12, #0xCCCC",
        "movs r0, #7",
        "mov r1, r4",
        "adds r2, r4, #1",
        "adds r3, r4, #2",
        "svc 2",
        "cmp r0, #129",
        "bne 2f",
        "adds r2, r4, #3",
        "cmp r1, r2",
        "bne 2f",
        "movw r0, #0x5555",
        "cmp r5, r0",
        "bne 2f",
        "movw r0, #0x6666",
        "cmp r6, r0",
        "bne 2f",
        "movw r0, #0x7777",
        "cmp r7, r0",
        "bne 2f",
        "movw r0, #0x8888",
        "cmp r8, r0",
        "bne 2f",
        "movw r0, #0x9999",
        "cmp r9, r0",
        "bne 2f",
        "movw r0, #0xAAAA",
        "cmp r10, r0",
        "bne 2f",
        "movw r0, #0xBBBB",
        "cmp r11, r0",
        "bne 2f",
        "movw r0, #0xCCCC",
        "cmp r12, r0",
        "bne 2f",
        "mrs r0, control",
        "cmp r0, #3",
        "bne 2f",
        "adds r4, r4, #1",
        "b 1b",
        "2:",
        "udf #2",
    )
}
