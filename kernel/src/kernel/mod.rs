//! The kernel object: the table of processes, grants, and identifiers.

mod main_loop;
mod syscalls;

use core::cell::Cell;

use crate::capabilities;
use crate::grant::{AllowRoSize, AllowRwSize, Grant, UpcallSize};
use crate::process::{Process, ProcessId, ProcessSlot};

/// No process: no identifier ever gets this high.
const NO_PROCESS: usize = usize::MAX;

/// The kernel. A board has one.
pub struct Kernel {
    processes: &'static [ProcessSlot],
    /// The identifier that the next run of a process gets.
    next_process_identifier: Cell<usize>,
    grant_counter: Cell<usize>,
    grants_finalized: Cell<bool>,
    /// The identifier of the process whose regions the MPU has, or
    /// [`NO_PROCESS`]. The MPU stays on while the kernel executes, on a
    /// background map that is the kernel's alone, so that nothing needs to be
    /// written when the same process goes on.
    mpu_owner: Cell<usize>,
    /// A process may have become ready since a scheduler last asked.
    process_woke: Cell<bool>,
    /// How many turns processes have had since the last call in the background.
    foreground_turns: Cell<u32>,
    /// For which process the call in the background works that is being made.
    background_owner: Cell<Option<ProcessId>>,
    /// What calls in the background took, in microseconds, that a scheduler has not asked for
    /// yet.
    background_time: Cell<Option<(ProcessId, u32)>>,
}

impl Kernel {
    /// A kernel with this table of processes.
    pub const fn new(processes: &'static [ProcessSlot]) -> Kernel {
        Kernel {
            processes,
            next_process_identifier: Cell::new(0),
            grant_counter: Cell::new(0),
            grants_finalized: Cell::new(false),
            mpu_owner: Cell::new(NO_PROCESS),
            process_woke: Cell::new(false),
            foreground_turns: Cell::new(0),
            background_owner: Cell::new(None),
            background_time: Cell::new(None),
        }
    }

