//! Exception handlers and the switch into a process: all of the assembly that isolation rests on.
//!
//! Why these few instructions are what they are stands in the crate's
//! documentation ([`crate`], "Crossing the wall"). In short: each way out of a
//! handler writes CONTROL *and* LR, as one of two pairs, and nothing else ever
//! does.
//!
//! | way out | CONTROL.nPRIV | LR | who runs |
//! |---|---|---|---|
//! | to the kernel | 0 | 0xFFFFFFF9 | kernel thread, main stack |
//! | to the process | 1 | 0xFFFFFFFD | process, process stack |
//!
//! The word at `sp + 4`, when LR says that a process was interrupted or a
//! handler has just turned towards the kernel, is r1 in the frame that the
//! kernel's own `svc` pushed. It is the state of the crossing, and it becomes
//! the answer of [`enter_process`]:
//!
//! | value | meaning |
//! |---|---|
//! | 0 | the kernel asks to enter the process |
//! | 1 | the process was entered; unless this changes, it was interrupted |
//! | 2 | the process made a system call |
//! | 3 | the process faulted |
//!
//! A handler that stores ends with `dsb`: on Cortex-M4 r0p1 a store that is
//! still buffered at the exception return can make the core take a wrong
//! vector (ARM erratum 838869).

#![cfg(all(target_arch = "arm", target_os = "none"))]

use core::arch::naked_asm;

use crate::fault::{kernel_faulted, CAPTURED, KERNEL_FRAME};
use crate::registers::{NVIC_ICER, NVIC_ISPR, SHCSR};
use crate::stored_state::CortexMStoredState;

extern "C" {
    static _sstack: u32;
    static _estack: u32;
    /// Where [`enter_process`] goes on when the process has left the CPU.
    static cortexm4_process_left: u8;
    /// The one instruction of the kernel that may fault and is forgiven.
    static cortexm4_probe: u8;
    /// Where a forgiven fault goes on.
    static cortexm4_probe_failed: u8;
}

/// Runs the process of `state` until it makes a system call, faults or is
/// interrupted, and answers with the state of the crossing (1, 2 or 3).
///
/// The process gets r4 to r11 from `state.regs` and everything else from the
/// frame at `state.psp`; both are updated when it has left.
///
/// # Safety
///
/// Thread mode, privileged, main stack, interrupts not masked. The MPU is on
/// and holds the regions of this process. `state.psp` need not be valid.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter_process(state: *mut CortexMStoredState) -> u32 {
    naked_asm!(
        "push {{r3-r11, lr}}",
        "ldr r2, [r0, #{psp}]",
        "msr psp, r2",
        "ldm r0, {{r4-r11}}",
        "movs r1, #0",
        "svc 0",
        ".global cortexm4_process_left",
        "cortexm4_process_left:",
        "stm r0, {{r4-r11}}",
        "mrs r2, psp",
        "str r2, [r0, #{psp}]",
        "mov r0, r1",
        "pop {{r3-r11, pc}}",
        psp = const core::mem::offset_of!(CortexMStoredState, psp),
    )
}

/// Reads the halfword at `address` with the rights of unprivileged code.
///
/// Answers with a value above 0xFFFF if the loaded process could not read it:
/// the fault that this causes is the one that the kernel survives.
///
/// # Safety
///
/// Thread mode. The address may be anything; if it belongs to a device, the
/// device sees a read.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn read_halfword_as_process(address: usize) -> u32 {
    naked_asm!(
        ".global cortexm4_probe",
        "cortexm4_probe:",
        "ldrht r0, [r0]",
        "bx lr",
        ".global cortexm4_probe_failed",
        "cortexm4_probe_failed:",
        "mov r0, #-1",
        "bx lr",
    )
}

/// SVCall: a process's system call, or the kernel entering a process.
///
/// # Safety
///
/// Only for the vector table.
#[unsafe(naked)]
pub unsafe extern "C" fn svcall() {
    naked_asm!(
        "tst lr, #4",
        "beq 2f",
        // From a process.
        "movs r0, #2",
        "str r0, [sp, #4]",
        "movs r0, #0",
        "msr control, r0",
        "mvn lr, #6",
        "dsb",
        "bx lr",
        // On the main stack: the kernel asks to enter the process ...
        "2:",
        "ldr r0, [sp, #4]",
        "cbnz r0, 3f",
        "movs r0, #1",
        "str r0, [sp, #4]",
        "msr control, r0",
        "mvn lr, #2",
        "dsb",
        "bx lr",
        // ... or another handler has already turned the process's call
        // towards the kernel. If that was an interrupt, the call still counts;
        // if it was a fault, the process has done its last call.
        "3:",
        "cmp r0, #1",
        "it eq",
        "moveq r0, #2",
        "str r0, [sp, #4]",
        "dsb",
        "bx lr",
    )
}

/// Any device's interrupt: off, pending, and out of the process.
///
/// # Safety
///
/// Only for the vector table.
#[unsafe(naked)]
pub unsafe extern "C" fn generic_isr() {
    naked_asm!(
        "mrs r0, ipsr",
        "subs r0, #16",
        "lsrs r1, r0, #5",
        "and r0, r0, #31",
        "movs r2, #1",
        "lsls r2, r0",
        "movw r3, #({icer} & 0xFFFF)",
        "movt r3, #({icer} >> 16)",
        "add r3, r3, r1, lsl #2",
        "str r2, [r3]",
        "str r2, [r3, #({ispr} - {icer})]",
        // The line must be off before the handler ends, or it is entered again.
        "dsb",
        "tst lr, #4",
        "beq 2f",
        "movs r0, #0",
        "msr control, r0",
        "mvn lr, #6",
        "2:",
        "bx lr",
        icer = const NVIC_ICER.address(),
        ispr = const NVIC_ISPR.address(),
    )
}

