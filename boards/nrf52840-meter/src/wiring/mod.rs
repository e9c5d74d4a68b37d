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
    ($kernel:expr, $mux:expr) => {
        crate::background_steps::BackgroundSteps::new($kernel)
    };
}

/// What calls a capsule again for the next step of its long work.
#[cfg(long_steps_by_alarm)]
macro_rules! steps {
    ($kernel:expr, $mux:expr) => {{
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

use self::trust::{Channels, Storage};
use capsules_core::adc::AdcDedicated;
use capsules_core::alarm::AlarmDriver;
use capsules_core::button::Button;
use capsules_core::console::Console;
use capsules_core::led::LedDriver;
use capsules_core::low_level_debug::LowLevelDebug;
use capsules_core::rng::RngDriver;
use capsules_core::temperature::TemperatureSensor;
use capsules_core::virtualizers::virtual_uart::UartDevice;
use capsules_core::{adc, alarm, button, console, led, low_level_debug, rng, temperature};
use capsules_metering::energy_store::EnergyStoreDriver;
use capsules_metering::meter_adc::MeterAdc;
use capsules_metering::supply::SupplyDriver;
use capsules_metering::{energy_store, meter_adc, supply};
use capsules_support::allowance::{Earner, OverflowClock};
use capsules_trust::{channel, key_store, storage};
use internal_flash::Region;
use kernel::capabilities::MemoryAllocationCapability;
use kernel::hil::sensors::TemperatureDriver;
#[cfg(long_steps_by_alarm)]
use kernel::hil::time::Alarm;
use kernel::hil::time::Counter;
use kernel::syscall::SyscallDriver;
use kernel::{static_init, Kernel};
use nrf52840::gpio::GPIOPin;
use nrf52840::power::Power;
use nrf52840::saadc::Saadc;
use nrf52840::temperature::Temperature;
use nrf52840_components::inputs_outputs::{BoardLed, LEDS};
use nrf52840_components::peripherals::Common;
use nrf52840_components::time::VirtualAlarm;
use nrf52840_components::{inputs_outputs, serial, time};
use randomness::Numbers;

use crate::peripherals::Peripherals;
use crate::pins::{APP_INPUTS, BUTTON_PINS, LED_PINS, LOCAL_PORT};
use crate::tables::{DEBUG_RTT, SIGNATURES_REQUIRED};
use capsules_trust::key_store::vault::Condition;
use capsules_trust::root::Root;
use capsules_trust::start;
use kernel::debug;
use randomness::Generator;
use trust::KeyStore;

/// The order of a start.
pub type TrustStart = start::TrustStart<'static, internal_flash::Region>;

/// Seconds between two overflows of the counter: 24 bits at 32,768 Hz.
const RTC_OVERFLOW_SECONDS: u32 = (1 << 24) / 32_768;

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
    /// Driver 0x60000.
    pub temperature: &'static TemperatureSensor<'static, Temperature<'static>>,
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

impl Drivers {
    /// Returns the driver of this number, or none if this image has no such driver.
    #[inline(always)]
    pub fn find(&self, number: usize) -> Option<&dyn SyscallDriver> {
        match number {
            alarm::DRIVER_NUM => Some(self.alarm),
            console::DRIVER_NUM => Some(self.console),
            led::DRIVER_NUM => Some(self.led),
            button::DRIVER_NUM => Some(self.button),
            adc::DRIVER_NUM => Some(self.adc),
            low_level_debug::DRIVER_NUM => Some(self.low_level_debug),
            rng::DRIVER_NUM => Some(self.rng),
            temperature::DRIVER_NUM => Some(self.temperature),
            meter_adc::DRIVER_NUM => Some(self.meter_adc),
            energy_store::DRIVER_NUM => Some(self.energy_store),
            key_store::DRIVER_NUM => self.key_store.map(|driver| driver as _),
            channel::DRIVER_NUM => self.channel.map(|driver| driver as _),
            storage::DRIVER_NUM => self.storage.map(|driver| driver as _),
            supply::DRIVER_NUM => Some(self.supply),
            _ => None,
        }
    }
}

/// All drivers, and what the board has to start.
pub struct Wired {
    /// What apps call.
    pub drivers: Drivers,
    /// Seeds itself once it is started.
    pub generator: &'static Generator,
    /// Where versions of apps are kept, and what loads them once it answers; if
    /// the image runs none but signed apps.
    pub trust: Option<(&'static KeyStore, &'static TrustStart)>,
    /// What calls for the next step of the check of a signature.
    pub signature_steps: trust::Steps,
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
        let drivers = Drivers {
            alarm: time::alarms(kernel, mux, memory),
            console,
            led: inputs_outputs::leds(common, LED_PINS),
            button: inputs_outputs::buttons(kernel, common, BUTTON_PINS, memory),
            adc: inputs_outputs::converter(kernel, common, &APP_INPUTS, memory),
            low_level_debug,
            rng: random.driver,
            temperature: thermometer(kernel, common, memory),
            meter_adc: metering::meter_adc(kernel, peripherals, memory),
            energy_store: metering::energy_store(kernel, flash.energy_store, mux, memory),
            key_store: trust.map(|(key_store, _)| key_store),
            channel: trust::channels(kernel, mux, memory),
            storage,
            supply: metering::supply(kernel, peripherals, mux, memory),
        };
        let earners = [
            Some(drivers.energy_store as &dyn Earner),
            drivers.key_store.map(|driver| driver as _),
            drivers.storage.map(|driver| driver as _),
        ];
        let clock = OverflowClock::new(RTC_OVERFLOW_SECONDS, earners, random.reseeding);
        let clock = static_init!(OverflowClock<'static, 3>, clock);
        common.rtc.set_overflow_client(clock);
        Wired {
            drivers,
            generator,
            trust,
            signature_steps: steps!(kernel, mux),
        }
    }
}

/// Driver 0x60000.
///
/// # Safety
/// Once.
unsafe fn thermometer(
    kernel: &'static Kernel,
    common: &'static Common,
    memory: &dyn MemoryAllocationCapability,
) -> &'static TemperatureSensor<'static, Temperature<'static>> {
    let grant = kernel.create_grant(temperature::DRIVER_NUM, memory);
    // SAFETY: the caller calls this once.
    let driver = unsafe {
        static_init!(
            TemperatureSensor<'static, Temperature<'static>>,
            TemperatureSensor::new(&common.temperature, grant)
        )
    };
    common.temperature.set_client(driver);
    driver
}

fn not_open(condition: Condition) {
    if DEBUG_RTT {
        debug!("key store: {:?}", condition);
    }
}
