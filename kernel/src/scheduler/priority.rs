//! Priorities: the most urgent ready process executes, and pre-empts any other.
//!
//! Whenever an interrupt, a deferred call or a system call makes a more urgent
//! process ready, the one that executes gives way at once. Processes of the same
//! level share the CPU in time slices: each has a slice to use up, however often
//! it is interrupted, and when none of those that are ready has any left, all
//! get a new one.

use core::cell::Cell;
use core::num::NonZeroU32;

use crate::deferred_call::DeferredCall;
use crate::kernel::Kernel;
use crate::platform::chip::Chip;
use crate::process::{Process, ProcessId};
use crate::scheduler::{
    Scheduler, SchedulingDecision, StoppedExecutingReason, MIN_QUANTA_THRESHOLD_US,
};

/// How urgent the process of one place in the table is, and what is left of its
/// slice.
#[derive(Debug)]
pub struct PriorityLevel {
    level: Cell<u8>,
    remaining_us: Cell<u32>,
}

impl PriorityLevel {
    /// The least urgent level: the default.
    pub const LEAST: u8 = u8::MAX;

    /// A level; 0 is the most urgent.
    pub const fn new(level: u8) -> Self {
        Self {
            level: Cell::new(level),
            remaining_us: Cell::new(0),
        }
    }

    /// Changes the level.
    pub fn set(&self, level: u8) {
        self.level.set(level);
    }

    /// The level.
    pub fn get(&self) -> u8 {
        self.level.get()
    }
}

impl Default for PriorityLevel {
    fn default() -> Self {
        Self::new(Self::LEAST)
    }
}

/// The scheduler.
pub struct PrioritySched {
    kernel: &'static Kernel,
    /// By place in the table; empty if the place itself is the level.
    levels: &'static [PriorityLevel],
    timeslice: NonZeroU32,
    /// The place of the process that was chosen last.
    running: Cell<usize>,
    /// Deferred calls served since a process was chosen, a bit each.
    served: Cell<u32>,
    /// The process that executes has its turn before a deferred call.
    turn: Cell<bool>,
}

impl PrioritySched {
    /// The usual length of a slice in microseconds.
    pub const DEFAULT_TIMESLICE_US: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

    /// Each process is more urgent than those behind it in the table, and
    /// executes as long as it wants.
    pub const fn new(kernel: &'static Kernel) -> Self {
        Self::with_levels(kernel, &[], Self::DEFAULT_TIMESLICE_US)
    }

    /// The process of each place in the table has the level of the same place in
    /// `levels` (the least urgent beyond its end); slices are that many
    /// microseconds.
    pub const fn with_levels(
        kernel: &'static Kernel,
        levels: &'static [PriorityLevel],
        timeslice: NonZeroU32,
    ) -> Self {
        Self {
            kernel,
            levels,
            timeslice,
            running: Cell::new(usize::MAX),
            served: Cell::new(0),
            turn: Cell::new(false),
        }
    }

    fn level_of(&self, place: usize) -> usize {
        match self.levels.get(place) {
            Some(level) => usize::from(level.get()),
            None if self.levels.is_empty() => place,
            None => usize::from(PriorityLevel::LEAST),
        }
    }

    fn ready_processes(&self) -> impl Iterator<Item = (usize, &'static dyn Process)> {
        self.kernel
            .slots()
            .iter()
            .enumerate()
            .filter_map(|(place, slot)| Some((place, slot.get()?)))
            .filter(|(_, process)| process.ready())
    }

    /// The most urgent ready process; among equals the first that has some of its
    /// slice left, or else the first.
    fn choose(&self) -> Option<(usize, &'static dyn Process)> {
        // Smaller is better. A slice that is used up counts as half a level.
        let mut best_rank = usize::MAX;
        let mut best = None;
        for (place, slot) in self.kernel.slots().iter().enumerate() {
            // Most places are empty.
            let Some(process) = slot.get() else {
                continue;
            };
            if !process.ready() {
                continue;
            }
            let rank = match self.levels.get(place) {
                Some(entry) => {
                    let used_up = entry.remaining_us.get() <= MIN_QUANTA_THRESHOLD_US;
                    usize::from(entry.get()) * 2 + usize::from(used_up)
                }
                None => self.level_of(place) * 2,
            };
            if rank < best_rank {
                best_rank = rank;
                best = Some((place, process));
            }
        }
        best
    }

    /// Gives every process of a level a whole slice.
    fn refill(&self, level: u8) {
        for (entry, slot) in self.levels.iter().zip(self.kernel.slots()) {
            // Processes are loaded into the first places of the table.
            if slot.get().is_none() {
                break;
            }
            if entry.get() == level {
                entry.remaining_us.set(self.timeslice.get());
            }
        }
    }

    /// Whether the deferred call that is next had its turn already, and a process
    /// waits for its own.
    #[inline(never)]
    fn owes_a_turn(&self) -> bool {
        let next = DeferredCall::next_pending();
        let again = next.is_some_and(|index| self.served.get() >> index & 1 != 0);
        again && self.ready_processes().next().is_some()
    }

    /// Whether a process that is more urgent than this place is ready.
    #[inline(never)]
    fn is_outranked(&self, place: usize) -> bool {
        let level = self.level_of(place);
        self.ready_processes()
            .any(|(other, _)| self.level_of(other) < level)
    }
}

impl<C: Chip> Scheduler<C> for PrioritySched {
    fn next(&self) -> SchedulingDecision {
        let Some((place, process)) = self.choose() else {
            return SchedulingDecision::TrySleep;
        };
        self.running.set(place);
        self.served.set(0);
        self.turn.set(DeferredCall::has_tasks());
        let timeslice = self.levels.get(place).map(|entry| {
            if entry.remaining_us.get() <= MIN_QUANTA_THRESHOLD_US {
                self.refill(entry.get());
            }
            // A place behind an empty one has got none.
            NonZeroU32::new(entry.remaining_us.get()).unwrap_or(self.timeslice)
        });
        SchedulingDecision::RunProcess((process.processid(), timeslice))
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        self.turn.set(false);
        let Some(entry) = self.levels.get(self.running.get()) else {
            return;
        };
        let used = match result {
            // It has had its turn.
            StoppedExecutingReason::TimesliceExpired => u32::MAX,
            _ => execution_time_us.unwrap_or(0),
        };
        entry
            .remaining_us
            .set(entry.remaining_us.get().saturating_sub(used));
    }

    unsafe fn execute_kernel_work(&self, chip: &C) {
        chip.service_pending_interrupts();
        while !chip.has_pending_interrupts() && !self.owes_a_turn() {
            let Some(index) = DeferredCall::service_next_pending() else {
                self.served.set(0);
                return;
            };
            self.served.set(self.served.get() | 1 << index);
        }
    }

    unsafe fn do_kernel_work_now(&self, chip: &C) -> bool {
        chip.has_pending_interrupts() || DeferredCall::has_tasks() && !self.owes_a_turn()
    }

    #[inline(always)]
    unsafe fn continue_process(&self, id: ProcessId, chip: &C) -> bool {
        if chip.has_pending_interrupts() || DeferredCall::has_tasks() && !self.turn.get() {
            return false;
        }
        // Only what woke a process can have made a more urgent one ready.
        !(self.kernel.take_process_woke() && self.is_outranked(id.index))
    }
}
