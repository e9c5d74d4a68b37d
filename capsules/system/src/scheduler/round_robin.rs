//! Round robin: every ready process in turn, for a time slice each.
//!
//! A process that is interrupted by the kernel goes on with the rest of its
//! slice. One that yields, or uses its slice up, goes to the end of the list.

use core::cell::Cell;
use core::num::NonZeroU32;

use kernel::collections::list::{List, ListLink, ListNode};
use kernel::platform::chip::Chip;
use kernel::process::{ProcessSlot, StoppedExecutingReason};
use kernel::scheduler::{Scheduler, SchedulingDecision};

use super::MIN_QUANTA_THRESHOLD_US;

/// A process in the list.
pub struct RoundRobinProcessNode<'a> {
    slot: &'static ProcessSlot,
    next: ListLink<'a, RoundRobinProcessNode<'a>>,
}

impl<'a> RoundRobinProcessNode<'a> {
    /// Makes the node of the process that stands in `slot` of the kernel's table.
    pub fn new(slot: &'static ProcessSlot) -> RoundRobinProcessNode<'a> {
        RoundRobinProcessNode {
            slot,
            next: ListLink::empty(),
        }
    }
}

impl<'a> ListNode<'a, RoundRobinProcessNode<'a>> for RoundRobinProcessNode<'a> {
    fn next(&'a self) -> &'a ListLink<'a, RoundRobinProcessNode<'a>> {
        &self.next
    }
}

/// The scheduler.
pub struct RoundRobinSched<'a> {
    /// The processes, next one first.
    pub processes: List<'a, RoundRobinProcessNode<'a>>,
    timeslice: NonZeroU32,
    /// What is left of the slice of the first process.
    time_remaining: Cell<NonZeroU32>,
}

impl RoundRobinSched<'_> {
    /// The usual length of a slice in microseconds.
    pub const DEFAULT_TIMESLICE_US: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

    /// Makes a scheduler that gives each process a time slice of the usual length.
    pub const fn new() -> Self {
        Self::new_with_time(Self::DEFAULT_TIMESLICE_US)
    }

    /// Makes a scheduler that gives each process a time slice of that many microseconds.
    pub const fn new_with_time(timeslice: NonZeroU32) -> Self {
        Self {
            processes: List::new(),
            timeslice,
            time_remaining: Cell::new(timeslice),
        }
    }

    /// The first process goes to the end, and the next one gets a whole slice.
    fn rotate(&self) {
        if let Some(first) = self.processes.pop_head() {
            self.processes.push_tail(first);
        }
        self.time_remaining.set(self.timeslice);
    }
}

impl Default for RoundRobinSched<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Chip> Scheduler<C> for RoundRobinSched<'_> {
    fn next(&self) -> SchedulingDecision {
        let length = self.processes.iter().count();
        for _ in 0..length {
            let ready = self
                .processes
                .head()
                .and_then(|node| node.slot.get())
                .filter(|process| process.ready());
            match ready {
                Some(process) => {
                    return SchedulingDecision::RunProcess((
                        process.processid(),
                        Some(self.time_remaining.get()),
                    ))
                }
                None => self.rotate(),
            }
        }
        SchedulingDecision::TrySleep
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        let used = execution_time_us.unwrap_or(0);
        let remaining = self.time_remaining.get().get().saturating_sub(used);
        match (result, NonZeroU32::new(remaining)) {
            (StoppedExecutingReason::KernelPreemption, Some(remaining))
                if remaining.get() > MIN_QUANTA_THRESHOLD_US =>
            {
                self.time_remaining.set(remaining);
            }
            _ => self.rotate(),
        }
    }
}
