//! System calls: checked, carried out, answered.

use super::main_loop::process_faulted;
use super::Kernel;
use crate::errorcode::ErrorCode;
use crate::grant;
use crate::memop;
use crate::platform::chip::Chip;
use crate::platform::{KernelResources, ProcessFault, SyscallDriverLookup, SyscallFilter};
use crate::process::{Process, ProcessId, ProcessStandard};
use crate::syscall::{Syscall, SyscallDriver, SyscallReturn, YieldCall};
use crate::upcall::{Upcall, UpcallId};

impl Kernel {
    /// Carries out the system call that a process has made. Returns whether the
    /// process can be resumed as it is (else its state tells what is next).
    #[inline(always)]
    pub(super) fn handle_syscall<KR: KernelResources<C>, C: Chip>(
        &self,
        resources: &KR,
        process: &'static ProcessStandard<C>,
        processid: ProcessId,
    ) -> bool {
        let Some(syscall) = process.last_syscall() else {
            return false;
        };
        let Syscall::Command {
            driver_number,
            subdriver_number,
            arg0,
            arg1,
        } = syscall
        else {
            return Self::handle_other_syscall(resources, process, syscall);
        };
        let answer = match resources.syscall_filter().filter_syscall(process, &syscall) {
            Ok(()) => resources
                .syscall_driver_lookup()
                .with_driver(driver_number, |driver| match driver {
                    Some(driver) => SyscallReturn::from_command_return(driver.command(
                        subdriver_number,
                        arg0,
                        arg1,
                        processid,
                    )),
                    None => SyscallReturn::Failure(ErrorCode::NODEVICE),
                }),
            Err(code) => SyscallReturn::Failure(code),
        };
        process.answer_at_once(answer);
        true
    }

    /// Carries out a system call that is no command. Returns whether the process
    /// can be resumed as it is.
    #[inline(never)]
    fn handle_other_syscall<KR: KernelResources<C>, C: Chip>(
        resources: &KR,
        process: &dyn Process,
        syscall: Syscall,
    ) -> bool {
        let answer = match syscall {
            Syscall::Yield {
                which,
                param_a,
                param_b,
            } => return Self::handle_yield(resources, process, which, param_a, param_b),
            Syscall::Memop { operand, arg0 } => memop::memop(process, operand, arg0),
            Syscall::Exit {
                which: which @ (0 | 1),
                completion_code,
            } => {
                let completion_code = Some(completion_code as u32);
                if which == 0 {
                    process.terminate(completion_code);
                } else {
                    process.try_restart(completion_code);
                }
                resources.process_fault().process_exit_hook(process);
                return false;
            }
            Syscall::Exit { .. } => SyscallReturn::Failure(ErrorCode::NOSUPPORT),
            Syscall::Command { driver_number, .. }
            | Syscall::Subscribe { driver_number, .. }
            | Syscall::ReadWriteAllow { driver_number, .. }
            | Syscall::UserspaceReadableAllow { driver_number, .. }
            | Syscall::ReadOnlyAllow { driver_number, .. } => {
                match resources.syscall_filter().filter_syscall(process, &syscall) {
                    Ok(()) => resources
                        .syscall_driver_lookup()
                        .with_driver(driver_number, |driver| share(driver, process, syscall)),
                    Err(code) => SyscallReturn::Failure(code),
                }
            }
        };
        process.set_syscall_return_value(answer);
        true
    }

    fn handle_yield<KR: KernelResources<C>, C: Chip>(
        resources: &KR,
        process: &dyn Process,
        which: usize,
        param_a: usize,
        param_b: usize,
    ) -> bool {
        match YieldCall::try_from(which) {
            Ok(YieldCall::NoWait) => {
                let will_run = process.has_tasks();
                let flag = core::ptr::without_provenance_mut(param_a);
                // SAFETY: the kernel holds no reference to the process's memory.
                // An address that is not the process's is ignored.
                let _ = unsafe { process.set_byte(flag, u8::from(will_run)) };
                if will_run {
                    process.set_yielded_state();
                }
                !will_run
            }
            Ok(YieldCall::Wait) => {
                process.set_yielded_state();
                false
            }
            Ok(YieldCall::WaitFor) => {
                process.set_yielded_for_state(UpcallId {
                    driver_num: param_a,
                    subscribe_num: param_b,
                });
                false
            }
            Err(_) => {
                process_faulted(resources.process_fault(), process);
                false
            }
        }
    }
}

