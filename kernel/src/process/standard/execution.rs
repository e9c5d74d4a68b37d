//! Executing a process, and answering it. Each system call passes through here.

use super::guarded::Refusal;
use super::{ProcessStandard, ProcessStandardDebug};
use crate::platform::chip::Chip;
use crate::process::{FunctionCall, State, StoppedState};
use crate::syscall::{ContextSwitchReason, Syscall, SyscallReturn, UserspaceKernelBoundary};

/// Why a process stopped executing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It made the system call that
    /// [`last_syscall`](ProcessStandard::last_syscall) tells.
    SystemCall,
    /// An interrupt took the CPU.
    Interrupted,
    /// It faulted.
    Fault,
    /// It did not execute: it is not running.
    NotRunning,
}

impl<C: Chip, D: ProcessStandardDebug + 'static> ProcessStandard<C, D> {
    /// Executes it until it stops. The MPU has its regions.
    #[inline(always)]
    pub(crate) fn execute(&self) -> Exit {
        if self.state.get() != State::Running {
            return Exit::NotRunning;
        }
        let mut stored_state = match self.stored_state.lend() {
            Ok(stored_state) => stored_state,
            Err(Refusal::StackFailed) => {
                self.stored_state.clear_failure();
                return Exit::Fault;
            }
            Err(Refusal::Lent) => return Exit::NotRunning,
        };
        // SAFETY: the kernel has configured the MPU for this process, and its
        // accessible memory is reached by pointers only.
        let (reason, stack_pointer) = unsafe {
            self.chip.userspace_kernel_boundary().switch_to_process(
                self.memory_start,
                self.app_break.get(),
                stored_state.get(),
            )
        };
        drop(stored_state);
        if let ContextSwitchReason::SyscallFired { syscall } = reason {
            self.debug.increment_syscall_count();
            self.debug.set_last_syscall(syscall);
            return Exit::SystemCall;
        }
        // Looked at often enough without system calls, which must be fast.
        if let Some(stack_pointer) = stack_pointer {
            self.debug.set_new_app_stack_min_pointer(stack_pointer);
        }
        if reason == ContextSwitchReason::Interrupted {
            Exit::Interrupted
        } else {
            Exit::Fault
        }
    }

    /// The system call that it made last.
    #[inline(always)]
    pub(crate) fn last_syscall(&self) -> Option<Syscall> {
        self.debug.get_last_syscall()
    }

    /// Answers its system call, as [`answer`](Self::answer) does, and with less
    /// ado if it is running.
    #[inline(always)]
    pub(crate) fn answer_at_once(&self, return_value: SyscallReturn) {
        if self.state.get() == State::Running {
            self.put_return_value(return_value);
        } else {
            self.answer(return_value);
        }
    }

    /// Answers the system call that it made. It is running then, unless it was
    /// stopped meanwhile.
    #[inline(never)]
    pub(crate) fn answer(&self, return_value: SyscallReturn) {
        let resumed = match self.state.get() {
            State::Running | State::YieldedFor(_) => State::Running,
            State::Stopped(_) => State::Stopped(StoppedState::Running),
            // It ended, or started over, in the course of its own system call:
            // nobody waits for the answer.
            State::Yielded | State::Faulted | State::Terminated => return,
        };
        self.put_return_value(return_value);
        self.state.set(resumed);
    }

    #[inline(always)]
    fn put_return_value(&self, return_value: SyscallReturn) {
        let Ok(mut stored_state) = self.stored_state.lend() else {
            return;
        };
        // SAFETY: the process is not executing, and its accessible memory is
        // reached by pointers only.
        let written = unsafe {
            self.chip
                .userspace_kernel_boundary()
                .set_syscall_return_value(
                    self.memory_start,
                    self.app_break.get(),
                    stored_state.get(),
                    return_value,
                )
        };
        drop(stored_state);
        if written.is_err() {
            self.stored_state.set_failure();
        }
    }

    /// Has it execute a function; it is running then.
    pub(crate) fn call(&self, callback: FunctionCall) {
        if let Ok(mut stored_state) = self.stored_state.lend() {
            // SAFETY: the process is not executing, and its accessible memory is
            // reached by pointers only.
            let written = unsafe {
                self.chip.userspace_kernel_boundary().set_process_function(
                    self.memory_start,
                    self.app_break.get(),
                    stored_state.get(),
                    callback,
                )
            };
            drop(stored_state);
            if written.is_err() {
                self.stored_state.set_failure();
            }
        }
        self.state.set(State::Running);
    }
}
