//! Addresses of the system control space and the one place that touches them.
//!
//! ARMv7-M Architecture Reference Manual (DDI 0403), chapters B3 and C1. A
//! [`Register`] can only be made here, from the constants below, so reading
//! and writing one is safe for memory; what a write *means* is the business of
//! the module that does it. On a host the space is an array that starts as
//! zeros, which is what the host tests look at.

/// A word register of the private peripheral bus.
#[derive(Clone, Copy)]
pub(crate) struct Register(usize);

/// First address of the private peripheral bus that is used here (DWT).
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
const BUS_START: usize = 0xE000_1000;
/// First address behind the system control space.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
const BUS_END: usize = 0xE000_F000;

impl Register {
    /// The register `words` words behind this one (for banks of registers).
    pub(crate) const fn at(self, words: usize) -> Register {
        let address = self.0 + 4 * words;
        debug_assert!(address < 0xE000_F000, "behind the system control space");
        Register(address)
    }

    /// The address of the register.
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    pub(crate) const fn address(self) -> usize {
        self.0
    }

    /// Reads the register.
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    #[inline(always)]
    pub(crate) fn get(self) -> u32 {
        // SAFETY: the constants of this file are word-aligned registers that
        // every ARMv7-M core with an MPU has; none is ordinary memory.
        unsafe { core::ptr::read_volatile(self.0 as *const u32) }
    }

    /// Writes the register.
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    #[inline(always)]
    pub(crate) fn set(self, value: u32) {
        // SAFETY: as in `get`.
        unsafe { core::ptr::write_volatile(self.0 as *mut u32, value) }
    }

    /// Reads the host's stand-in for the register.
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    pub(crate) fn get(self) -> u32 {
        self.stand_in().load(core::sync::atomic::Ordering::Relaxed)
    }

    /// Writes the host's stand-in for the register.
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    pub(crate) fn set(self, value: u32) {
        self.stand_in()
            .store(value, core::sync::atomic::Ordering::Relaxed)
    }

    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    fn stand_in(self) -> &'static core::sync::atomic::AtomicU32 {
        use core::sync::atomic::AtomicU32;
        static SPACE: [AtomicU32; (BUS_END - BUS_START) / 4] =
            [const { AtomicU32::new(0) }; (BUS_END - BUS_START) / 4];
        &SPACE[(self.0 - BUS_START) / 4]
    }
}

/// DWT control: bit 0 enables the cycle counter.
pub(crate) const DWT_CTRL: Register = Register(0xE000_1000);
/// DWT cycle counter.
pub(crate) const DWT_CYCCNT: Register = Register(0xE000_1004);

/// Interrupt controller type: bits 3:0 + 1 = words of interrupt lines.
pub(crate) const ICTR: Register = Register(0xE000_E004);

/// SysTick control and status.
pub(crate) const SYST_CSR: Register = Register(0xE000_E010);
/// SysTick reload value, 24 bits.
pub(crate) const SYST_RVR: Register = Register(0xE000_E014);
/// SysTick current value; any write clears it and COUNTFLAG.
pub(crate) const SYST_CVR: Register = Register(0xE000_E018);
/// SysTick calibration value.
pub(crate) const SYST_CALIB: Register = Register(0xE000_E01C);

/// First set-enable register of the NVIC.
pub(crate) const NVIC_ISER: Register = Register(0xE000_E100);
/// First clear-enable register of the NVIC.
pub(crate) const NVIC_ICER: Register = Register(0xE000_E180);
/// First set-pending register of the NVIC.
pub(crate) const NVIC_ISPR: Register = Register(0xE000_E200);
/// First clear-pending register of the NVIC.
pub(crate) const NVIC_ICPR: Register = Register(0xE000_E280);
/// First priority register of the NVIC, four lines a word.
pub(crate) const NVIC_IPR: Register = Register(0xE000_E400);

/// CPU identification.
pub(crate) const CPUID: Register = Register(0xE000_ED00);
/// Interrupt control and state.
pub(crate) const ICSR: Register = Register(0xE000_ED04);
/// Vector table offset.
pub(crate) const VTOR: Register = Register(0xE000_ED08);
/// Application interrupt and reset control.
pub(crate) const AIRCR: Register = Register(0xE000_ED0C);
/// System control: sleep behaviour.
pub(crate) const SCR: Register = Register(0xE000_ED10);
/// Configuration and control: alignment and divide traps.
pub(crate) const CCR: Register = Register(0xE000_ED14);
/// Priorities of MemManage, BusFault and UsageFault.
pub(crate) const SHPR1: Register = Register(0xE000_ED18);
/// Priority of SVCall.
pub(crate) const SHPR2: Register = Register(0xE000_ED1C);
/// Priorities of DebugMonitor, PendSV and SysTick.
pub(crate) const SHPR3: Register = Register(0xE000_ED20);
/// Enables of the configurable faults; pending and active bits.
pub(crate) const SHCSR: Register = Register(0xE000_ED24);
/// Configurable fault status, write 1 to clear.
pub(crate) const CFSR: Register = Register(0xE000_ED28);
/// HardFault status, write 1 to clear.
pub(crate) const HFSR: Register = Register(0xE000_ED2C);
/// Address of the last memory management fault.
pub(crate) const MMFAR: Register = Register(0xE000_ED34);
/// Address of the last bus fault.
pub(crate) const BFAR: Register = Register(0xE000_ED38);
/// Coprocessor (floating point) access.
pub(crate) const CPACR: Register = Register(0xE000_ED88);

/// MPU type: bits 15:8 = regions.
pub(crate) const MPU_TYPE: Register = Register(0xE000_ED90);
/// MPU control.
pub(crate) const MPU_CTRL: Register = Register(0xE000_ED94);
/// MPU region base address; RASR and three alias pairs follow.
pub(crate) const MPU_RBAR: Register = Register(0xE000_ED9C);

/// Debug exception and monitor control.
pub(crate) const DEMCR: Register = Register(0xE000_EDFC);

/// Floating-point context control.
pub(crate) const FPCCR: Register = Register(0xE000_EF34);
