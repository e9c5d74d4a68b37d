//! Single instructions and short sequences of the core that Rust has no words for.

/// Does nothing for one instruction.
#[inline(always)]
pub fn nop() {
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: `nop` has no effect.
    unsafe {
        core::arch::asm!("nop", options(nomem, nostack, preserves_flags));
    }
}

/// Sleeps until an interrupt is pending, also while interrupts are masked.
#[inline(always)]
pub fn wfi() {
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: `wfi` only waits; the barrier lets writes to peripherals finish
    // before the clocks may stop.
    unsafe {
        core::arch::asm!("dsb", "wfi", options(nostack, preserves_flags));
    }
}

/// Waits until all memory accesses before it have finished.
#[inline(always)]
pub fn data_barrier() {
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: a barrier only waits.
    unsafe {
        core::arch::asm!("dsb", options(nostack, preserves_flags));
    }
}

/// Lets instructions after it see all register changes before it.
#[inline(always)]
pub fn instruction_barrier() {
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: a barrier only waits.
    unsafe {
        core::arch::asm!("isb", options(nostack, preserves_flags));
    }
}

/// Runs `f` with interrupts masked (PRIMASK), and restores the mask as it was.
///
/// A fault inside `f` escalates to HardFault, which is fatal to the kernel
/// like any other fault of the kernel.
#[inline]
pub fn with_interrupts_disabled<F, R>(f: F) -> R
where
    F: FnOnce() -> R,
{
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    let primask: u32;
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: raising the mask cannot break memory safety; not `nomem`, so that
    // the compiler keeps the accesses of `f` behind it.
    unsafe {
        core::arch::asm!("mrs {}, primask", "cpsid i", out(reg) primask, options(nostack, preserves_flags));
    }
    let result = f();
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: puts back what was read above.
    unsafe {
        core::arch::asm!("msr primask, {}", in(reg) primask, options(nostack, preserves_flags));
    }
    result
}

pub use with_interrupts_disabled as atomic;

/// Masks interrupts for good and stops: for the end of a panic handler.
pub fn halt() -> ! {
    with_interrupts_disabled(|| loop {
        nop();
        core::hint::spin_loop();
    })
}

/// Number of the active exception; 0 in thread mode (and on the host).
#[inline(always)]
pub fn active_exception() -> usize {
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let ipsr: usize;
        // SAFETY: reads a status register.
        unsafe {
            core::arch::asm!("mrs {}, ipsr", out(reg) ipsr, options(nomem, nostack, preserves_flags));
        }
        ipsr
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    0
}
