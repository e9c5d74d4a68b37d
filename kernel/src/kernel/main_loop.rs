//! The main loop: kernel work first, then the process that the scheduler chooses, then
//! calls in the background, then sleep.

use core::any::Any;
use core::num::NonZeroU32;

use super::Kernel;
use crate::capabilities;
use crate::deferred_call::DeferredCall;
use crate::platform::chip::Chip;
use crate::platform::mpu::MPU;
use crate::platform::scheduler_timer::SchedulerTimer;
use crate::platform::watchdog::WatchDog;
use crate::platform::{ContextSwitchCallback, KernelResources, ProcessFault};
use crate::process::{Exit, Process, ProcessStandard, State, StoppedExecutingReason, Task};
use crate::scheduler::{Scheduler, SchedulingDecision};
use crate::syscall::SyscallReturn;

/// Turns of processes that come before a waiting call in the background: also many that
/// never use up a slice do not keep it away for ever.
const FOREGROUND_TURNS: u32 = 8;

/// The time of a call in the background is measured up to here, in microseconds: SysTick at
/// 64 MHz counts 262 ms.
const LONGEST_CALL_US: NonZeroU32 = NonZeroU32::new(250_000).unwrap();

impl Kernel {
    /// Runs the board, for ever.
    pub fn kernel_loop<KR: KernelResources<C>, C: Chip + 'static>(
        &self,
        resources: &KR,
        chip: &C,
        capability: &dyn capabilities::MainLoopCapability,
    ) -> ! {
        resources.watchdog().setup();
        DeferredCall::verify_setup();
        loop {
            self.kernel_loop_operation(resources, chip, false, capability);
        }
    }

    /// One turn of the main loop. With `no_sleep` it returns instead of sleeping
    /// when there is nothing to do.
    pub fn kernel_loop_operation<KR: KernelResources<C>, C: Chip + 'static>(
        &self,
        resources: &KR,
        chip: &C,
        no_sleep: bool,
        _capability: &dyn capabilities::MainLoopCapability,
    ) {
        let scheduler = resources.scheduler();
        resources.watchdog().tickle();

        // SAFETY: this is the kernel's main loop, where interrupts and deferred
        // calls are to be served.
        if unsafe { scheduler.do_kernel_work_now(chip) } {
            // SAFETY: as above.
            unsafe { scheduler.execute_kernel_work(chip) };
            return;
        }
        let decision = scheduler.next();
        if DeferredCall::has_background_tasks() && self.is_backgrounds_turn(decision) {
            self.foreground_turns.set(0);
            let timer = resources.scheduler_timer();
            timer.start(LONGEST_CALL_US);
            DeferredCall::service_next_in_background();
            let left = timer.get_remaining_us().map_or(0, NonZeroU32::get);
            timer.reset();
            self.background_took(LONGEST_CALL_US.get().saturating_sub(left));
            return;
        }
        match decision {
            SchedulingDecision::RunProcess((processid, timeslice)) => {
                if let Some(process) = self.get_process(processid) {
                    let (reason, time_executed) =
                        self.do_process(resources, chip, process, timeslice);
                    scheduler.result(reason, time_executed);
                    self.foreground_turns.set(match reason {
                        StoppedExecutingReason::TimesliceExpired => FOREGROUND_TURNS,
                        _ => self.foreground_turns.get().saturating_add(1),
                    });
                }
            }
            SchedulingDecision::TrySleep if no_sleep => {}
            SchedulingDecision::TrySleep => chip.with_interrupts_disabled(|| {
                // What came up since the scheduler looked must not be slept
                // through; an interrupt from here on wakes the chip.
                if !chip.has_pending_interrupts() && !DeferredCall::has_tasks() {
                    resources.watchdog().suspend();
                    chip.sleep();
                    resources.watchdog().resume();
                }
            }),
        }
    }

    /// Returns whether a call in the background comes before what the scheduler wants.
    fn is_backgrounds_turn(&self, decision: SchedulingDecision) -> bool {
        match decision {
            SchedulingDecision::TrySleep => true,
            SchedulingDecision::RunProcess(_) => self.foreground_turns.get() >= FOREGROUND_TURNS,
        }
    }

    /// Executes a process until it stops. Returns why, and for how many
    /// microseconds it had the CPU (with what the kernel did on its behalf),
    /// unless it ran without a time slice.
    fn do_process<KR: KernelResources<C>, C: Chip + 'static>(
        &self,
        resources: &KR,
        chip: &C,
        process: &'static dyn Process,
        timeslice: Option<NonZeroU32>,
    ) -> (StoppedExecutingReason, Option<u32>) {
        // From here on without dynamic dispatch.
        let process: &'static dyn Any = process;
        let Some(process) = process.downcast_ref::<ProcessStandard<C>>() else {
            panic!("process of another chip");
        };
        // The timer is armed once and runs on through system calls; if it
        // expires while the kernel executes, that is noticed before the process
        // is resumed.
        let timer = timeslice.map(|timeslice| {
            let timer = resources.scheduler_timer();
            timer.start(timeslice);
            timer.arm();
            timer
        });
        let reason = self.execute(resources, chip, process, timer);
        let Some((timer, timeslice)) = timer.zip(timeslice) else {
            return (reason, None);
        };
        let remaining = match reason {
            StoppedExecutingReason::TimesliceExpired => 0,
            _ => {
                timer.disarm();
                timer.get_remaining_us().map_or(0, NonZeroU32::get)
            }
        };
        timer.reset();
        (reason, Some(timeslice.get().saturating_sub(remaining)))
    }

    /// Executes a process: whatever it waits for is brought to it, until it has
    /// nothing left to do or must give way.
    fn execute<KR: KernelResources<C>, C: Chip>(
        &self,
        resources: &KR,
        chip: &C,
        process: &'static ProcessStandard<C>,
        timer: Option<&KR::SchedulerTimer>,
    ) -> StoppedExecutingReason {
        loop {
            match process.get_state() {
                State::Running => {
                    if let Some(reason) = self.execute_code(resources, chip, process, timer) {
                        return reason;
                    }
                }
                State::Yielded => match process.dequeue_task() {
                    None => return StoppedExecutingReason::NoWorkLeft,
                    Some(Task::FunctionCall(call)) => process.call(call),
                    // Nobody waits for it, and it has nothing to execute.
                    Some(Task::ReturnValue(_)) => {}
                },
                State::YieldedFor(upcall_id) => {
                    let (a0, a1, a2) = match process.remove_upcall(upcall_id) {
                        None => return StoppedExecutingReason::NoWorkLeft,
                        Some(Task::FunctionCall(call)) => {
                            (call.argument0, call.argument1, call.argument2)
                        }
                        Some(Task::ReturnValue(values)) => {
                            (values.argument0, values.argument1, values.argument2)
                        }
                    };
                    process.answer(SyscallReturn::YieldWaitFor(a0, a1, a2));
                }
                State::Stopped(_) => return StoppedExecutingReason::Stopped,
                State::Faulted => return StoppedExecutingReason::StoppedFaulted,
                State::Terminated => return StoppedExecutingReason::NoWorkLeft,
            }
        }
    }

    /// Executes code of the process and its system calls, as long as it keeps
    /// running. `None` when its state has changed.
    ///
    /// This loop, with what is inlined into it, is what a system call costs.
    #[inline(always)]
    fn execute_code<KR: KernelResources<C>, C: Chip>(
        &self,
        resources: &KR,
        chip: &C,
        process: &'static ProcessStandard<C>,
        timer: Option<&KR::SchedulerTimer>,
    ) -> Option<StoppedExecutingReason> {
        // Stays the same as long as this loop runs: whoever changes it, changes
        // the state too.
        let processid = process.processid();
        loop {
            if timer.is_some_and(SchedulerTimer::has_expired) {
                process.debug_timeslice_expired();
                return Some(StoppedExecutingReason::TimesliceExpired);
            }
            if !resources.scheduler().continue_process(processid, chip) {
                return Some(StoppedExecutingReason::KernelPreemption);
            }
            resources
                .context_switch_callback()
                .context_switch_hook(process);
            if self.mpu_owner.get() != processid.id() {
                process.setup_mpu();
                chip.mpu().enable_app_mpu();
                self.mpu_owner.set(processid.id());
            }
            match process.execute() {
                Exit::SystemCall => {
                    if !self.handle_syscall(resources, process, processid) {
                        return None;
                    }
                }
                Exit::Interrupted => {}
                Exit::Fault => {
                    process_faulted(resources.process_fault(), process);
                    return None;
                }
                // Its state changed behind this loop's back. If it did not, the
                // process cannot be executed.
                Exit::NotRunning => {
                    if process.get_state() == State::Running {
                        process_faulted(resources.process_fault(), process);
                    }
                    return None;
                }
            }
        }
    }
}

/// A process did what it must not: the board looks first, then its fault policy
/// decides.
#[inline(never)]
pub(super) fn process_faulted<F: ProcessFault>(board: &F, process: &dyn Process) {
    if board.process_fault_hook(process).is_err() {
        process.set_fault_state();
    }
}
