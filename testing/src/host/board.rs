//! What a board decides for the kernel loop.

use std::cell::Cell;
use std::num::NonZeroU32;

use capsules_system::syscall_filter::tbf_header_filter::TbfHeaderFilterDefaultAllow;
use kernel::platform::scheduler_timer::SchedulerTimer;
use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::syscall::SyscallDriver;
use kernel::Scheduler;

use super::probe::{NoGrantDriver, TestDriver, DRIVER, DRIVER_WITHOUT_GRANT};
use super::{FakeChip, Hooks};

/// A timer whose slices end when a test says so.
#[derive(Default)]
pub struct FakeTimer {
    pub starts: Cell<usize>,
    pub arms: Cell<usize>,
    pub slice: Cell<u32>,
    /// The slice that is running ends after so many questions.
    pub expires_after: Cell<Option<u32>>,
    /// What is left when it is asked for.
    pub remaining: Cell<u32>,
}

impl SchedulerTimer for FakeTimer {
    fn start(&self, us: NonZeroU32) {
        self.starts.set(self.starts.get() + 1);
        self.slice.set(us.get());
    }

    fn reset(&self) {}

    fn arm(&self) {
        self.arms.set(self.arms.get() + 1);
    }

    fn disarm(&self) {}

    fn get_remaining_us(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.remaining.get())
    }

    fn has_expired(&self) -> bool {
        match self.expires_after.get() {
            None => false,
            Some(0) => {
                self.expires_after.set(None);
                true
            }
            Some(questions) => {
                self.expires_after.set(Some(questions - 1));
                false
            }
        }
    }
}

pub struct Board<S> {
    driver: &'static TestDriver,
    without_grant: NoGrantDriver,
    filter: TbfHeaderFilterDefaultAllow,
    pub hooks: Hooks,
    pub scheduler: S,
    pub timer: FakeTimer,
}

impl<S> Board<S> {
    pub fn new(driver: &'static TestDriver, scheduler: S) -> Self {
        let timer = FakeTimer::default();
        timer.remaining.set(5_000);
        Self {
            driver,
            without_grant: NoGrantDriver,
            filter: TbfHeaderFilterDefaultAllow {},
            hooks: Hooks::default(),
            scheduler,
            timer,
        }
    }
}

impl<S> SyscallDriverLookup for Board<S> {
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        match driver_num {
            DRIVER => f(Some(self.driver)),
            DRIVER_WITHOUT_GRANT => f(Some(&self.without_grant)),
            _ => f(None),
        }
    }
}

impl<S: Scheduler<FakeChip>> KernelResources<FakeChip> for Board<S> {
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
