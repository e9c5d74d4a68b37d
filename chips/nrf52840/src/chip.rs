//! The part as the kernel sees it: core, MPU, interrupts.

use crate::base;
use crate::peripheral_interrupts::COUNT;
use crate::registers::nvmc::CacheConfig;
use core::fmt::Write;
use cortexm4::nvic;
use kernel::platform::chip::{Chip, InterruptService};
use kernel::utilities::registers::interfaces::Writeable;

/// Words of 32 interrupt lines.
const LINE_WORDS: usize = COUNT.div_ceil(32);

/// What every interrupt runs: the kernel serves the line later, in its loop.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[link_section = ".irqs"]
#[used]
pub static IRQS: [unsafe extern "C" fn(); COUNT] = [cortexm4::generic_isr; COUNT];

/// The chip, with the drivers that `I` dispatches to.
pub struct Nrf52840<'a, I: InterruptService> {
    mpu: cortexm4::mpu::MPU,
    boundary: cortexm4::syscall::SysCall,
    interrupts: &'a I,
}

impl<'a, I: InterruptService> Nrf52840<'a, I> {
    /// The chip.
    ///
    /// # Safety
    ///
    /// Once: it owns the MPU and the way into processes.
    pub const unsafe fn new(interrupts: &'a I) -> Self {
        Nrf52840 {
            // SAFETY: the caller makes one chip only.
            mpu: unsafe { cortexm4::mpu::MPU::new() },
            // SAFETY: as above.
            boundary: unsafe { cortexm4::syscall::SysCall::new() },
            interrupts,
        }
    }
}

impl<I: InterruptService> Chip for Nrf52840<'_, I> {
    type MPU = cortexm4::mpu::MPU;
    type ThreadIdProvider = cortexm4::CortexMThreadIdProvider;
    type UserspaceKernelBoundary = cortexm4::syscall::SysCall;

    fn init() {
        // SAFETY: the board calls this first thing in `main`, before any driver or
        // process exists, as the trait asks.
        unsafe { cortexm4::initialize() };
        // Without the cache every fetch from flash may wait up to two cycles.
        base::NVMC.icachecnf.write(CacheConfig::CACHEEN.val(1));
        // A line is on from the start; a peripheral asks once its driver lets it.
        nvic::enable_all();
    }

    fn service_pending_interrupts(&self) {
        while let Some(line) = nvic::next_pending_of::<LINE_WORDS>() {
            let served = self.interrupts.service_interrupt(line);
            // SAFETY: the chip's loop is what lines are handed to.
            let line = unsafe { nvic::Nvic::new(line) };
            line.clear_pending();
            // A line that nobody serves stays off: it would come back for ever.
            if served {
                line.enable();
            }
        }
    }

    #[inline(always)]
    fn has_pending_interrupts(&self) -> bool {
        nvic::has_pending_of::<LINE_WORDS>()
    }

    fn mpu(&self) -> &Self::MPU {
        &self.mpu
    }

    fn userspace_kernel_boundary(&self) -> &Self::UserspaceKernelBoundary {
        &self.boundary
    }

    fn sleep(&self) {
        cortexm4::support::wfi();
    }

    fn with_interrupts_disabled<F, R>(&self, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        cortexm4::support::with_interrupts_disabled(f)
    }

    unsafe fn print_state(_this: Option<&Self>, writer: &mut dyn Write) {
        cortexm4::print_cortexm_state(writer);
    }
}
