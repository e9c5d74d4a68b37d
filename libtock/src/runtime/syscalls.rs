//! The `svc` instructions of the Cortex-M ABI.

use crate::platform::{syscall_class, RawSyscalls, Register};
use core::arch::asm;

/// The kernel that this process runs on.
pub struct TockSyscalls;

// SAFETY: each function is the one instruction that its class asks for, with
// the registers that the ABI gives it. Yields run upcalls, which may clobber
// what any C function may; other classes write r0 to r3 only.
unsafe impl RawSyscalls for TockSyscalls {
    unsafe fn yield1([r0]: [Register; 1]) {
        // SAFETY: the caller passes a yield variant without a result.
        unsafe {
            asm!(
                "svc {class}",
                class = const syscall_class::YIELD,
                inlateout("r0") r0.0 => _,
                clobber_abi("C"),
            );
        }
    }

    unsafe fn yield2([r0, r1]: [Register; 2]) {
        // SAFETY: the caller passes a byte that the kernel may write.
        unsafe {
            asm!(
                "svc {class}",
                class = const syscall_class::YIELD,
                inlateout("r0") r0.0 => _,
                inlateout("r1") r1.0 => _,
                clobber_abi("C"),
            );
        }
    }

    unsafe fn yield3([r0, r1, r2]: [Register; 3]) -> [Register; 3] {
        let (mut out0, mut out1, mut out2) = (r0.0, r1.0, r2.0);
        // SAFETY: the caller passes yield-wait-for with its two numbers.
        unsafe {
            asm!(
                "svc {class}",
                class = const syscall_class::YIELD,
                inlateout("r0") out0,
                inlateout("r1") out1,
                inlateout("r2") out2,
                clobber_abi("C"),
            );
        }
        [Register(out0), Register(out1), Register(out2)]
    }

    unsafe fn syscall1<const CLASS: usize>([r0]: [Register; 1]) -> [Register; 2] {
        let mut out0 = r0.0;
        let out1: *mut ();
        // SAFETY: memop only changes memory that the app does not use.
        unsafe {
            asm!(
                "svc {class}",
                class = const CLASS,
                inlateout("r0") out0,
                lateout("r1") out1,
                lateout("r2") _,
                lateout("r3") _,
                options(preserves_flags, nostack),
            );
        }
        [Register(out0), Register(out1)]
    }

    unsafe fn syscall2<const CLASS: usize>([r0, r1]: [Register; 2]) -> [Register; 2] {
        let (mut out0, mut out1) = (r0.0, r1.0);
        // SAFETY: memop and exit only change memory that the app does not use.
        unsafe {
            asm!(
                "svc {class}",
                class = const CLASS,
                inlateout("r0") out0,
                inlateout("r1") out1,
                lateout("r2") _,
                lateout("r3") _,
                options(preserves_flags, nostack),
            );
        }
        [Register(out0), Register(out1)]
    }

    unsafe fn syscall4<const CLASS: usize>([r0, r1, r2, r3]: [Register; 4]) -> [Register; 4] {
        let (mut out0, mut out1, mut out2, mut out3) = (r0.0, r1.0, r2.0, r3.0);
        // SAFETY: the caller vouches for the buffers and upcalls it names.
        unsafe {
            asm!(
                "svc {class}",
                class = const CLASS,
                inlateout("r0") out0,
                inlateout("r1") out1,
                inlateout("r2") out2,
                inlateout("r3") out3,
                options(preserves_flags, nostack),
            );
        }
        [
            Register(out0),
            Register(out1),
            Register(out2),
            Register(out3),
        ]
    }
}
