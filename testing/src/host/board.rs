//! What a board decides for the kernel loop.

use std::cell::{Cell, RefCell};

use capsules_system::syscall_filter::tbf_header_filter::TbfHeaderFilterDefaultAllow;
use kernel::platform::{ContextSwitchCallback, KernelResources, ProcessFault, SyscallDriverLookup};
use kernel::process::{Process, State};
use kernel::syscall::SyscallDriver;
use kernel::Scheduler;

use super::{FakeChip, FakeTimer};

/// What finds a board's drivers.
pub trait DriverTable {
    /// The driver of this number, if there is one.
    fn find(&self, number: usize) -> Option<&dyn SyscallDriver>;
}

/// Drivers by number.
pub type Drivers = Vec<(usize, &'static dyn SyscallDriver)>;

impl DriverTable for Drivers {
    fn find(&self, number: usize) -> Option<&dyn SyscallDriver> {
        let found = self.iter().find(|(own, _)| *own == number)?;
        Some(found.1)
    }
}

/// Counts what the kernel tells a board of its processes.
#[derive(Default)]
pub struct Hooks {
    /// How many faults there were.
    pub faults: Cell<usize>,
    /// States of the processes that had made an exit call, in the order of the calls.
    pub exits: RefCell<Vec<State>>,
    /// Faults are repaired, and their processes go on.
    pub repair: Cell<bool>,
    /// How often a process was switched to.
    pub switches: Cell<usize>,
}

impl ProcessFault for Hooks {
    fn process_fault_hook(&self, _process: &dyn Process) -> Result<(), ()> {
        self.faults.set(self.faults.get() + 1);
        if self.repair.get() {
            Ok(())
        } else {
            Err(())
        }
    }

    fn process_exit_hook(&self, process: &dyn Process) {
        self.exits.borrow_mut().push(process.get_state());
    }
}

impl ContextSwitchCallback for Hooks {
    fn context_switch_hook(&self, _process: &dyn Process) {
        self.switches.set(self.switches.get() + 1);
    }
}

/// A board: drivers `D`, scheduler `S`, the filter by header, hooks that count, and a timer
/// that stands still.
pub struct Board<D, S> {
    /// Its drivers.
    pub drivers: D,
    filter: TbfHeaderFilterDefaultAllow,
    /// What it was told of its processes.
    pub hooks: Hooks,
    /// Its scheduler.
    pub scheduler: S,
    /// Its timer of time slices.
    pub timer: FakeTimer,
}

impl<D, S> Board<D, S> {
    /// A board of these drivers and this scheduler.
    pub fn new(drivers: D, scheduler: S) -> Self {
        Self {
            drivers,
            filter: TbfHeaderFilterDefaultAllow {},
            hooks: Hooks::default(),
            scheduler,
            timer: FakeTimer::default(),
        }
    }
}

impl<D: DriverTable, S> SyscallDriverLookup for Board<D, S> {
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        f(self.drivers.find(driver_num))
    }
}

impl<D: DriverTable, S: Scheduler<FakeChip>> KernelResources<FakeChip> for Board<D, S> {
    type SyscallDriverLookup = Self;
    type SyscallFilter = TbfHeaderFilterDefaultAllow;
    type ProcessFault = Hooks;
    type ContextSwitchCallback = Hooks;
    type Scheduler = S;
    type SchedulerTimer = FakeTimer;
    type WatchDog = ();

    fn syscall_driver_lookup(&self) -> &Self {
        self
    }

    fn syscall_filter(&self) -> &TbfHeaderFilterDefaultAllow {
        &self.filter
    }

    fn process_fault(&self) -> &Hooks {
        &self.hooks
    }

    fn context_switch_callback(&self) -> &Hooks {
        &self.hooks
    }

    fn scheduler(&self) -> &S {
        &self.scheduler
    }

    fn scheduler_timer(&self) -> &FakeTimer {
        &self.timer
    }

    fn watchdog(&self) -> &() {
        &()
    }
}