/// SysTick: the time slice is over. The kernel asks the timer itself.
///
/// # Safety
///
/// Only for the vector table.
#[unsafe(naked)]
pub unsafe extern "C" fn systick() {
    naked_asm!(
        "tst lr, #4",
        "beq 2f",
        "movs r0, #0",
        "msr control, r0",
        "mvn lr, #6",
        "2:",
        "bx lr",
    )
}

/// HardFault, MemManage, BusFault, UsageFault.
///
/// # Safety
///
/// Only for the vector table.
#[unsafe(naked)]
pub unsafe extern "C" fn fault() {
    naked_asm!(
        "tst lr, #4",
        "bne 3f",
        // Not the process stack. Before anything is read from the main stack:
        // is it where it should be? (r0 to r3 and r12 are free.)
        "mov r0, sp",
        "movw r1, #:lower16:{sstack}",
        "movt r1, #:upper16:{sstack}",
        "cmp r0, r1",
        "blo 4f",
        "mvn r1, #6",
        "cmp lr, r1",
        "bne 4f",
        "ldr r1, [sp, #24]",
        // A frame that returns to where the kernel waits for the process:
        // what faulted was the way out of the process, and another exception
        // of the same moment was served first.
        "movw r2, #:lower16:{left}",
        "movt r2, #:upper16:{left}",
        "cmp r1, r2",
        "beq 3f",
        // The kernel's read with the rights of a process: it has failed.
        "movw r2, #:lower16:{probe}",
        "movt r2, #:upper16:{probe}",
        "cmp r1, r2",
        "bne 4f",
        "movw r1, #:lower16:{probe_failed}",
        "movt r1, #:upper16:{probe_failed}",
        "str r1, [sp, #24]",
        "movw r0, #({shcsr} & 0xFFFF)",
        "movt r0, #({shcsr} >> 16)",
        "ldr r1, [r0, #4]",
        "str r1, [r0, #4]",
        "dsb",
        "bx lr",
        // A process faulted: what else is pending for it (its system call,
        // a second fault) is void; keep the status, clear it, leave.
        "3:",
        "movw r0, #({shcsr} & 0xFFFF)",
        "movt r0, #({shcsr} >> 16)",
        "ldr r1, [r0]",
        "bic r1, r1, #0xF000",
        "str r1, [r0]",
        "ldr r1, [r0, #4]",
        "ldr r2, [r0, #8]",
        "str r1, [r0, #4]",
        "str r2, [r0, #8]",
        "orrs r3, r1, r2",
        "beq 2f",
        "ldr r3, [r0, #16]",
        "ldr r12, [r0, #20]",
        "movw r0, #:lower16:{captured}",
        "movt r0, #:upper16:{captured}",
        "stm r0, {{r1-r3, r12}}",
        "2:",
        // The kernel's own frame is on top of the main stack. If the process
        // had an exception number in its stacked xPSR, an implementation may
        // have pushed the refused frame there: it is dropped.
        "movw r2, #:lower16:{left}",
        "movt r2, #:upper16:{left}",
        "ldr r1, [sp, #24]",
        "cmp r1, r2",
        "beq 5f",
        "add sp, sp, #32",
        "ldr r1, [sp, #24]",
        "cmp r1, r2",
        "bne 4f",
        "5:",
        "movs r0, #3",
        "str r0, [sp, #4]",
        "movs r0, #0",
        "msr control, r0",
        "mvn lr, #6",
        "dsb",
        "bx lr",
        // The kernel faulted.
        "4:",
        "b {fatal}",
        sstack = sym _sstack,
        left = sym cortexm4_process_left,
        probe = sym cortexm4_probe,
        probe_failed = sym cortexm4_probe_failed,
        shcsr = const SHCSR.address(),
        captured = sym CAPTURED,
        fatal = sym fatal,
    )
}

/// The end of the kernel: keeps the frame at the main stack pointer if it lies
/// in the kernel's stack, and goes on in Rust on a fresh stack, over the old
/// one. Nothing comes back, so every register is free.
///
/// # Safety
///
/// Only for handlers, before they have moved the stack pointer.
#[unsafe(naked)]
unsafe extern "C" fn fatal() {
    naked_asm!(
        "mov r0, sp",
        "mov r1, lr",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "mov r8, r4",
        "mov r9, r4",
        "mov r10, r4",
        "mov r11, r4",
        "movw r2, #:lower16:{sstack}",
        "movt r2, #:upper16:{sstack}",
        "movw r3, #:lower16:{estack}",
        "movt r3, #:upper16:{estack}",
        "cmp r0, r2",
        "blo 2f",
        "sub r2, r3, #32",
        "cmp r0, r2",
        "bhi 2f",
        "ldm r0, {{r4-r11}}",
        "2:",
        "mov sp, r3",
        "movw r2, #:lower16:{frame}",
        "movt r2, #:upper16:{frame}",
        "stm r2, {{r4-r11}}",
        "b {kernel_faulted}",
        sstack = sym _sstack,
        estack = sym _estack,
        frame = sym KERNEL_FRAME,
        kernel_faulted = sym kernel_faulted,
    )
}

/// NMI, DebugMonitor, PendSV: nothing here uses them.
///
/// # Safety
///
/// Only for the vector table.
#[unsafe(naked)]
pub unsafe extern "C" fn unexpected_exception() {
    naked_asm!("b {fatal}", fatal = sym fatal)
}
