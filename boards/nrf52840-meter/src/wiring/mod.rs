//! The capsules, each with its static memory, its hardware and its clients.

mod inputs_outputs;
pub mod internal_flash;
mod metering;
pub mod randomness;
mod serial;
pub mod time;
pub mod trust;

use kernel::capabilities::MemoryAllocationCapability;
use kernel::scheduler::priority::PrioritySched;
use kernel::Kernel;
use nrf52840::wdt::Wdt;

use crate::crash::FaultRecorder;
use crate::peripherals::Peripherals;
use crate::platform::{Drivers, Platform};
use crate::policy::MeterFilter;
use crate::root::Root;

/// All drivers, and what the board has to start once apps are loaded.
pub struct Wired {
    /// What apps call.
    pub drivers: Drivers,
    /// Seeds itself once it is started.
    pub generator: &'static randomness::Generator,
}

impl Wired {
    /// With what else the kernel loop needs.
    pub fn into_platform(
        self,
        filter: MeterFilter,
        faults: FaultRecorder,
        scheduler: PrioritySched,
        timer: cortexm4::systick::SysTick,
        watchdog: Wdt,
    ) -> Platform {
        Platform {
            drivers: self.drivers,
            filter,
            faults,
            scheduler,
            timer,
            watchdog,
        }
    }
}

/// Makes all of them. Without a root there is no key store and no storage.
///
/// # Safety
/// Once: each has its memory in a static.
pub unsafe fn wire(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    root: Option<Root>,
    memory: &dyn MemoryAllocationCapability,
) -> Wired {
    // SAFETY: the caller calls this once, and each function below stands here once.
    unsafe {
        let mux = time::mux(peripherals);
        let flash = internal_flash::regions(peripherals);
        let (generator, rng) = randomness::randomness(kernel, peripherals, memory);
        let (console, low_level_debug) = serial::serial(kernel, peripherals, memory);
        Wired {
            drivers: Drivers {
                alarm: time::alarms(kernel, mux, memory),
                console,
                led: inputs_outputs::leds(peripherals),
                button: inputs_outputs::buttons(kernel, peripherals, memory),
                adc: inputs_outputs::converter(kernel, peripherals, memory),
                low_level_debug,
                rng,
                meter_adc: metering::meter_adc(kernel, peripherals, memory),
                energy_store: metering::energy_store(kernel, flash.energy_store, memory),
                channel: trust::channels(kernel, mux, memory),
            },
            generator,
        }
    }
}
