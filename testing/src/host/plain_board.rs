//! A board of drivers that the test hands over, without a filter or hooks.

use capsules_system::scheduler::round_robin::RoundRobinSched;
use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::syscall::SyscallDriver;

use super::FakeChip;

/// Drivers by number.
pub type Drivers = Vec<(usize, &'static dyn SyscallDriver)>;

pub struct PlainBoard {
    drivers: Drivers,
    scheduler: RoundRobinSched<'static>,
}

impl PlainBoard {
    pub fn new(drivers: Drivers, scheduler: RoundRobinSched<'static>) -> Self {
        PlainBoard { drivers, scheduler }
    }
}

impl SyscallDriverLookup for PlainBoard {
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        let found = self
            .drivers
            .iter()
            .find(|(number, _)| *number == driver_num);
        f(found.map(|(_, driver)| *driver))
    }
}

impl KernelResources<FakeChip> for PlainBoard {
    type SyscallDriverLookup = Self;
    type SyscallFilter = ();
    type ProcessFault = ();
    type ContextSwitchCallback = ();
    type Scheduler = RoundRobinSched<'static>;
    type SchedulerTimer = ();
    type WatchDog = ();

    fn syscall_driver_lookup(&self) -> &Self {
        self
    }

    fn syscall_filter(&self) -> &() {
        &()
    }

    fn process_fault(&self) -> &() {
        &()
    }

    fn context_switch_callback(&self) -> &() {
        &()
    }

    fn scheduler(&self) -> &RoundRobinSched<'static> {
        &self.scheduler
    }

    fn scheduler_timer(&self) -> &() {
        &()
    }

    fn watchdog(&self) -> &() {
        &()
    }
}
