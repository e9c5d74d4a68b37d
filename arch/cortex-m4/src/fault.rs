//! Fault status: captured when a fault happens, read by crash log and panic report.
//!
//! The fault handler (in `handlers`) copies CFSR, HFSR, MMFAR and BFAR
//! into `CAPTURED` and clears the sticky bits, for a fault of an app and of
//! the kernel alike. [`FaultStatus::last`] reads the copy: right after
//! [`ContextSwitchReason::Fault`](kernel::syscall::ContextSwitchReason) it is
//! the status of that app's fault, or all zero if no exception was behind it
//! (a system call of an unknown class, a stack pointer out of bounds).
//!
//! A fault of the kernel is never survived. Its handler moves to a fresh
//! stack, fills [`KernelFault`] and panics; the board's panic handler logs
//! and resets.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU32, Ordering};

/// The copy that the fault handler writes: CFSR, HFSR, MMFAR, BFAR.
///
/// The order is the handler's `stm`; see there before changing it.
pub(crate) static CAPTURED: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

/// Fault status registers at the time of the last fault (DDI 0403, B3.2.15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultStatus {
    /// Configurable fault status: UFSR, BFSR and MMFSR in one word.
    pub cfsr: u32,
    /// HardFault status.
    pub hfsr: u32,
    /// MMFAR; an address only if CFSR bit 7 is set.
    pub mmfar: u32,
    /// BFAR; an address only if CFSR bit 15 is set.
    pub bfar: u32,
}

/// The bits of CFSR, lowest first, with what they mean.
const CFSR_CAUSES: [(u32, &str); 17] = [
    (1 << 0, "instruction fetch not allowed by the MPU"),
    (1 << 1, "data access not allowed by the MPU"),
    (1 << 3, "MPU fault on unstacking"),
    (1 << 4, "MPU fault on stacking"),
    (1 << 5, "MPU fault on saving floating-point state"),
    (1 << 8, "bus error on instruction fetch"),
    (1 << 9, "bus error on data access"),
    (1 << 10, "bus error on a buffered write"),
    (1 << 11, "bus error on unstacking"),
    (1 << 12, "bus error on stacking"),
    (1 << 13, "bus error on saving floating-point state"),
    (1 << 16, "undefined instruction"),
    (1 << 17, "not in Thumb state"),
    (1 << 18, "invalid exception return"),
    (1 << 19, "floating point is off"),
    (1 << 24, "unaligned access"),
    (1 << 25, "division by zero"),
];

/// The bits of HFSR with what they mean.
const HFSR_CAUSES: [(u32, &str); 3] = [
    (1 << 1, "bus error on reading a vector"),
    (1 << 30, "escalated"),
    (1 << 31, "debug event"),
];

impl FaultStatus {
    /// The status of the last fault since reset; all zero if there was none.
    pub fn last() -> FaultStatus {
        let [cfsr, hfsr, mmfar, bfar] =
            core::array::from_fn(|word| CAPTURED[word].load(Ordering::Relaxed));
        FaultStatus {
            cfsr,
            hfsr,
            mmfar,
            bfar,
        }
    }

    /// Forgets the captured status, so that it is not taken for another's.
    pub fn forget() {
        for word in &CAPTURED {
            word.store(0, Ordering::Relaxed);
        }
    }

    /// The address that the MPU refused, if the hardware recorded it.
    pub fn memory_address(&self) -> Option<u32> {
        (self.cfsr & (1 << 7) != 0).then_some(self.mmfar)
    }

    /// The address that the bus refused, if the hardware recorded it.
    pub fn bus_address(&self) -> Option<u32> {
        (self.cfsr & (1 << 15) != 0).then_some(self.bfar)
    }

    /// What happened, in words; one item for each status bit.
    pub fn causes(&self) -> impl Iterator<Item = &'static str> {
        let status = *self;
        let configurable = CFSR_CAUSES
            .iter()
            .filter(move |(bit, _)| status.cfsr & bit != 0);
        let hard = HFSR_CAUSES
            .iter()
            .filter(move |(bit, _)| status.hfsr & bit != 0);
        configurable.chain(hard).map(|(_, words)| *words)
    }
}

impl fmt::Display for FaultStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CFSR {:#010x} HFSR {:#010x}", self.cfsr, self.hfsr)?;
        for cause in self.causes() {
            write!(f, "; {cause}")?;
        }
        if let Some(address) = self.memory_address() {
            write!(f, "; MPU fault at {address:#010x}")?;
        }
        if let Some(address) = self.bus_address() {
            write!(f, "; bus fault at {address:#010x}")?;
        }
        Ok(())
    }
}

