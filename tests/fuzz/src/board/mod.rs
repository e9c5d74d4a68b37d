//! A board for the fuzzed kernel: drivers by number, hardware that the input drives.

mod hardware;
mod trust;

use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::scheduler::round_robin::RoundRobinSched;
use kernel::syscall::SyscallDriver;

pub use hardware::{Flash, FrontEnd, BLOCK};
pub use trust::{Clock, Nor, Numbers};

use crate::rig::FakeChip;

/// Drivers by number.
pub type Drivers = Vec<(usize, &'static dyn SyscallDriver)>;

/// What the kernel asks of a board.
pub struct Board {
    drivers: Drivers,
    scheduler: RoundRobinSched<'static>,
}

impl Board {
    /// A board with these drivers.
    pub fn new(drivers: Drivers, scheduler: RoundRobinSched<'static>) -> Self {
        Board { drivers, scheduler }
    }
}

impl SyscallDriverLookup for Board {
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

impl KernelResources<FakeChip> for Board {
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