    /// The table of processes.
    pub(crate) fn slots(&self) -> &'static [ProcessSlot] {
        self.processes
    }

    /// The process of that identifier, if it is still there under it.
    #[inline]
    pub(crate) fn get_process(&self, processid: ProcessId) -> Option<&'static dyn Process> {
        self.processes
            .get(processid.index)?
            .get()
            .filter(|process| process.processid() == processid)
    }

    /// What `closure` returns for a process, or `default` if it is gone.
    pub(crate) fn process_map_or<F, R>(&self, default: R, processid: ProcessId, closure: F) -> R
    where
        F: FnOnce(&dyn Process) -> R,
    {
        match self.get_process(processid) {
            Some(process) => closure(process),
            None => default,
        }
    }

    /// What `closure` returns for a process, or `default` if it is gone.
    pub fn process_map_or_external<F, R>(
        &self,
        default: R,
        processid: ProcessId,
        closure: F,
        _capability: &dyn capabilities::ProcessManagementCapability,
    ) -> R
    where
        F: FnOnce(&dyn Process) -> R,
    {
        self.process_map_or(default, processid, closure)
    }

    /// Every process in the table.
    pub(crate) fn get_process_iter(&self) -> impl Iterator<Item = &'static dyn Process> {
        self.processes.iter().filter_map(ProcessSlot::get)
    }

    /// Every process in the table.
    pub fn process_iter_capability(
        &self,
        _capability: &dyn capabilities::ProcessManagementCapability,
    ) -> impl Iterator<Item = &'static dyn Process> {
        self.get_process_iter()
    }

    /// Calls `closure` with every process.
    pub fn process_each_capability<F>(
        &'static self,
        _capability: &dyn capabilities::ProcessManagementCapability,
        closure: F,
    ) where
        F: FnMut(&dyn Process),
    {
        self.get_process_iter().for_each(closure);
    }

    /// The first thing that `closure` returns for a process, in the order of the
    /// table.
    pub(crate) fn process_until<T, F>(&self, closure: F) -> Option<T>
    where
        F: Fn(&dyn Process) -> Option<T>,
    {
        self.get_process_iter().find_map(closure)
    }

    /// Makes a grant for a driver.
    ///
    /// # Panics
    ///
    /// Once a process has been loaded: its memory has no place for the grant.
    pub fn create_grant<
        T: Default,
        Upcalls: UpcallSize,
        AllowROs: AllowRoSize,
        AllowRWs: AllowRwSize,
    >(
        &'static self,
        driver_num: usize,
        _capability: &dyn capabilities::MemoryAllocationCapability,
    ) -> Grant<T, Upcalls, AllowROs, AllowRWs> {
        assert!(
            !self.grants_finalized.get(),
            "grant created after processes were loaded"
        );
        let grant_num = self.grant_counter.get();
        self.grant_counter.set(grant_num + 1);
        Grant::new(self, driver_num, grant_num)
    }

    /// Returns how many grants there are; from now on no more can be made.
    pub(crate) fn get_grant_count_and_finalize(&self) -> usize {
        self.grants_finalized.set(true);
        self.grant_counter.get()
    }

    /// Returns how many grants there are; from now on no more can be made.
    pub fn get_grant_count_and_finalize_external(
        &self,
        _capability: &dyn capabilities::ExternalProcessCapability,
    ) -> usize {
        self.get_grant_count_and_finalize()
    }

    /// An identifier that no process has had.
    pub(crate) fn create_process_identifier(&self) -> usize {
        self.next_process_identifier
            .replace(self.next_process_identifier.get() + 1)
    }

    /// An identifier that no process has had.
    pub fn create_process_identifier_external(
        &self,
        _capability: &dyn capabilities::ExternalProcessCapability,
    ) -> usize {
        self.create_process_identifier()
    }

    /// The first place in the table without a process, with its number.
    pub(crate) fn next_available_process_slot(&self) -> Option<(usize, &'static ProcessSlot)> {
        self.processes
            .iter()
            .enumerate()
            .find(|(_, slot)| slot.get().is_none())
    }

    /// Makes every process fail; what follows is up to each one's fault policy.
    pub fn hardfault_all_apps<C: capabilities::ProcessManagementCapability>(&self, _c: &C) {
        for process in self.get_process_iter() {
            process.set_fault_state();
        }
    }

    /// The regions of a process have changed: if the MPU has them, they must be
    /// written again before the process executes.
    pub(crate) fn mpu_changed(&self, processid: ProcessId) {
        if self.mpu_owner.get() == processid.id() {
            self.mpu_owner.set(NO_PROCESS);
        }
    }

    /// A process may have become ready.
    pub(crate) fn process_woke(&self) {
        self.process_woke.set(true);
    }

    /// Whether a process may have become ready since this was last asked.
    ///
    /// Upstream's kernel does not have this: capsules reach it through
    /// a trait of theirs that the board implements.
    #[inline(always)]
    pub fn take_process_woke(
        &self,
        _capability: &dyn capabilities::ProcessManagementCapability,
    ) -> bool {
        // Written only if it must be: this is asked after every system call.
        let woke = self.process_woke.get();
        if woke {
            self.process_woke.set(false);
        }
        woke
    }

    /// The call in the background that is being made works for this process.
    ///
    /// Upstream's kernel has no such calls: capsules reach this through a trait of theirs that
    /// the board implements.
    pub fn works_for(&self, processid: ProcessId) {
        self.background_owner.set(Some(processid));
    }

    /// A call in the background took so long.
    pub(crate) fn background_took(&self, microseconds: u32) {
        let Some(owner) = self.background_owner.take() else {
            return;
        };
        let before = match self.background_time.get() {
            Some((process, before)) if process == owner => before,
            _ => 0,
        };
        let time = before.saturating_add(microseconds);
        self.background_time.set(Some((owner, time)));
    }

    /// How long calls in the background have worked for which process since this was last
    /// asked, in microseconds.
    #[inline]
    pub fn take_background_time(
        &self,
        _capability: &dyn capabilities::ProcessManagementCapability,
    ) -> Option<(ProcessId, u32)> {
        self.background_time.take()
    }
}
