//! The pieces of a board that the kernel loop works with.

use crate::errorcode::ErrorCode;
use crate::platform::chip::Chip;
use crate::platform::scheduler_timer::SchedulerTimer;
use crate::platform::watchdog::WatchDog;
use crate::process::Process;
use crate::scheduler::Scheduler;
use crate::syscall::{Syscall, SyscallDriver};

/// Everything that a board decides for the kernel loop.
pub trait KernelResources<C: Chip> {
    /// Finds the driver of a system call.
    type SyscallDriverLookup: SyscallDriverLookup;
    /// Says whether a process may make a system call.
    type SyscallFilter: SyscallFilter;
    /// Looks at a fault before the fault policy acts.
    type ProcessFault: ProcessFault;
    /// Is told before a process runs.
    type ContextSwitchCallback: ContextSwitchCallback;
    /// Chooses the process that runs.
    type Scheduler: Scheduler<C>;
    /// Ends time slices.
    type SchedulerTimer: SchedulerTimer;
    /// Resets a kernel that hangs.
    type WatchDog: WatchDog;

    /// The driver lookup.
    fn syscall_driver_lookup(&self) -> &Self::SyscallDriverLookup;
    /// The filter.
    fn syscall_filter(&self) -> &Self::SyscallFilter;
    /// The fault hook.
    fn process_fault(&self) -> &Self::ProcessFault;
    /// The context switch hook.
    fn context_switch_callback(&self) -> &Self::ContextSwitchCallback;
    /// The scheduler.
    fn scheduler(&self) -> &Self::Scheduler;
    /// The timer of time slices.
    fn scheduler_timer(&self) -> &Self::SchedulerTimer;
    /// The watchdog.
    fn watchdog(&self) -> &Self::WatchDog;
}

/// Finds drivers by number.
pub trait SyscallDriverLookup {
    /// Calls `f` with the driver of `driver_num`, or with `None`.
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R;
}

/// Decides whether a process may make a system call. `()` allows everything.
pub trait SyscallFilter {
    /// `Err` refuses the call; the process sees the error. Yield, memop and exit
    /// are not asked about.
    fn filter_syscall(&self, _process: &dyn Process, _syscall: &Syscall) -> Result<(), ErrorCode> {
        Ok(())
    }
}

impl SyscallFilter for () {}

/// Looks at a fault of a process first, and is told of exits. `()` leaves every
/// fault to the policy.
pub trait ProcessFault {
    /// `Ok` when the cause was repaired and the process goes on.
    #[allow(clippy::result_unit_err)]
    fn process_fault_hook(&self, _process: &dyn Process) -> Result<(), ()> {
        Err(())
    }

    /// `process` has ended or started anew by its own exit system call. Upstream
    /// has no such hook; boards that have nothing to do then leave it out.
    fn process_exit_hook(&self, _process: &dyn Process) {}
}

impl ProcessFault for () {}

/// Is told which process runs next. `()` ignores it.
pub trait ContextSwitchCallback {
    /// `process` is about to run.
    fn context_switch_hook(&self, process: &dyn Process);
}

impl ContextSwitchCallback for () {
    fn context_switch_hook(&self, _process: &dyn Process) {}
}
