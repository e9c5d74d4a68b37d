//! Priorities: the most urgent ready process executes, and pre-empts any other.
//!
//! Whenever an interrupt, a deferred call or a system call makes a more urgent
//! process ready, the one that executes gives way at once. Processes of the same
//! level share the CPU in time slices: each has a slice to use up, however often
//! it is interrupted, and when none of those that are ready has any left, all
//! get a new one.
//!
//! # Shares
//!
//! So that an app that computes for ever cannot keep those below it from executing, each level
//! may have a *share*: CPU time that it is guaranteed in each [`PERIOD_US`] of the time that
//! processes use. A process that has not used up its share comes before all that have, and only
//! among those that have, or have not, does the level decide. So while nobody takes more than
//! its share the levels alone decide, and the most urgent one is never kept waiting within its
//! own; and a process without a share executes when those with one leave time.
//!
//! Long work that a process asked a capsule for counts as its own time.

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
    /// Returns how long the kernel has worked for which process since this was last asked, in
    /// microseconds, beside the time in which the process executed.
    fn take_background_time(&self) -> Option<(ProcessId, u32)> {
        None
    }

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

/// The time in which each process is guaranteed its share, in microseconds: CPU time that
/// processes use. Sleep does not count.
pub const PERIOD_US: u32 = 100_000;

/// How urgent the process of one place in the table is, what it is guaranteed, and what is left
/// of its slice.
#[derive(Debug)]
pub struct PriorityLevel {
    level: Cell<u8>,
    remaining_us: Cell<u32>,
    /// What it is guaranteed in each period, in microseconds.
    share_us: Cell<u32>,
    /// What it has used of the period, in microseconds.
    used_us: Cell<u32>,
}

impl PriorityLevel {
    /// The least urgent level: the default.
    pub const LEAST: u8 = u8::MAX;

    /// Makes a level of urgency: 0 is the most urgent, [`LEAST`](Self::LEAST) the least.
    pub const fn new(level: u8) -> Self {
        Self {
            level: Cell::new(level),
            remaining_us: Cell::new(0),
            share_us: Cell::new(0),
            used_us: Cell::new(0),
        }
    }

    /// Guarantees so many hundredths of the CPU time that processes use; 0 at first.
    pub fn set_share(&self, percent: u8) {
        self.share_us.set(u32::from(percent) * (PERIOD_US / 100));
    }

    /// What is left of the share in this period; too little to be worth a switch is nothing.
    #[inline(always)]
    fn share_left(&self) -> Option<u32> {
        let left = self.share_us.get().saturating_sub(self.used_us.get());
        (left > MIN_QUANTA_THRESHOLD_US).then_some(left)
    }

    /// Whom it comes before: smaller is more urgent.
    #[inline(always)]
    fn urgency(&self) -> usize {
        let beyond = usize::from(self.share_left().is_none());
        beyond << 8 | usize::from(self.level.get())
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
    /// What processes have used of the period, in microseconds.
    used_us: Cell<u32>,
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
            used_us: Cell::new(0),
            running: Cell::new(usize::MAX),
        }
    }

    fn urgency_of(&self, place: usize) -> usize {
        match self.levels.get(place) {
            Some(entry) => entry.urgency(),
            None if self.levels.is_empty() => place,
            None => 1 << 8 | usize::from(PriorityLevel::LEAST),
        }
    }

    /// The process of a place has used so much CPU time, or the kernel for it.
    fn charge(&self, place: usize, microseconds: u32) {
        let Some(entry) = self.levels.get(place) else {
            return;
        };
        entry
            .used_us
            .set(entry.used_us.get().saturating_add(microseconds));
        let used = self.used_us.get().saturating_add(microseconds);
        if used < PERIOD_US {
            self.used_us.set(used);
            return;
        }
        self.used_us.set(0);
        for entry in self.levels {
            entry.used_us.set(0);
        }
    }

    /// Charges what the kernel did for a process in the background.
    #[inline(never)]
    fn charge_background(&self, process: ProcessId, microseconds: u32) {
        let place = self
            .processes()
            .find(|(_, candidate)| candidate.processid() == process);
        if let Some((place, _)) = place {
            self.charge(place, microseconds);
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
                    entry.urgency() * 2 + usize::from(used_up)
                }
                None => self.urgency_of(place) * 2,
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
        let urgency = self.urgency_of(place);
        self.processes()
            .any(|(other, process)| process.ready() && self.urgency_of(other) < urgency)
    }
}

impl<C: Chip, CAP: ProcessManagementCapability, H: WakeHint> Scheduler<C>
    for PrioritySched<CAP, H>
{
    fn next(&self) -> SchedulingDecision {
        if let Some((process, microseconds)) = self.hint.take_background_time() {
            self.charge_background(process, microseconds);
        }
        let (Some((place, process)), count) = self.choose() else {
            return SchedulingDecision::TrySleep;
        };
        self.running.set(place);
        let timeslice = self.levels.get(place).map(|entry| {
            if entry.remaining_us.get() <= MIN_QUANTA_THRESHOLD_US {
                self.refill(entry.get(), count);
            }
            // Beyond its share it makes way for those that are within theirs.
            let slice = entry.remaining_us.get();
            let slice = entry.share_left().map_or(slice, |left| slice.min(left));
            // A place behind an empty one has got none.
            NonZeroU32::new(slice).unwrap_or(self.timeslice)
        });
        SchedulingDecision::RunProcess((process.processid(), timeslice))
    }

    fn result(&self, _result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        let place = self.running.get();
        let used = execution_time_us.unwrap_or(0);
        if let Some(entry) = self.levels.get(place) {
            let remaining = entry.remaining_us.get();
            entry.remaining_us.set(remaining.saturating_sub(used));
        }
        self.charge(place, used);
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
