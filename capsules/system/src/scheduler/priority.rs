//! Priorities: the most urgent ready process executes, and pre-empts any other.
//!
//! Whenever an interrupt, a deferred call or a system call makes a more urgent
//! process ready, the one that executes gives way at once. Processes of the same
//! level share the CPU in time slices: each has a slice to use up, however often
//! it is interrupted, and when none of those that are ready has any left, all
//! get a new one.

use core::cell::Cell;
use core::num::NonZeroU32;

use kernel::capabilities::ProcessManagementCapability;
use kernel::deferred_call::DeferredCall;
use kernel::platform::chip::Chip;
use kernel::process::{Process, ProcessId, StoppedExecutingReason};
use kernel::scheduler::{Scheduler, SchedulingDecision};
use kernel::Kernel;

use super::MIN_QUANTA_THRESHOLD_US;

/// Tells whether the scheduler has to look at the processes at all.
///
/// Upstream's kernel keeps no such mark; a board on a kernel that does implements
/// this, and spares a look at every process after each system call.
pub trait WakeHint {
    /// Returns whether a process may have become ready since this was last asked.
    fn take_woken(&self) -> bool;
}

/// No hint: a process may always have become ready.
impl WakeHint for () {
    #[inline(always)]
    fn take_woken(&self) -> bool {
        true
    }
}

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

    /// Makes a level of urgency: 0 is the most urgent, [`LEAST`](Self::LEAST) the least.
    pub const fn new(level: u8) -> Self {
        Self {
            level: Cell::new(level),
            remaining_us: Cell::new(0),
        }
    }

    /// Changes the level to `level`, from the next decision of the scheduler on.
    pub fn set(&self, level: u8) {
        self.level.set(level);
    }

    /// Returns the level: 0 is the most urgent.
    pub fn get(&self) -> u8 {
        self.level.get()
    }
}

impl Default for PriorityLevel {
    fn default() -> Self {
        Self::new(Self::LEAST)
    }
}

/// The scheduler. `CAP` lets it look at processes, `H` tells when it has to.
pub struct PrioritySched<CAP: ProcessManagementCapability, H: WakeHint = ()> {
    kernel: &'static Kernel,
    capability: CAP,
    hint: H,
    /// By place in the table; empty if the place itself is the level.
    levels: &'static [PriorityLevel],
    timeslice: NonZeroU32,
    /// The place of the process that was chosen last.
    running: Cell<usize>,
}

impl<CAP: ProcessManagementCapability> PrioritySched<CAP> {
    /// Each process is more urgent than those behind it in the table, and
    /// executes as long as it wants.
    pub const fn new(kernel: &'static Kernel, capability: CAP) -> Self {
        Self::with_levels(kernel, capability, &[], DEFAULT_TIMESLICE_US, ())
    }
}

/// The usual length of a slice in microseconds.
pub const DEFAULT_TIMESLICE_US: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

impl<CAP: ProcessManagementCapability, H: WakeHint> PrioritySched<CAP, H> {
    /// The process of each place in the table has the level of the same place in
    /// `levels` (the least urgent beyond its end); slices are that many
    /// microseconds. Processes must stay in the table, one behind the other, as
    /// long as the levels are to be theirs.
    pub const fn with_levels(
        kernel: &'static Kernel,
        capability: CAP,
        levels: &'static [PriorityLevel],
        timeslice: NonZeroU32,
        hint: H,
    ) -> Self {
        Self {
            kernel,
            capability,
            hint,
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

    /// Every process, with its place.
    #[inline(always)]
    fn processes(&self) -> impl Iterator<Item = (usize, &'static dyn Process)> {
        self.kernel
            .process_iter_capability(&self.capability)
            .enumerate()
    }

    /// Returns the most urgent ready process, among equals the first that has some of its
    /// slice left, or else the first; and how many processes there are.
    #[inline(always)]
    fn choose(&self) -> (Option<(usize, &'static dyn Process)>, usize) {
        // Smaller is better. A slice that is used up counts as half a level.
        let mut best_rank = usize::MAX;
        let mut best = None;
        let mut count = 0;
        for (place, process) in self.processes() {
            count = place + 1;
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
        (best, count)
    }

    /// Gives each of the first `count` processes that has this level a whole slice.
    #[inline(always)]
    fn refill(&self, level: u8, count: usize) {
        for entry in self.levels.iter().take(count) {
            if entry.get() == level {
                entry.remaining_us.set(self.timeslice.get());
            }
        }
    }

    /// Whether a process that is more urgent than this place is ready.
    #[inline(never)]
    fn is_outranked(&self, place: usize) -> bool {
        let level = self.level_of(place);
        self.processes()
            .any(|(other, process)| process.ready() && self.level_of(other) < level)
    }
}

impl<C: Chip, CAP: ProcessManagementCapability, H: WakeHint> Scheduler<C>
    for PrioritySched<CAP, H>
{
    fn next(&self) -> SchedulingDecision {
        let (Some((place, process)), count) = self.choose() else {
            return SchedulingDecision::TrySleep;
        };
        self.running.set(place);
        let timeslice = self.levels.get(place).map(|entry| {
            if entry.remaining_us.get() <= MIN_QUANTA_THRESHOLD_US {
                self.refill(entry.get(), count);
            }
            // A place behind an empty one has got none.
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
    fn continue_process(&self, _: ProcessId, chip: &C) -> bool {
        if chip.has_pending_interrupts() || DeferredCall::has_tasks() {
            return false;
        }
        // Only what woke a process can have made a more urgent one ready. The process
        // that executes is the one that was chosen last.
        !(self.hint.take_woken() && self.is_outranked(self.running.get()))
    }
}
