//! What the kernel asks a scheduler: which process executes next, and for how long.

use core::num::NonZeroU32;

use crate::deferred_call::DeferredCall;
use crate::platform::chip::Chip;
use crate::process::ProcessId;

pub use crate::process::StoppedExecutingReason;

/// Decides which process executes.
pub trait Scheduler<C: Chip> {
    /// Chooses what to do now.
    fn next(&self) -> SchedulingDecision;

    /// Tells why the process that was chosen stopped, and how many microseconds
    /// it executed (`None` if it had no time slice).
    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>);

    /// Handles interrupts and deferred calls; called by the kernel's main loop.
    fn execute_kernel_work(&self, chip: &C) {
        chip.service_pending_interrupts();
        while DeferredCall::has_tasks() && !chip.has_pending_interrupts() {
            DeferredCall::service_next_pending();
        }
    }

    /// Returns whether interrupts and deferred calls come before processes now.
    fn do_kernel_work_now(&self, chip: &C) -> bool {
        chip.has_pending_interrupts() || DeferredCall::has_tasks()
    }

    /// Whether the process that is executing may go on; asked after every system
    /// call and interrupt.
    #[inline(always)]
    fn continue_process(&self, _id: ProcessId, chip: &C) -> bool {
        !(chip.has_pending_interrupts() || DeferredCall::has_tasks())
    }
}

/// What a scheduler wants.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SchedulingDecision {
    /// Execute this process, for that many microseconds, or as long as it wants.
    RunProcess((ProcessId, Option<NonZeroU32>)),
    /// Nothing is ready: sleep.
    TrySleep,
}
