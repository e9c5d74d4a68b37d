//! The cycle counter of the DWT unit: 32 bits at the CPU's clock.

use crate::registers::{DEMCR, DWT_CTRL, DWT_CYCCNT};

const DEMCR_TRCENA: u32 = 1 << 24;
const CTRL_NOCYCCNT: u32 = 1 << 25;
const CTRL_CYCCNTENA: u32 = 1;

/// Powers the trace units, without which the counter does not exist.
pub fn enable_trace() {
    DEMCR.set(DEMCR.get() | DEMCR_TRCENA);
}

/// Returns whether this core has the counter. Only meaningful after [`enable_trace`].
pub fn is_cycle_counter_present() -> bool {
    DWT_CTRL.get() & CTRL_NOCYCCNT == 0
}

/// Starts the counter where it stands.
pub fn enable_cycle_counter() {
    enable_trace();
    DWT_CTRL.set(DWT_CTRL.get() | CTRL_CYCCNTENA);
}

/// Stops the counter where it stands.
pub fn disable_cycle_counter() {
    DWT_CTRL.set(DWT_CTRL.get() & !CTRL_CYCCNTENA);
}

/// Sets the counter to zero.
pub fn reset_cycle_counter() {
    DWT_CYCCNT.set(0);
}

/// Cycles since the counter was reset, modulo 2^32 (67 s at 64 MHz).
#[inline]
pub fn cycle_count() -> u32 {
    DWT_CYCCNT.get()
}
