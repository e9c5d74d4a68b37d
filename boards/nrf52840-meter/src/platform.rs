//! What the kernel loop asks the board for: drivers, filter, scheduler, timer.

use capsules_core::adc::AdcDedicated;
use capsules_core::alarm::AlarmDriver;
use capsules_core::button::Button;
use capsules_core::console::Console;
use capsules_core::led::LedDriver;
use capsules_core::low_level_debug::LowLevelDebug;
use capsules_core::rng::RngDriver;
use capsules_core::virtualizers::virtual_uart::UartDevice;
use capsules_core::{adc, alarm, button, console, led, low_level_debug, rng};
use capsules_metering::energy_store::EnergyStoreDriver;
use capsules_metering::meter_adc::MeterAdc;
use capsules_metering::supply::SupplyDriver;
use capsules_metering::{energy_store, meter_adc, supply};
use capsules_system::scheduler::priority::PrioritySched;
use capsules_system::syscall_filter::app_filter::AppFilter;
use capsules_trust::{channel, key_store, storage};

use crate::kernel_extras::{ProcessManagement, Woken};
use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::syscall::SyscallDriver;
use nrf52840::gpio::GPIOPin;
use nrf52840::power::Power;
use nrf52840::saadc::Saadc;
use nrf52840::wdt::Wdt;

use crate::crash::FaultHooks;
use crate::peripherals::Peripherals;
use crate::tables::MeterRestricted;
use crate::wiring::internal_flash::Region;
use crate::wiring::randomness::Numbers;
use crate::wiring::trust::{Channels, KeyStore, Storage};
use nrf52840_components::inputs_outputs::{BoardLed, LEDS};
use nrf52840_components::time::VirtualAlarm;

/// Who may call what.
pub type Filter = AppFilter<MeterRestricted>;
/// Who executes next.
pub type Scheduler = PrioritySched<ProcessManagement, Woken>;

/// Places in the table of processes; the slots of meter.toml and a few guests.
pub const PROCESSES: usize = 8;

/// The chip with the meter's drivers.
pub type Chip = nrf52840::chip::Nrf52840<'static, Peripherals>;

/// The drivers that apps call.
pub struct Drivers {
    /// Driver 0x0.
    pub alarm: &'static AlarmDriver<'static, VirtualAlarm>,
    /// Driver 0x1.
    pub console: &'static Console<'static>,
    /// Driver 0x2.
    pub led: &'static LedDriver<'static, BoardLed, LEDS>,
    /// Driver 0x3.
    pub button: &'static Button<'static, GPIOPin<'static>>,
    /// Driver 0x5.
    pub adc: &'static AdcDedicated<'static, Saadc<'static>>,
    /// Driver 0x8.
    pub low_level_debug: &'static LowLevelDebug<'static, UartDevice<'static>>,
    /// Driver 0x40001.
    pub rng: &'static RngDriver<'static, Numbers>,
    /// Driver 0x80000001.
    pub meter_adc: &'static MeterAdc<'static, Saadc<'static>>,
    /// Driver 0x80000002.
    pub energy_store: &'static EnergyStoreDriver<'static, Region>,
    /// Driver 0x80000004.
    pub key_store: Option<&'static KeyStore>,
    /// Driver 0x80000005.
    pub channel: Option<&'static Channels>,
    /// Driver 0x80000006.
    pub storage: Option<&'static Storage>,
    /// Driver 0x80000007.
    pub supply: &'static SupplyDriver<'static, Power<'static>, VirtualAlarm>,
}

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
        let drivers = &self.drivers;
        f(match driver_num {
            alarm::DRIVER_NUM => Some(drivers.alarm),
            console::DRIVER_NUM => Some(drivers.console),
            led::DRIVER_NUM => Some(drivers.led),
            button::DRIVER_NUM => Some(drivers.button),
            adc::DRIVER_NUM => Some(drivers.adc),
            low_level_debug::DRIVER_NUM => Some(drivers.low_level_debug),
            rng::DRIVER_NUM => Some(drivers.rng),
            meter_adc::DRIVER_NUM => Some(drivers.meter_adc),
            energy_store::DRIVER_NUM => Some(drivers.energy_store),
            key_store::DRIVER_NUM => drivers.key_store.map(|driver| driver as _),
            channel::DRIVER_NUM => drivers.channel.map(|driver| driver as _),
            storage::DRIVER_NUM => drivers.storage.map(|driver| driver as _),
            supply::DRIVER_NUM => Some(drivers.supply),
            _ => None,
        })
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
