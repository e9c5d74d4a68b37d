//! What to do with a process that failed: upstream Tock's fault policies.

use kernel::debug;
use kernel::process::{FaultAction, Process, ProcessFaultPolicy};

/// Panics the kernel: for development.
pub struct PanicFaultPolicy {}

impl ProcessFaultPolicy for PanicFaultPolicy {
    fn action(&self, _: &dyn Process) -> FaultAction {
        FaultAction::Panic
    }
}

/// Stops the process.
pub struct StopFaultPolicy {}

impl ProcessFaultPolicy for StopFaultPolicy {
    fn action(&self, _: &dyn Process) -> FaultAction {
        FaultAction::Stop
    }
}

/// Stops the process, and says so.
pub struct StopWithDebugFaultPolicy {}

impl ProcessFaultPolicy for StopWithDebugFaultPolicy {
    fn action(&self, process: &dyn Process) -> FaultAction {
        debug!(
            "Process {} faulted and was stopped.",
            process.get_process_name()
        );
        FaultAction::Stop
    }
}

/// Starts the process over at once, however often it fails.
pub struct RestartFaultPolicy {}

impl ProcessFaultPolicy for RestartFaultPolicy {
    fn action(&self, _: &dyn Process) -> FaultAction {
        FaultAction::Restart
    }
}

/// Starts the process over at once, and says so.
pub struct RestartWithDebugFaultPolicy {}

impl ProcessFaultPolicy for RestartWithDebugFaultPolicy {
    fn action(&self, process: &dyn Process) -> FaultAction {
        debug!(
            "Process {} faulted and will be restarted.",
            process.get_process_name()
        );
        FaultAction::Restart
    }
}

/// Starts the process over a number of times, then stops it.
pub struct ThresholdRestartFaultPolicy {
    threshold: usize,
}

impl ThresholdRestartFaultPolicy {
    /// Starts over as long as the process has been restarted at most `threshold`
    /// times.
    pub const fn new(threshold: usize) -> Self {
        Self { threshold }
    }
}

impl ProcessFaultPolicy for ThresholdRestartFaultPolicy {
    fn action(&self, process: &dyn Process) -> FaultAction {
        if process.get_restart_count() <= self.threshold {
            FaultAction::Restart
        } else {
            FaultAction::Stop
        }
    }
}

/// Starts the process over a number of times, then panics the kernel.
pub struct ThresholdRestartThenPanicFaultPolicy {
    threshold: usize,
}

impl ThresholdRestartThenPanicFaultPolicy {
    /// Starts over as long as the process has been restarted at most `threshold`
    /// times.
    pub const fn new(threshold: usize) -> Self {
        Self { threshold }
    }
}

impl ProcessFaultPolicy for ThresholdRestartThenPanicFaultPolicy {
    fn action(&self, process: &dyn Process) -> FaultAction {
        if process.get_restart_count() <= self.threshold {
            FaultAction::Restart
        } else {
            FaultAction::Panic
        }
    }
}