/// Carries out a subscribe or an allow.
fn share(
    driver: Option<&dyn SyscallDriver>,
    process: &dyn Process,
    syscall: Syscall,
) -> SyscallReturn {
    match syscall {
        Syscall::Subscribe {
            driver_number,
            subdriver_number,
            upcall_ptr,
            appdata,
        } => {
            let upcall_id = UpcallId {
                driver_num: driver_number,
                subscribe_num: subdriver_number,
            };
            let upcall = Upcall::new(process.processid(), upcall_id, appdata, upcall_ptr);
            match with_grant(driver, process, || grant::subscribe(process, upcall)) {
                Ok(before) => before.into_subscribe_success(),
                Err(code) => upcall.into_subscribe_failure(code),
            }
        }
        Syscall::ReadWriteAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => match with_grant(driver, process, || {
            let buffer = process.build_readwrite_process_buffer(allow_address, allow_size)?;
            grant::allow_rw(process, driver_number, subdriver_number, buffer)
        }) {
            Ok((address, size)) => SyscallReturn::AllowReadWriteSuccess(address, size),
            Err(code) => SyscallReturn::AllowReadWriteFailure(code, allow_address, allow_size),
        },
        Syscall::ReadOnlyAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => match with_grant(driver, process, || {
            let buffer = process.build_readonly_process_buffer(allow_address, allow_size)?;
            grant::allow_ro(process, driver_number, subdriver_number, buffer)
        }) {
            Ok((address, size)) => SyscallReturn::AllowReadOnlySuccess(address, size),
            Err(code) => SyscallReturn::AllowReadOnlyFailure(code, allow_address, allow_size),
        },
        Syscall::UserspaceReadableAllow {
            subdriver_number,
            allow_address,
            allow_size,
            ..
        } => {
            match userspace_readable(driver, process, subdriver_number, allow_address, allow_size) {
                Ok((address, size)) => SyscallReturn::UserspaceReadableAllowSuccess(address, size),
                Err(code) => {
                    SyscallReturn::UserspaceReadableAllowFailure(code, allow_address, allow_size)
                }
            }
        }
        Syscall::Yield { .. }
        | Syscall::Command { .. }
        | Syscall::Memop { .. }
        | Syscall::Exit { .. } => SyscallReturn::Failure(ErrorCode::FAIL),
    }
}

/// Does what needs the driver's grant; if there is none yet, has the driver
/// allocate it and tries again.
fn with_grant<R>(
    driver: Option<&dyn SyscallDriver>,
    process: &dyn Process,
    action: impl Fn() -> Result<R, ErrorCode>,
) -> Result<R, ErrorCode> {
    let driver = driver.ok_or(ErrorCode::NODEVICE)?;
    match action() {
        Err(ErrorCode::NOMEM) => {
            let before = process.grant_allocated_count();
            let allocated = driver.allocate_grant(process.processid()).is_ok()
                && process.grant_allocated_count() != before;
            if allocated {
                action()
            } else {
                Err(ErrorCode::NOMEM)
            }
        }
        result => result,
    }
}

/// The driver itself keeps a buffer that the process goes on reading.
fn userspace_readable(
    driver: Option<&dyn SyscallDriver>,
    process: &dyn Process,
    number: usize,
    address: *mut u8,
    size: usize,
) -> Result<(*mut u8, usize), ErrorCode> {
    let driver = driver.ok_or(ErrorCode::NODEVICE)?;
    let buffer = process
        .build_readwrite_process_buffer(address, size)?
        .into_userspace_readable();
    match driver.allow_userspace_readable(process.processid(), number, buffer) {
        Ok(before) => Ok(before.consume()),
        Err((_, code)) => Err(code),
    }
}
