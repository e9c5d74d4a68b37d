//! The raw system calls, carried out by the fake kernel.

use super::kernel::{with_kernel, FakeUpcall, QueuedUpcall};
use super::{ExpectedSyscall, RoAllowBuffer, RwAllowBuffer, SyscallLogEntry};
use crate::platform::{
    exit_id, return_variant, syscall_class, yield_id, CommandReturn, ErrorCode, RawSyscalls,
    Register, ReturnVariant, YieldNoWaitReturn,
};
use std::panic::{catch_unwind, panic_any, resume_unwind, UnwindSafe};

/// The fake kernel's system calls: the `S: Syscalls` of host tests.
pub struct Syscalls;

/// How the code under test ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExitCall {
    /// Exit-terminate with a completion code.
    Terminate(u32),
    /// Exit-restart with a completion code.
    Restart(u32),
}

/// Runs `f`, which must end with an exit system call, and gives that.
///
/// # Panics
/// If `f` returns or panics.
pub fn exit_test<R>(f: impl FnOnce() -> R + UnwindSafe) -> ExitCall {
    match catch_unwind(f) {
        Ok(_) => panic!("the code under test did not exit"),
        Err(payload) => match payload.downcast::<ExitCall>() {
            Ok(exit) => *exit,
            Err(other) => resume_unwind(other),
        },
    }
}

fn number(register: Register) -> u32 {
    register
        .try_into()
        .expect("a number above 32 bits was passed to the kernel")
}

/// Logs a call, and takes the expectation for it if any call is expected.
fn begin(entry: SyscallLogEntry) -> Option<ExpectedSyscall> {
    with_kernel(|kernel| {
        kernel.log.push(entry);
        kernel.expected.pop_front()
    })
}

fn wrong_call(expected: &ExpectedSyscall, called: &str) -> ! {
    panic!("expected {expected:?}, but {called} was called");
}

fn registers(variant: ReturnVariant, r1: Register, r2: Register) -> [Register; 4] {
    [u32::from(variant).into(), r1, r2, 0u32.into()]
}

/// Takes the first queued upcall that has a function.
fn next_upcall() -> Option<QueuedUpcall> {
    with_kernel(|kernel| {
        let position = kernel
            .upcall_queue
            .iter()
            .position(|queued| queued.upcall.is_some())?;
        kernel.upcall_queue.remove(position)
    })
}

fn run(queued: QueuedUpcall) {
    if let Some(FakeUpcall { function, data }) = queued.upcall {
        let (arg0, arg1, arg2) = queued.args;
        // SAFETY: whoever subscribed vouched for function and data until the
        // subscription is replaced, and replacing it drops queued upcalls.
        unsafe { function(arg0, arg1, arg2, data) };
    }
}

fn yield_no_wait() -> YieldNoWaitReturn {
    let override_return = match begin(SyscallLogEntry::YieldNoWait) {
        None => None,
        Some(ExpectedSyscall::YieldNoWait { override_return }) => override_return,
        Some(other) => wrong_call(&other, "yield-no-wait"),
    };
    let happened = match next_upcall() {
        Some(queued) => {
            run(queued);
            YieldNoWaitReturn::Upcall
        }
        None => YieldNoWaitReturn::NoUpcall,
    };
    override_return.unwrap_or(happened)
}

fn yield_wait() {
    match begin(SyscallLogEntry::YieldWait) {
        None | Some(ExpectedSyscall::YieldWait { skip_upcall: false }) => {}
        Some(ExpectedSyscall::YieldWait { skip_upcall: true }) => return,
        Some(other) => wrong_call(&other, "yield-wait"),
    }
    run(next_upcall().expect("yield-wait without a pending upcall would sleep for ever"));
}

fn yield_wait_for(driver_num: u32, subscribe_num: u32) -> (u32, u32, u32) {
    let entry = SyscallLogEntry::YieldWaitFor {
        driver_num,
        subscribe_num,
    };
    if let Some(other) = begin(entry) {
        wrong_call(&other, "yield-wait-for");
    }
    with_kernel(|kernel| {
        let queue = &mut kernel.upcall_queue;
        let position = queue
            .iter()
            .position(|queued| {
                (queued.driver_num, queued.subscribe_num) == (driver_num, subscribe_num)
            })
            .expect("yield-wait-for without that upcall pending would sleep for ever");
        queue.remove(position).map(|queued| queued.args)
    })
    .expect("found above")
}

