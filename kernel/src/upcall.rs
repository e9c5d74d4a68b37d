//! Upcalls: functions of a process that capsules have it run.

use crate::errorcode::ErrorCode;
use crate::process::{FunctionCall, FunctionCallSource, Process, ProcessId, ReturnArguments, Task};
use crate::syscall::SyscallReturn;
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

/// Names an upcall of a process: the driver, and the number within the driver.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct UpcallId {
    /// Driver number.
    pub driver_num: usize,
    /// Subscribe number.
    pub subscribe_num: usize,
}

/// Why an upcall could not be scheduled.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum UpcallError {
    /// The grant has no upcall of that number.
    InvalidSubscribeNum,
    /// The process's queue is full; the upcall is lost.
    QueueFull,
    /// The process is gone, or the kernel is defective.
    KernelError,
}

/// What a process passed to subscribe.
#[derive(Copy, Clone)]
pub(crate) struct Upcall {
    pub(crate) process_id: ProcessId,
    pub(crate) upcall_id: UpcallId,
    pub(crate) appdata: MachineRegister,
    /// Null when nothing is subscribed.
    pub(crate) fn_ptr: CapabilityPtr,
}

impl Upcall {
    pub(crate) fn new(
        process_id: ProcessId,
        upcall_id: UpcallId,
        appdata: MachineRegister,
        fn_ptr: CapabilityPtr,
    ) -> Upcall {
        Upcall {
            process_id,
            upcall_id,
            appdata,
            fn_ptr,
        }
    }

    /// Queues the upcall with its three arguments.
    pub(crate) fn schedule(
        &self,
        process: &dyn Process,
        r0: usize,
        r1: usize,
        r2: usize,
    ) -> Result<(), UpcallError> {
        let task = if self.fn_ptr == CapabilityPtr::default() {
            Task::ReturnValue(ReturnArguments {
                upcall_id: self.upcall_id,
                argument0: r0,
                argument1: r1,
                argument2: r2,
            })
        } else {
            Task::FunctionCall(FunctionCall {
                source: FunctionCallSource::Driver(self.upcall_id),
                argument0: r0,
                argument1: r1,
                argument2: r2,
                argument3: self.appdata,
                pc: self.fn_ptr,
            })
        };
        process.enqueue_task(task).map_err(|code| match code {
            ErrorCode::NOMEM => UpcallError::QueueFull,
            _ => UpcallError::KernelError,
        })
    }

    /// The answer of a subscribe that put another upcall in this one's place.
    pub(crate) fn into_subscribe_success(self) -> SyscallReturn {
        SyscallReturn::SubscribeSuccess(self.fn_ptr.as_ptr(), self.appdata.into())
    }

    /// The answer of a subscribe of this upcall that failed.
    pub(crate) fn into_subscribe_failure(self, code: ErrorCode) -> SyscallReturn {
        SyscallReturn::SubscribeFailure(code, self.fn_ptr.as_ptr(), self.appdata.into())
    }
}
