//! Exception priorities, and why they are in this order.
//!
//! Smaller is more urgent. The core has three priority bits, the upper three
//! of the byte, so steps are 0x20.
//!
//! | exception | priority | because |
//! |---|---|---|
//! | MemManage, BusFault, UsageFault | 0x00 | a fault while the hardware stacks a frame must be served before the exception that caused the stacking |
//! | SVCall | 0x20 | a system call must be recorded before an interrupt turns the process towards the kernel |
//! | interrupts | 0x60 | all the same: their handler is a few instructions, and nesting would only add states |
//! | SysTick | 0xA0 | the end of a time slice is never urgent; an interrupt that waits takes the process off the CPU as well |
//! | PendSV, DebugMonitor | 0xE0 | not used |
//!
//! A fault inside a handler has nowhere to go but HardFault or a nested
//! entry, both of which are fatal to the kernel, as they should be.

/// MemManage, BusFault and UsageFault.
pub const FAULTS: u8 = 0x00;
/// System calls, and the kernel's entry into a process.
pub const SVCALL: u8 = 0x20;
/// Every interrupt line.
pub const INTERRUPTS: u8 = 0x60;
/// The scheduler's timer.
pub const SYSTICK: u8 = 0xA0;
/// PendSV.
pub const PENDSV: u8 = LOWEST;
/// The lowest priority of a core with three priority bits.
pub const LOWEST: u8 = 0xE0;

// Rule 3 of the crate rests on this order.
const _: () = assert!(FAULTS < SVCALL && SVCALL < INTERRUPTS && INTERRUPTS < SYSTICK);