fn subscribe([r0, r1, r2, r3]: [Register; 4]) -> [Register; 4] {
    let (driver_num, subscribe_num) = (number(r0), number(r1));
    let expected = begin(SyscallLogEntry::Subscribe {
        driver_num,
        subscribe_num,
    });
    let fail = |error: ErrorCode| {
        let variant = u32::from(return_variant::FAILURE_2_U32);
        [variant.into(), error.into(), r2, r3]
    };
    match expected {
        None => {}
        Some(ExpectedSyscall::Subscribe {
            driver_num: driver,
            subscribe_num: upcall,
            skip_with_error: None,
        }) if (driver, upcall) == (driver_num, subscribe_num) => {}
        Some(ExpectedSyscall::Subscribe {
            driver_num: driver,
            subscribe_num: upcall,
            skip_with_error: Some(error),
        }) if (driver, upcall) == (driver_num, subscribe_num) => return fail(error),
        Some(other) => wrong_call(&other, "subscribe"),
    }
    let new = (usize::from(r2) != 0).then(|| FakeUpcall {
        // SAFETY: syscall4 asks its caller for a function of this type.
        function: unsafe {
            std::mem::transmute::<*mut (), unsafe extern "C" fn(u32, u32, u32, Register)>(r2.0)
        },
        data: r3,
    });
    with_kernel(|kernel| {
        let Some(entry) = kernel.drivers.get_mut(&driver_num) else {
            return fail(ErrorCode::NoDevice);
        };
        if subscribe_num >= entry.upcall_count {
            return fail(ErrorCode::NoSupport);
        }
        let old = match new {
            Some(upcall) => entry.upcalls.insert(subscribe_num, upcall),
            None => entry.upcalls.remove(&subscribe_num),
        };
        kernel.upcall_queue.retain(|queued| {
            (queued.driver_num, queued.subscribe_num) != (driver_num, subscribe_num)
        });
        let zero = Register::from(0usize);
        let (function, data) = old.map_or((zero, zero), |old| {
            ((old.function as *const ()).into(), old.data)
        });
        registers(return_variant::SUCCESS_2_U32, function, data)
    })
}

fn command([r0, r1, r2, r3]: [Register; 4]) -> CommandReturn {
    let (driver_id, command_id) = (number(r0), number(r1));
    let (argument0, argument1) = (number(r2), number(r3));
    let expected = begin(SyscallLogEntry::Command {
        driver_id,
        command_id,
        argument0,
        argument1,
    });
    let override_return = match expected {
        None => None,
        Some(ExpectedSyscall::Command {
            driver_id: driver,
            command_id: command,
            argument0: first,
            argument1: second,
            override_return,
        }) if (driver, command, first, second) == (driver_id, command_id, argument0, argument1) => {
            override_return
        }
        Some(other) => wrong_call(&other, "another system call"),
    };
    let driver = with_kernel(|kernel| kernel.drivers.get(&driver_id).map(|d| d.driver.clone()));
    let answer = match driver {
        Some(driver) => driver.command(command_id, argument0, argument1),
        None => super::command_return::failure(ErrorCode::NoDevice),
    };
    override_return.unwrap_or(answer)
}

macro_rules! allow {
    ($function:ident, $call:literal, $variant:ident, $buffer:ident, $method:ident) => {
        fn $function([r0, r1, address, length]: [Register; 4]) -> [Register; 4] {
            let (driver_num, buffer_num) = (number(r0), number(r1));
            let expected = begin(SyscallLogEntry::$variant {
                driver_num,
                buffer_num,
                len: length.into(),
            });
            let fail = |error: ErrorCode| {
                let variant = u32::from(return_variant::FAILURE_2_U32);
                [variant.into(), error.into(), address, length]
            };
            match expected {
                None => {}
                Some(ExpectedSyscall::$variant {
                    driver_num: driver,
                    buffer_num: buffer,
                    return_error: None,
                }) if (driver, buffer) == (driver_num, buffer_num) => {}
                Some(ExpectedSyscall::$variant {
                    driver_num: driver,
                    buffer_num: buffer,
                    return_error: Some(error),
                }) if (driver, buffer) == (driver_num, buffer_num) => return fail(error),
                Some(other) => wrong_call(&other, $call),
            }
            let driver =
                with_kernel(|kernel| kernel.drivers.get(&driver_num).map(|d| d.driver.clone()));
            let Some(driver) = driver else {
                return fail(ErrorCode::NoDevice);
            };
            with_kernel(|kernel| kernel.allowed.insert(address, length));
            // SAFETY: syscall4 asks its caller for such a buffer.
            let buffer = unsafe { $buffer::new(address, length) };
            match driver.$method(buffer_num, buffer) {
                Ok(old) => {
                    let (old_address, old_length) = old.into_registers();
                    with_kernel(|kernel| kernel.allowed.remove(old_address, old_length));
                    registers(return_variant::SUCCESS_2_U32, old_address, old_length)
                }
                Err((buffer, error)) => {
                    let (address, length) = buffer.into_registers();
                    with_kernel(|kernel| kernel.allowed.remove(address, length));
                    fail(error)
                }
            }
        }
    };
}