/// A fault (or an exception that nobody expects) while the kernel ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelFault {
    /// Exception number: 2 NMI, 3 HardFault, 4 MemManage, 5 BusFault,
    /// 6 UsageFault, 12 DebugMonitor, 14 PendSV.
    pub exception: u32,
    /// EXC_RETURN of the exception: what was interrupted.
    pub exception_return: u32,
    /// The main stack pointer at the entry of the handler.
    pub stack_pointer: u32,
    /// Stacked r0, r1, r2, r3, r12, lr, pc, xPSR; zeros if the stack pointer
    /// was not in the kernel's stack (it overflowed).
    pub frame: [u32; 8],
}

/// Exception number, EXC_RETURN and stack pointer of the kernel's fault.
static KERNEL_FAULT: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
/// Its frame. The handler fills it before it moves to the fresh stack, which
/// may lie over the frame.
pub(crate) static KERNEL_FRAME: [AtomicU32; 8] = [const { AtomicU32::new(0) }; 8];

impl KernelFault {
    /// The kernel's fault since reset, for the panic handler.
    pub fn get() -> Option<KernelFault> {
        let [exception, exception_return, stack_pointer] =
            core::array::from_fn(|word| KERNEL_FAULT[word].load(Ordering::Relaxed));
        (exception != 0).then_some(KernelFault {
            exception,
            exception_return,
            stack_pointer,
            frame: core::array::from_fn(|word| KERNEL_FRAME[word].load(Ordering::Relaxed)),
        })
    }
}

/// Where the handlers end when the kernel itself is at fault.
///
/// # Safety
///
/// Only to be entered from the handlers, in handler mode, on a fresh main
/// stack; `stack_pointer` is where the old one stood.
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub(crate) unsafe extern "C" fn kernel_faulted(stack_pointer: u32, exception_return: u32) -> ! {
    use crate::registers::{BFAR, CFSR, HFSR, MMFAR};

    let keep = |place: &[AtomicU32], words: &[u32]| {
        for (kept, word) in place.iter().zip(words) {
            kept.store(*word, Ordering::Relaxed);
        }
    };
    keep(
        &CAPTURED,
        &[CFSR.get(), HFSR.get(), MMFAR.get(), BFAR.get()],
    );
    let exception = crate::support::active_exception() as u32;
    keep(&KERNEL_FAULT, &[exception, exception_return, stack_pointer]);
    panic!(
        "exception {exception} in the kernel at {:#010x}: {}",
        KERNEL_FRAME[6].load(Ordering::Relaxed),
        FaultStatus::last()
    );
}

/// Writes the last fault for a panic report.
pub fn print_cortexm_state(writer: &mut dyn Write) {
    let status = FaultStatus::last();
    let _ = write!(
        writer,
        "\r\n---| Cortex-M fault status |---\r\n{status}\r\n"
    );
    if let Some(fault) = KernelFault::get() {
        let [r0, r1, r2, r3, r12, lr, pc, xpsr] = fault.frame;
        let _ = write!(
            writer,
            "kernel: exception {} EXC_RETURN {:#010x} SP {:#010x}\r\n\
             R0 {r0:#010x} R1 {r1:#010x} R2 {r2:#010x} R3 {r3:#010x} R12 {r12:#010x}\r\n\
             LR {lr:#010x} PC {pc:#010x} xPSR {xpsr:#010x}\r\n",
            fault.exception, fault.exception_return, fault.stack_pointer,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    #[test]
    fn causes_name_each_bit() {
        let status = FaultStatus {
            cfsr: 1 << 1 | 1 << 7 | 1 << 4,
            hfsr: 1 << 30,
            mmfar: 0x2000_0000,
            bfar: 7,
        };
        let causes: Vec<_> = status.causes().collect();
        assert_eq!(
            causes,
            [
                "data access not allowed by the MPU",
                "MPU fault on stacking",
                "escalated"
            ]
        );
        assert_eq!(status.memory_address(), Some(0x2000_0000));
        assert_eq!(status.bus_address(), None);
        assert!(status.to_string().contains("MPU fault at 0x20000000"));
    }

    #[test]
    fn kernel_fault_is_read_word_for_word() {
        assert_eq!(KernelFault::get(), None);
        for (word, value) in [3, 0xFFFF_FFF9, 0x2000_0100].into_iter().enumerate() {
            KERNEL_FAULT[word].store(value, Ordering::Relaxed);
        }
        for (word, kept) in KERNEL_FRAME.iter().enumerate() {
            kept.store(word as u32 + 1, Ordering::Relaxed);
        }
        let fault = KernelFault {
            exception: 3,
            exception_return: 0xFFFF_FFF9,
            stack_pointer: 0x2000_0100,
            frame: [1, 2, 3, 4, 5, 6, 7, 8],
        };
        assert_eq!(KernelFault::get(), Some(fault));
    }
}
