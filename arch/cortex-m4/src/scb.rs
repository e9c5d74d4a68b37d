//! The system control block: priorities, traps, vector table, sleep, reset.

use crate::priority;
use crate::registers::{
    AIRCR, CCR, CPACR, CPUID, DEMCR, FPCCR, ICSR, SCR, SHCSR, SHPR1, SHPR2, SHPR3, VTOR,
};

const AIRCR_KEY: u32 = 0x05FA << 16;
const AIRCR_SYSRESETREQ: u32 = 1 << 2;
/// PRIGROUP 0: every implemented priority bit decides about pre-emption.
const AIRCR_PRIGROUP_MASK: u32 = 7 << 8;
const SCR_SLEEPDEEP: u32 = 1 << 2;
/// Exception frames start at multiples of 8.
const CCR_STKALIGN: u32 = 1 << 9;
/// UsageFault, BusFault and MemManage have handlers of their own.
const SHCSR_FAULTS_ENABLED: u32 = (1 << 18) | (1 << 17) | (1 << 16);
/// VC_* and MON_EN off: no debug monitor in the way of a fault.
const DEMCR_MON_EN: u32 = 1 << 16;

/// Priorities, fault handlers and traps as the rest of this crate expects.
///
/// * Faults, SVCall, interrupts, SysTick and PendSV get the priorities of
///   [`crate::priority`].
/// * MemManage, BusFault and UsageFault are enabled, so that an app's fault
///   does not escalate to HardFault.
/// * Frames are aligned to 8 (STKALIGN), nobody unprivileged may trigger
///   interrupts (USERSETMPEND clear), unaligned accesses work and a division
///   by zero yields zero, as compilers expect of an ARMv7-M core.
/// * The floating-point unit is off and takes no part in exception frames:
///   an app that uses it faults alone.
pub(crate) fn initialize() {
    let aircr = AIRCR.get() & 0xFFFF & !AIRCR_PRIGROUP_MASK;
    AIRCR.set(AIRCR_KEY | aircr);
    CCR.set(CCR_STKALIGN);
    SHPR1.set(u32::from_le_bytes([priority::FAULTS; 4]) & 0x00FF_FFFF);
    SHPR2.set(u32::from(priority::SVCALL) << 24);
    SHPR3.set(
        u32::from(priority::SYSTICK) << 24
            | u32::from(priority::PENDSV) << 16
            | u32::from(priority::LOWEST),
    );
    SHCSR.set(SHCSR_FAULTS_ENABLED);
    DEMCR.set(DEMCR.get() & !DEMCR_MON_EN);
    CPACR.set(0);
    FPCCR.set(0);
}

/// Returns whether the core calls itself a Cortex-M4.
pub fn is_cortex_m4() -> bool {
    CPUID.get() & 0xFF00_FFF0 == 0x4100_C240
}

/// Resets the part.
pub fn reset() -> ! {
    crate::support::data_barrier();
    AIRCR.set(AIRCR_KEY | AIRCR_SYSRESETREQ);
    crate::support::data_barrier();
    crate::support::halt()
}

/// `wfi` will mean deep sleep.
pub fn set_sleepdeep() {
    SCR.set(SCR.get() | SCR_SLEEPDEEP);
}

/// `wfi` will mean ordinary sleep.
pub fn unset_sleepdeep() {
    SCR.set(SCR.get() & !SCR_SLEEPDEEP);
}

/// Moves the vector table.
///
/// # Safety
///
/// `table` is a multiple of 128 (of 512 with more than 16 interrupt lines) and
/// points to a complete vector table that stays there.
pub unsafe fn set_vector_table_offset(table: *const ()) {
    VTOR.set(table as usize as u32);
    crate::support::data_barrier();
}

/// ICSR as it is: active, pending and waiting exceptions, for reports.
pub fn interrupt_control_state() -> u32 {
    ICSR.get()
}
