//! ARMv7-M support of the kernel: context switch, MPU, NVIC, SysTick, faults.
//!
//! # Crossing the wall
//!
//! A process runs unprivileged in thread mode on its own stack (PSP). The
//! kernel runs privileged in thread mode on the main stack (MSP), and handler
//! mode is only the short way between the two. Everything that keeps a process
//! inside its wall comes down to five rules, each because a kernel of this
//! kind has been broken without it:
//!
//! 1. **CONTROL and LR are written together, or not at all.** A handler that
//!    leaves a process writes nPRIV = 0 *and* EXC_RETURN 0xFFFFFFF9; the one
//!    way in writes nPRIV = 1 *and* 0xFFFFFFFD. There is no path on which the
//!    process stack is returned to with privilege, whichever handlers are
//!    chained behind each other. EXC_RETURN is always one of these two
//!    constants, never a value that lay in memory.
//! 2. **The direction of a crossing is state of the kernel, not a guess from
//!    LR.** Handlers can be tail-chained: a handler may find LR already turned
//!    towards the kernel by the one before it. The kernel's `svc` therefore
//!    leaves a word in its own frame that says how far the crossing is
//!    (table in `handlers`). An `svc` that comes behind a fault is void, an
//!    `svc` that comes behind an interrupt is still a system call, and only
//!    the kernel's request, once, enters the process.
//! 3. **Priorities are set, not left at reset values** ([`priority`]). Faults
//!    come before SVCall, so that a call whose stacking faults is a fault and
//!    nothing else; SVCall comes before all interrupts, so that a call is
//!    complete when an interrupt looks at it. Interrupts share one priority
//!    and do not nest. A fault handler that was entered for a process voids
//!    what else is pending for it (SHCSR).
//! 4. **The process's stack pointer is a claim.** The hardware stacks and
//!    unstacks with the process's rights, so a bad PSP is a fault of the
//!    process (MSTKERR, MUNSTKERR); the kernel looks at a frame only after
//!    checking that it lies in the process's memory. The `svc` instruction is
//!    read with an unprivileged load, so that the kernel can be made to read
//!    nothing that the process could not. If that load faults, the process
//!    has faulted.
//! 5. **What starts a process's code is made, not kept.** The xPSR of an upcall
//!    is Thumb state and nothing else (no IT block of the code that yielded);
//!    only the padding bit stays, because it belongs to the stack.
//!
//! A process that was interrupted continues with the instruction that the
//! hardware stacked: an `svc` that was not executed yet is executed then, and
//! one that was executed is in the frame as the instruction before PC. Which
//! of the two it was is the state of the crossing, never the bytes at PC.
//!
//! Unprivileged code cannot change BASEPRI, PRIMASK, FAULTMASK or CONTROL
//! (`msr` is ignored), and any access to the system control space faults. The
//! floating-point unit is off: an app that uses it faults alone, and frames
//! have one size.
//!
//! # What the chip and the board do
//!
//! * Link as `entry` says (on the target); put `[generic_isr; N]` in section
//!   `.irqs`.
//! * Call [`initialize`] first thing in `main`.
//! * Serve what [`nvic::next_pending_of`] finds, in thread mode, and enable
//!   the line again.
//! * In the panic handler, log [`fault::KernelFault::get`] and
//!   [`fault::FaultStatus::last`], then [`scb::reset`].

#![cfg_attr(not(test), no_std)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod entry;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod handlers;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod memory;

pub mod dwt;
pub mod fault;
pub mod mpu;
pub mod nvic;
pub mod priority;
pub mod scb;
pub mod support;
pub mod syscall;
pub mod systick;
pub mod thread_id;

mod answer;
mod frame;
// A host has no handlers, so it does not read all of them.
#[cfg_attr(not(all(target_arch = "arm", target_os = "none")), allow(dead_code))]
mod registers;
mod stored_state;

pub use fault::print_cortexm_state;
pub use thread_id::CortexMThreadIdProvider;

#[cfg(all(target_arch = "arm", target_os = "none"))]
pub use entry::initialize_ram_jump_to_main;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub use handlers::{generic_isr, unexpected_exception};

/// Puts priorities, fault handlers, traps and interrupt lines into the state
/// that processes need. Call it before anything else of this crate.
///
/// All interrupt lines are off and forgotten afterwards.
///
/// # Safety
///
/// Once, from `main`, before the first process and before any driver.
pub unsafe fn initialize() {
    scb::initialize();
    nvic::disable_all();
    nvic::clear_all_pending();
    nvic::set_all_priorities(priority::INTERRUPTS);
    support::data_barrier();
    support::instruction_barrier();
}