allow!(
    allow_ro,
    "read-only allow",
    AllowRo,
    RoAllowBuffer,
    allow_readonly
);
allow!(
    allow_rw,
    "read-write allow",
    AllowRw,
    RwAllowBuffer,
    allow_readwrite
);

/// The fake kernel has no process memory: a memop succeeds without an effect
/// when the test expects it, and is not supported otherwise.
fn memop(memop_num: u32, argument0: Register) -> [Register; 2] {
    let expected = begin(SyscallLogEntry::Memop {
        memop_num,
        argument0,
    });
    let error = match expected {
        None => Some(ErrorCode::NoSupport),
        Some(ExpectedSyscall::Memop {
            memop_num: operation,
            argument0: argument,
            return_error,
        }) if (operation, argument) == (memop_num, argument0) => return_error,
        Some(other) => wrong_call(&other, "memop"),
    };
    match error {
        None => [u32::from(return_variant::SUCCESS).into(), 0u32.into()],
        Some(error) => [u32::from(return_variant::FAILURE).into(), error.into()],
    }
}

// SAFETY: allowed buffers and upcalls are used only as their drivers do, which
// hold them as values that the code under test takes back.
unsafe impl RawSyscalls for Syscalls {
    unsafe fn yield1([r0]: [Register; 1]) {
        assert_eq!(number(r0), yield_id::WAIT, "yield1 is for yield-wait");
        yield_wait();
    }

    unsafe fn yield2([r0, r1]: [Register; 2]) {
        assert_eq!(number(r0), yield_id::NO_WAIT, "yield2 is for yield-no-wait");
        let ran = yield_no_wait();
        let flag: *mut u8 = r1.into();
        // SAFETY: the caller passes a byte to write.
        unsafe { flag.write(ran as u8) };
    }

    unsafe fn yield3([r0, r1, r2]: [Register; 3]) -> [Register; 3] {
        assert_eq!(
            number(r0),
            yield_id::WAIT_FOR,
            "yield3 is for yield-wait-for"
        );
        let (arg0, arg1, arg2) = yield_wait_for(number(r1), number(r2));
        [arg0.into(), arg1.into(), arg2.into()]
    }

    unsafe fn syscall1<const CLASS: usize>([r0]: [Register; 1]) -> [Register; 2] {
        assert_eq!(CLASS, syscall_class::MEMOP, "syscall1 is for memop");
        memop(number(r0), 0u32.into())
    }

    unsafe fn syscall2<const CLASS: usize>([r0, r1]: [Register; 2]) -> [Register; 2] {
        match CLASS {
            syscall_class::MEMOP => memop(number(r0), r1),
            syscall_class::EXIT => match number(r0) {
                exit_id::TERMINATE => panic_any(ExitCall::Terminate(number(r1))),
                exit_id::RESTART => panic_any(ExitCall::Restart(number(r1))),
                other => panic!("unknown exit variant {other}"),
            },
            other => panic!("syscall2 is not for class {other}"),
        }
    }

    unsafe fn syscall4<const CLASS: usize>(arguments: [Register; 4]) -> [Register; 4] {
        match CLASS {
            syscall_class::SUBSCRIBE => subscribe(arguments),
            syscall_class::COMMAND => {
                let (variant, r1, r2, r3) = command(arguments).raw_values();
                [u32::from(variant).into(), r1.into(), r2.into(), r3.into()]
            }
            syscall_class::ALLOW_RO => allow_ro(arguments),
            syscall_class::ALLOW_RW => allow_rw(arguments),
            other => panic!("syscall4 is not for class {other}"),
        }
    }
}
