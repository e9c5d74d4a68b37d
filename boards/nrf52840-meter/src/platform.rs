//! What the kernel loop asks the board for: drivers, filter, scheduler, timer.

use capsules_system::scheduler::priority::PrioritySched;
use capsules_system::syscall_filter::app_filter::AppFilter;

use crate::kernel_extras::{ProcessManagement, Woken};
use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::syscall::SyscallDriver;
use nrf52840::wdt::Wdt;

use crate::crash::FaultHooks;
use crate::peripherals::Peripherals;
use crate::tables::MeterPlaces;
use crate::wiring::Drivers;

/// Who may call what.
pub type Filter = AppFilter<MeterPlaces>;
/// Who executes next.
pub type Scheduler = PrioritySched<ProcessManagement, Woken>;

/// The chip with the meter's drivers.
pub type Chip = nrf52840::chip::Nrf52840<'static, Peripherals>;

/// All that the kernel loop works with.
pub struct Platform {
    /// What apps call.
    pub drivers: Drivers,
    /// Who may call what.
    pub filter: Filter,
    /// Crash records.
    pub faults: FaultHooks,
    /// Priorities.
    pub scheduler: Scheduler,
    /// Time slices.
    pub timer: cortexm4::systick::SysTick,
    /// Resets a kernel that hangs.
    pub watchdog: Wdt,
}

impl SyscallDriverLookup for Platform {
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        f(self.drivers.find(driver_num))
    }
}

impl KernelResources<Chip> for Platform {
    type SyscallDriverLookup = Self;
    type SyscallFilter = Filter;
    type ProcessFault = FaultHooks;
    type ContextSwitchCallback = ();
    type Scheduler = Scheduler;
    type SchedulerTimer = cortexm4::systick::SysTick;
    type WatchDog = Wdt;

    fn syscall_driver_lookup(&self) -> &Self {
        self
    }

    fn syscall_filter(&self) -> &Filter {
        &self.filter
    }

    fn process_fault(&self) -> &FaultHooks {
        &self.faults
    }

    fn context_switch_callback(&self) -> &() {
        &()
    }

    fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    fn scheduler_timer(&self) -> &cortexm4::systick::SysTick {
        &self.timer
    }

    fn watchdog(&self) -> &Wdt {
        &self.watchdog
    }
}
