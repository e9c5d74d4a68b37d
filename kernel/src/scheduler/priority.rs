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

    fn remaining_us(&self, place: usize) -> u32 {
        self.levels
            .get(place)
            .map_or(u32::MAX, |level| level.remaining_us.get())
    }

    /// The most urgent ready process; among equals one that has some of its
    /// slice left.
    fn choose(&self) -> Option<(usize, &'static dyn Process)> {
        let mut best: Option<(usize, usize, &'static dyn Process)> = None;
        for (place, process) in self.ready_processes() {
            let level = self.level_of(place);
            let better = match best {
                None => true,
                Some((best_level, best_place, _)) => {
                    level < best_level
                        || (level == best_level
                            && self.remaining_us(best_place) <= MIN_QUANTA_THRESHOLD_US
                            && self.remaining_us(place) > MIN_QUANTA_THRESHOLD_US)
                }
            };
            if better {
                best = Some((level, place, process));
            }
        }
        best.map(|(_, place, process)| (place, process))
    }

    /// Gives every process of a level a whole slice.
    fn refill(&self, level: usize) {
        for entry in self.levels {
            if usize::from(entry.get()) == level {
                entry.remaining_us.set(self.timeslice.get());
            }
        }
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
        let timeslice = self.levels.get(place).map(|entry| {
            if entry.remaining_us.get() <= MIN_QUANTA_THRESHOLD_US {
                self.refill(self.level_of(place));
            }
            NonZeroU32::new(entry.remaining_us.get()).unwrap_or(self.timeslice)
        });
        SchedulingDecision::RunProcess((process.processid(), timeslice))
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
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

    #[inline(always)]
    unsafe fn continue_process(&self, id: ProcessId, chip: &C) -> bool {
        if chip.has_pending_interrupts() || DeferredCall::has_tasks() {
            return false;
        }
        // Only what woke a process can have made a more urgent one ready.
        !(self.kernel.take_process_woke() && self.is_outranked(id.index))
    }
}
