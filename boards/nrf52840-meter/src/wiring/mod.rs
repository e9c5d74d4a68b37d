//! The capsules, each with its static memory, its hardware and its clients.

/// What rings for a driver that owes upcalls; for each place where it stands once.
macro_rules! retry {
    ($mux:expr) => {{
        let alarm = static_init!(VirtualAlarm, VirtualAlarm::new($mux));
        alarm.setup();
        let retry = static_init!(RetryAlarm<'static, VirtualAlarm>, RetryAlarm::new(alarm));
        alarm.set_alarm_client(retry);
        &*retry
    }};
}

/// What calls a capsule again for the next step of its long work.
#[cfg(not(long_steps_by_alarm))]
macro_rules! steps {
    ($mux:expr) => {
        crate::background_steps::BackgroundSteps::new()
    };
}

/// What calls a capsule again for the next step of its long work.
#[cfg(long_steps_by_alarm)]
macro_rules! steps {
    ($mux:expr) => {{
        let alarm = static_init!(VirtualAlarm, VirtualAlarm::new($mux));
        alarm.setup();
        let steps = static_init!(
            capsules_system::step_call::AlarmSteps<'static, VirtualAlarm>,
            capsules_system::step_call::AlarmSteps::new(alarm)
        );
        alarm.set_alarm_client(steps);
        &*steps
    }};
}

pub mod internal_flash;
mod metering;
pub mod randomness;
pub mod trust;

use kernel::capabilities::MemoryAllocationCapability;
use kernel::{static_init, Kernel};
use nrf52840::wdt::Wdt;
use nrf52840_components::{inputs_outputs, serial, time};

use crate::crash::FaultHooks;
use crate::peripherals::Peripherals;
use crate::pins::{APP_INPUTS, BUTTON_PINS, LED_PINS, LOCAL_PORT};
use crate::platform::{Drivers, Filter, Platform, Scheduler};
use crate::tables::{DEBUG_RTT, SIGNATURES_REQUIRED};
use capsules_trust::key_store::vault::Condition;
use capsules_trust::root::Root;
use capsules_trust::start;
use kernel::debug;
use randomness::Generator;
use trust::KeyStore;

/// The order of a start.
pub type TrustStart = start::TrustStart<'static, internal_flash::Region>;

/// All drivers, and what the board has to start.
pub struct Wired {
    /// What apps call.
    pub drivers: Drivers,
    /// Seeds itself once it is started.
    pub generator: &'static Generator,
    /// Where versions of apps are kept, and what loads them once it answers; if
    /// the image runs none but signed apps.
    pub trust: Option<(&'static KeyStore, &'static TrustStart)>,
}

impl Wired {
    /// With what else the kernel loop needs.
    pub fn into_platform(
        self,
        filter: Filter,
        faults: FaultHooks,
        scheduler: Scheduler,
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
        let common = peripherals.common;
        let mux = time::mux(common);
        let flash = internal_flash::regions(peripherals);
        let random = randomness::randomness(kernel, peripherals, memory);
        let generator = random.generator;
        let (console, low_level_debug) = serial::serial(kernel, common, &LOCAL_PORT, memory);
        let storage = root
            .as_ref()
            .and_then(|root| trust::storage(kernel, peripherals, mux, root, generator, memory));
        let trust = SIGNATURES_REQUIRED.then(|| {
            let (vault, key_store) =
                trust::key_store(kernel, flash.key_store, mux, generator, memory);
            let start = TrustStart::new(random.numbers, vault, key_store, root, not_open);
            let start = &*static_init!(TrustStart, start);
            vault.set_client(start);
            generator.set_client(start);
            (key_store, start)
        });
        if trust.is_none() {
            generator.set_client(random.numbers);
        }
        Wired {
            drivers: Drivers {
                alarm: time::alarms(kernel, mux, memory),
                console,
                led: inputs_outputs::leds(common, LED_PINS),
                button: inputs_outputs::buttons(kernel, common, BUTTON_PINS, memory),
                adc: inputs_outputs::converter(kernel, common, &APP_INPUTS, memory),
                low_level_debug,
                rng: random.driver,
                meter_adc: metering::meter_adc(kernel, peripherals, memory),
                energy_store: metering::energy_store(kernel, flash.energy_store, mux, memory),
                key_store: trust.map(|(key_store, _)| key_store),
                channel: trust::channels(kernel, mux, memory),
                storage,
                supply: metering::supply(kernel, peripherals, mux, memory),
            },
            generator,
            trust,
        }
    }
}

fn not_open(condition: Condition) {
    if DEBUG_RTT {
        debug!("key store: {:?}", condition);
    }
}
