//! The machine under test: start, exceptions, registers, memory map.
//!
//! The firmware owns the whole machine and runs in one thread, so what would
//! need `unsafe` in a program is an ordinary function here: reading and
//! writing any address, running any code with any rights. Its own memory is
//! `.data`, `.bss`, the stack and the log; the checks play with
//! [`play`] only.

pub mod exceptions;
pub mod mpu;
mod start;

use core::arch::asm;

pub use exceptions::{attempt, events, forget_events, run_process, Process};

/// Code of a check: the address of a function in assembly.
pub type Code = unsafe extern "C" fn();

extern "C" {
    static conformance_play: u8;
}

/// Address of the 32 KB with which checks may do what they like.
pub fn play() -> u32 {
    &raw const conformance_play as u32
}

/// Reads a word wherever it is; only addresses that do not fault.
pub fn read(address: u32) -> u32 {
    // SAFETY: the firmware owns the machine.
    unsafe { (address as *const u32).read_volatile() }
}

/// Writes a word wherever it is; only addresses that do not fault.
pub fn write(address: u32, value: u32) {
    // SAFETY: the firmware owns the machine; checks write to registers and to
    // the play memory.
    unsafe { (address as *mut u32).write_volatile(value) }
}

/// Sets and clears bits of a register.
pub fn change(address: u32, clear: u32, set: u32) {
    write(address, read(address) & !clear | set);
}

/// Waits until everything before has had its effect.
pub fn barrier() {
    // SAFETY: barriers only wait.
    unsafe { asm!("dsb", "isb", options(nostack, preserves_flags)) }
}

/// Sets PRIMASK.
pub fn set_primask(masked: bool) {
    // SAFETY: no exception handler of this firmware is needed in the meantime.
    unsafe { asm!("msr primask, {}", "isb", in(reg) u32::from(masked), options(nostack)) }
}

/// Sets FAULTMASK, with `cps`: at the priority that FAULTMASK gives, `msr` is
/// defined to have no effect on it (DDI 0403, B5.2.3).
pub fn set_faultmask(masked: bool) {
    // SAFETY: as above.
    unsafe {
        match masked {
            true => asm!("cpsid f", "isb", options(nostack)),
            false => asm!("cpsie f", "isb", options(nostack)),
        }
    }
}

/// Sets BASEPRI.
pub fn set_basepri(priority: u32) {
    // SAFETY: as above.
    unsafe { asm!("msr basepri, {}", "isb", in(reg) priority, options(nostack)) }
}

/// PRIMASK | FAULTMASK << 1 | BASEPRI << 8.
pub fn masks() -> u32 {
    let (primask, faultmask, basepri): (u32, u32, u32);
    // SAFETY: reads registers.
    unsafe {
        asm!("mrs {}, primask", "mrs {}, faultmask", "mrs {}, basepri",
            out(reg) primask, out(reg) faultmask, out(reg) basepri,
            options(nomem, nostack, preserves_flags));
    }
    primask | faultmask << 1 | basepri << 8
}

/// Registers of the system control space.
pub mod register {
    pub const DWT_CTRL: u32 = 0xE000_1000;
    pub const DWT_CYCCNT: u32 = 0xE000_1004;
    pub const SYST_CSR: u32 = 0xE000_E010;
    pub const SYST_RVR: u32 = 0xE000_E014;
    pub const SYST_CVR: u32 = 0xE000_E018;
    pub const NVIC_ISER: u32 = 0xE000_E100;
    pub const NVIC_ICER: u32 = 0xE000_E180;
    pub const NVIC_ISPR: u32 = 0xE000_E200;
    pub const NVIC_ICPR: u32 = 0xE000_E280;
    pub const NVIC_IPR: u32 = 0xE000_E400;
    pub const ICSR: u32 = 0xE000_ED04;
    pub const VTOR: u32 = 0xE000_ED08;
    pub const AIRCR: u32 = 0xE000_ED0C;
    pub const CCR: u32 = 0xE000_ED14;
    pub const SHPR1: u32 = 0xE000_ED18;
    pub const SHPR2: u32 = 0xE000_ED1C;
    pub const SHPR3: u32 = 0xE000_ED20;
    pub const SHCSR: u32 = 0xE000_ED24;
    pub const CFSR: u32 = 0xE000_ED28;
    pub const HFSR: u32 = 0xE000_ED2C;
    pub const MMFAR: u32 = 0xE000_ED34;
    pub const BFAR: u32 = 0xE000_ED38;
    pub const CPACR: u32 = 0xE000_ED88;
    pub const MPU_TYPE: u32 = 0xE000_ED90;
    pub const MPU_CTRL: u32 = 0xE000_ED94;
    pub const MPU_RNR: u32 = 0xE000_ED98;
    pub const MPU_RBAR: u32 = 0xE000_ED9C;
    pub const MPU_RASR: u32 = 0xE000_EDA0;
    pub const DEMCR: u32 = 0xE000_EDFC;
    pub const STIR: u32 = 0xE000_EF00;
    pub const FPCCR: u32 = 0xE000_EF34;
}
