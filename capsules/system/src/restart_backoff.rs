//! Fault policy that starts a process over after a delay, which doubles with each further failure.
//!
//! A process that fails at once, every time, would otherwise take the CPU for
//! nothing but its restarts. Here it stays [`State::Faulted`] until an alarm
//! restarts it. Once it has run for a calm time, its failures are forgotten.
//! Between alarms nothing runs.
//!
//! The board makes one [`RestartBackoff`] for all processes, passes it to the
//! loader as the fault policy and to the alarm as its client.

use core::cell::Cell;

use kernel::capabilities::ProcessManagementCapability;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Ticks, Time};
use kernel::process::{FaultAction, Process, ProcessFaultPolicy, ProcessId, State};
use kernel::Kernel;

/// How long to wait; all in milliseconds, and less than half of what the
/// alarm's counter can tell apart.
#[derive(Copy, Clone, Debug)]
pub struct Backoff {
    /// The delay after the first failure.
    pub first_ms: u32,
    /// The longest delay.
    pub max_ms: u32,
    /// Failures are forgotten after the process has run for this long.
    pub calm_ms: u32,
}

impl Backoff {
    /// The delay after `failures` failures in a row, the present one not
    /// counted.
    fn delay_ms(&self, failures: u32) -> u32 {
        let factor = 1u32.checked_shl(failures).unwrap_or(u32::MAX);
        self.first_ms.saturating_mul(factor).min(self.max_ms).max(1)
    }
}

/// What is to happen to a process, and how often it has failed.
struct Watch<T: Ticks> {
    phase: Cell<Phase<T>>,
    failures: Cell<u32>,
}

#[derive(Copy, Clone)]
enum Phase<T: Ticks> {
    /// Nothing.
    Idle,
    /// Restart this run of the process after the period.
    Waiting(ProcessId, Period<T>),
    /// Forget its failures after the period.
    Probation(Period<T>),
}

#[derive(Copy, Clone)]
struct Period<T: Ticks> {
    from: T,
    length: T,
}

impl<T: Ticks> Period<T> {
    /// What is left of it; zero once it is over.
    fn remaining(&self, now: T) -> T {
        let passed = now.wrapping_sub(self.from);
        if passed < self.length {
            self.length.wrapping_sub(passed)
        } else {
            T::from(0)
        }
    }
}

/// The policy, and what drives it. `NUM_PROCS` is the size of the table of
/// processes; `CAP` lets it restart them.
pub struct RestartBackoff<
    'a,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
    const NUM_PROCS: usize,
> {
    kernel: &'static Kernel,
    capability: CAP,
    alarm: &'a A,
    backoff: Backoff,
    watches: [Watch<<A as Time>::Ticks>; NUM_PROCS],
}

impl<'a, A: Alarm<'a>, CAP: ProcessManagementCapability, const NUM_PROCS: usize>
    RestartBackoff<'a, A, CAP, NUM_PROCS>
{
    /// A policy on an alarm of its own. Processes must stay in their places of the
    /// table.
    pub fn new(kernel: &'static Kernel, capability: CAP, alarm: &'a A, backoff: Backoff) -> Self {
        Self {
            kernel,
            capability,
            alarm,
            backoff,
            watches: core::array::from_fn(|_| Watch {
                phase: Cell::new(Phase::Idle),
                failures: Cell::new(0),
            }),
        }
    }

    fn period_ms(&self, milliseconds: u32) -> Period<<A as Time>::Ticks> {
        Period {
            from: self.alarm.now(),
            length: self.alarm.ticks_from_ms(milliseconds),
        }
    }

    /// Sets the alarm to the end of the period that ends first.
    fn rearm(&self) {
        let now = self.alarm.now();
        let next = self
            .watches
            .iter()
            .filter_map(|watch| match watch.phase.get() {
                Phase::Idle => None,
                Phase::Waiting(_, period) | Phase::Probation(period) => Some(period.remaining(now)),
            })
            .min();
        match next {
            Some(remaining) => self
                .alarm
                .set_alarm(now, remaining.max(self.alarm.minimum_dt())),
            // An alarm that still comes finds nothing to do.
            None => drop(self.alarm.disarm()),
        }
    }

    fn restart(&self, process_id: ProcessId) -> Phase<<A as Time>::Ticks> {
        let restarted = self
            .kernel
            .process_iter_capability(&self.capability)
            .find(|process| process.processid() == process_id)
            .filter(|process| process.get_state() == State::Faulted)
            .map(|process| process.try_restart(None));
        match restarted {
            Some(()) => Phase::Probation(self.period_ms(self.backoff.calm_ms)),
            // Someone else has seen to it.
            None => Phase::Idle,
        }
    }

    /// What is kept for a process, by its place in the table.
    fn watch(&self, process_id: ProcessId) -> Option<&Watch<<A as Time>::Ticks>> {
        self.kernel
            .process_iter_capability(&self.capability)
            .position(|process| process.processid() == process_id)
            .and_then(|place| self.watches.get(place))
    }
}

impl<'a, A: Alarm<'a>, CAP: ProcessManagementCapability, const NUM_PROCS: usize> ProcessFaultPolicy
    for RestartBackoff<'a, A, CAP, NUM_PROCS>
{
    fn action(&self, process: &dyn Process) -> FaultAction {
        let process_id = process.processid();
        if let Some(watch) = self.watch(process_id) {
            let failures = watch.failures.get();
            watch.failures.set(failures.saturating_add(1));
            let period = self.period_ms(self.backoff.delay_ms(failures));
            watch.phase.set(Phase::Waiting(process_id, period));
            self.rearm();
        }
        FaultAction::Stop
    }
}

impl<'a, A: Alarm<'a>, CAP: ProcessManagementCapability, const NUM_PROCS: usize> AlarmClient
    for RestartBackoff<'a, A, CAP, NUM_PROCS>
{
    fn alarm(&self) {
        let now = self.alarm.now();
        let over = |period: Period<_>| period.remaining(now) == <A as Time>::Ticks::from(0);
        for watch in &self.watches {
            match watch.phase.get() {
                Phase::Waiting(process_id, period) if over(period) => {
                    watch.phase.set(self.restart(process_id));
                }
                Phase::Probation(period) if over(period) => {
                    watch.failures.set(0);
                    watch.phase.set(Phase::Idle);
                }
                _ => {}
            }
        }
        self.rearm();
    }
}
