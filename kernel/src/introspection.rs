//! Facts about processes, for capsules that report them.

use core::cell::Cell;

use crate::capabilities::ProcessManagementCapability;
use crate::kernel::Kernel;
use crate::process::{Process, ProcessId, State};

/// Answers questions about processes.
pub struct KernelInfo {
    kernel: &'static Kernel,
}

impl KernelInfo {
    /// Makes an object that answers questions about the processes of `kernel`.
    pub fn new(kernel: &'static Kernel) -> KernelInfo {
        KernelInfo { kernel }
    }

    /// Returns how many processes there are.
    pub fn number_loaded_processes(&self, _capability: &dyn ProcessManagementCapability) -> usize {
        self.kernel.get_process_iter().count()
    }

    /// Returns how many processes run or wait.
    pub fn number_active_processes(&self, _capability: &dyn ProcessManagementCapability) -> usize {
        self.count(|process| {
            matches!(
                process.get_state(),
                State::Running | State::Yielded | State::YieldedFor(_)
            )
        })
    }

    /// Returns how many processes are stopped, have ended or have failed.
    pub fn number_inactive_processes(
        &self,
        _capability: &dyn ProcessManagementCapability,
    ) -> usize {
        self.count(|process| {
            matches!(
                process.get_state(),
                State::Stopped(_) | State::Faulted | State::Terminated
            )
        })
    }

    /// The name of a process.
    pub fn process_name(
        &self,
        app: ProcessId,
        _capability: &dyn ProcessManagementCapability,
    ) -> &'static str {
        self.kernel
            .process_map_or("unknown", app, |process| process.get_process_name())
    }

    /// Returns how many system calls a process has made.
    pub fn number_app_syscalls(
        &self,
        app: ProcessId,
        _capability: &dyn ProcessManagementCapability,
    ) -> usize {
        self.kernel
            .process_map_or(0, app, |process| process.debug_syscall_count())
    }

    /// Returns how many upcalls of a process were lost.
    pub fn number_app_dropped_upcalls(
        &self,
        app: ProcessId,
        _capability: &dyn ProcessManagementCapability,
    ) -> usize {
        self.kernel
            .process_map_or(0, app, |process| process.debug_dropped_upcall_count())
    }

    /// Returns how many times a process was started over.
    pub fn number_app_restarts(
        &self,
        app: ProcessId,
        _capability: &dyn ProcessManagementCapability,
    ) -> usize {
        self.kernel
            .process_map_or(0, app, |process| process.get_restart_count())
    }

    /// Returns how many time slices of a process ended before it yielded.
    pub fn number_app_timeslice_expirations(
        &self,
        app: ProcessId,
        _capability: &dyn ProcessManagementCapability,
    ) -> usize {
        self.kernel
            .process_map_or(0, app, |process| process.debug_timeslice_expiration_count())
    }

    /// Returns how many grants a process has allocated, and how many there are.
    pub fn number_app_grant_uses(
        &self,
        app: ProcessId,
        _capability: &dyn ProcessManagementCapability,
    ) -> (usize, usize) {
        let used = self.kernel.process_map_or(0, app, |process| {
            process.grant_allocated_count().unwrap_or(0)
        });
        (used, self.kernel.get_grant_count_and_finalize())
    }

    /// Returns how many time slices ended before the process yielded, of all processes.
    pub fn timeslice_expirations(&self, _capability: &dyn ProcessManagementCapability) -> usize {
        let total = Cell::new(0);
        for process in self.kernel.get_process_iter() {
            total.set(total.get() + process.debug_timeslice_expiration_count());
        }
        total.get()
    }

    fn count(&self, holds: impl Fn(&dyn Process) -> bool) -> usize {
        self.kernel
            .get_process_iter()
            .filter(|process| holds(*process))
            .count()
    }
}
