//! System calls for scripted processes, and what the answers of subscribe and allow look like.

use kernel::syscall::{Syscall, SyscallReturn};
use kernel::utilities::capability_ptr::CapabilityPtr;
use kernel::ErrorCode;

/// Command `number` of a driver.
pub fn command(driver: usize, number: usize, arg0: usize, arg1: usize) -> Syscall {
    Syscall::Command {
        driver_number: driver,
        subdriver_number: number,
        arg0,
        arg1,
    }
}

/// Subscribes the function at an address to upcall `number`, with data for it.
pub fn subscribe(driver: usize, number: usize, function: usize, data: usize) -> Syscall {
    Syscall::Subscribe {
        driver_number: driver,
        subdriver_number: number,
        upcall_ptr: CapabilityPtr::from(function),
        appdata: data.into(),
    }
}

/// Allows a driver to read and write a buffer.
pub fn allow_rw(driver: usize, number: usize, address: usize, size: usize) -> Syscall {
    Syscall::ReadWriteAllow {
        driver_number: driver,
        subdriver_number: number,
        allow_address: core::ptr::with_exposed_provenance_mut(address),
        allow_size: size,
    }
}

/// Allows a driver to read a buffer.
pub fn allow_ro(driver: usize, number: usize, address: usize, size: usize) -> Syscall {
    Syscall::ReadOnlyAllow {
        driver_number: driver,
        subdriver_number: number,
        allow_address: core::ptr::with_exposed_provenance(address),
        allow_size: size,
    }
}

/// Allows a driver to write a buffer that the process reads meanwhile.
pub fn allow_readable(driver: usize, number: usize, address: usize, size: usize) -> Syscall {
    Syscall::UserspaceReadableAllow {
        driver_number: driver,
        subdriver_number: number,
        allow_address: core::ptr::with_exposed_provenance_mut(address),
        allow_size: size,
    }
}

/// A call about the process's own memory.
pub fn memop(operand: usize, arg0: usize) -> Syscall {
    Syscall::Memop { operand, arg0 }
}

/// Ends the process (`which` 0) or starts it anew (1).
pub fn exit(which: usize, completion_code: usize) -> Syscall {
    Syscall::Exit {
        which,
        completion_code,
    }
}

/// Takes one upcall if there is one. The byte at address `flag` tells which.
pub fn yield_no_wait(flag: usize) -> Syscall {
    Syscall::Yield {
        which: 0,
        param_a: flag,
        param_b: 0,
    }
}

/// Waits for any upcall.
pub fn yield_wait() -> Syscall {
    Syscall::Yield {
        which: 1,
        param_a: 0,
        param_b: 0,
    }
}

/// Waits for this upcall alone.
pub fn yield_wait_for(driver: usize, number: usize) -> Syscall {
    Syscall::Yield {
        which: 2,
        param_a: driver,
        param_b: number,
    }
}

/// The answer of a subscribe or an allow, as plain numbers.
#[derive(Debug, PartialEq, Eq)]
pub enum Swap {
    /// It was accepted. The address and data, or address and length, that stood before.
    Before(usize, usize),
    /// It was refused with this error. The two numbers that the process passed.
    Refused(ErrorCode, usize, usize),
}

/// Reads the answer of a subscribe or an allow.
///
/// # Panics
/// At the answer to any other call.
pub fn swap(answer: SyscallReturn) -> Swap {
    use SyscallReturn as R;
    match answer {
        R::AllowReadWriteSuccess(p, n) | R::UserspaceReadableAllowSuccess(p, n) => {
            Swap::Before(p.addr(), n)
        }
        R::AllowReadOnlySuccess(p, n) => Swap::Before(p.addr(), n),
        R::SubscribeSuccess(p, n) => Swap::Before(p.addr(), n),
        R::AllowReadWriteFailure(e, p, n) | R::UserspaceReadableAllowFailure(e, p, n) => {
            Swap::Refused(e, p.addr(), n)
        }
        R::AllowReadOnlyFailure(e, p, n) => Swap::Refused(e, p.addr(), n),
        R::SubscribeFailure(e, p, n) => Swap::Refused(e, p.addr(), n),
        other => panic!("not the answer of a swap: {other:?}"),
    }
}
