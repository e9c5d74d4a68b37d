//! The capsules, each with its static memory, its hardware and its clients.

use capsules::adc::AdcDedicated;
use capsules::alarm::AlarmDriver;
use capsules::button::{Button, ButtonPin};
use capsules::console::{self, Console};
use capsules::energy_store::{EnergyStore, EnergyStoreDriver};
use capsules::led::LedDriver;
use capsules::low_level_debug::LowLevelDebug;
use capsules::meter_adc::{self, MeterAdc, MeterFrontEnd};
use capsules::rng::{Entropy32ToRandom, RngDriver};
use capsules::virtualizers::virtual_alarm::{MuxAlarm, VirtualMuxAlarm};
use capsules::virtualizers::virtual_uart::{MuxUart, UartDevice};
use capsules::word_flash::WordFlash;
use capsules::{adc, alarm, button, energy_store, low_level_debug, rng};
use kernel::capabilities::MemoryAllocationCapability;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil;
use kernel::hil::adc::{Adc, AdcHighSpeed};
use kernel::hil::entropy::Entropy32;
use kernel::hil::gpio::{ActivationMode, Configure, FloatingState, InterruptValueWrapper, Output};
use kernel::hil::rng::Rng;
use kernel::hil::time::Alarm;
use kernel::hil::uart::{Receive, Transmit};
use kernel::scheduler::priority::PrioritySched;
use kernel::{static_init, static_init_const, Kernel};
use nrf52840::gpio::{GPIOPin, Pin};
use nrf52840::rtc::RtcAlarm;
use nrf52840::saadc::{AdcChannel, AdcChannelSetup, Saadc};
use nrf52840::wdt::Wdt;

use crate::crash::FaultRecorder;
use crate::energy_pages::EnergyPages;
use crate::front_end::SaadcFrontEnd;
use crate::peripherals::{self, Peripherals};
use crate::platform::{BoardLed, Platform, ADC_BUFFER, LEDS};
use crate::policy::MeterFilter;

const LED_PINS: [Pin; LEDS] = [Pin::P0_13, Pin::P0_14, Pin::P0_15, Pin::P0_16];
const BUTTON_PINS: [Pin; 4] = [Pin::P0_11, Pin::P0_12, Pin::P0_24, Pin::P0_25];
const LOCAL_PORT_TXD: Pin = Pin::P0_06;
const LOCAL_PORT_RXD: Pin = Pin::P0_08;
const LOCAL_PORT_BAUD: u32 = 115_200;

/// Inputs that apps may convert while the meter rests: headers A3 to A5.
static ADC_CHANNELS: [AdcChannelSetup; 3] = [
    AdcChannelSetup::new(AdcChannel::AnalogInput5),
    AdcChannelSetup::new(AdcChannel::AnalogInput6),
    AdcChannelSetup::new(AdcChannel::AnalogInput7),
];

/// Scans a second.
const SCAN_RATE: u32 = 4_000;
/// 80 scans of three results of two bytes, aligned as EasyDMA wants it.
#[repr(align(4))]
struct ScanBuffer([u8; 480]);

/// The drivers that apps call.
pub struct Drivers {
    alarm: &'static AlarmDriver<'static, VirtualMuxAlarm<'static, RtcAlarm<'static>>>,
    console: &'static Console<'static>,
    led: &'static LedDriver<'static, BoardLed, LEDS>,
    button: &'static Button<'static, GPIOPin<'static>>,
    adc: &'static AdcDedicated<'static, Saadc<'static>>,
    low_level_debug: &'static LowLevelDebug<'static, UartDevice<'static>>,
    rng: &'static RngDriver<'static, Entropy32ToRandom<'static, nrf52840::rng::Rng<'static>>>,
    meter_adc: &'static MeterAdc<'static, SaadcFrontEnd>,
    energy_store: &'static EnergyStoreDriver<'static, EnergyPages>,
}

impl Drivers {
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
            alarm: self.alarm,
            console: self.console,
            led: self.led,
            button: self.button,
            adc: self.adc,
            low_level_debug: self.low_level_debug,
            rng: self.rng,
            meter_adc: self.meter_adc,
            energy_store: self.energy_store,
            filter,
            faults,
            scheduler,
            timer,
            watchdog,
        }
    }
}

/// Makes all of them.
///
/// # Safety
/// Once: each has its memory in a static.
pub unsafe fn drivers(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> Drivers {
    // SAFETY: the caller calls this once, and each function below stands here once.
    unsafe {
        let (console, low_level_debug) = serial(kernel, peripherals, memory);
        Drivers {
            alarm: alarms(kernel, peripherals, memory),
            console,
            led: leds(peripherals),
            button: buttons(kernel, peripherals, memory),
            adc: converter(kernel, peripherals, memory),
            low_level_debug,
            rng: randomness(kernel, peripherals, memory),
            meter_adc: meter(kernel, peripherals, memory),
            energy_store: energy(kernel, peripherals, memory),
        }
    }
}

/// # Safety
/// Once.
unsafe fn alarms(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> &'static AlarmDriver<'static, VirtualMuxAlarm<'static, RtcAlarm<'static>>> {
    type Mux = MuxAlarm<'static, RtcAlarm<'static>>;
    type Virtual = VirtualMuxAlarm<'static, RtcAlarm<'static>>;
    let hardware = peripherals.rtc.alarm(peripherals::alarm::APPS);
    // SAFETY: the caller calls this once.
    unsafe {
        let mux = static_init!(Mux, MuxAlarm::new(hardware));
        hardware.set_alarm_client(mux);
        let virtual_alarm = static_init!(Virtual, VirtualMuxAlarm::new(mux));
        virtual_alarm.setup();
        let driver = static_init!(
            AlarmDriver<'static, Virtual>,
            AlarmDriver::new(
                virtual_alarm,
                kernel.create_grant(alarm::DRIVER_NUM, memory)
            )
        );
        virtual_alarm.set_alarm_client(driver);
        driver
    }
}

/// # Safety
/// Once.
unsafe fn serial(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> (
    &'static Console<'static>,
    &'static LowLevelDebug<'static, UartDevice<'static>>,
) {
    let pin = |pin: Pin| &peripherals.pins[pin];
    pin(LOCAL_PORT_TXD).set();
    pin(LOCAL_PORT_TXD).make_output();
    pin(LOCAL_PORT_RXD).make_input();
    pin(LOCAL_PORT_RXD).set_floating_state(FloatingState::PullUp);
    let port = &peripherals.uarte0;
    port.initialize(LOCAL_PORT_TXD, LOCAL_PORT_RXD, None, None);
    // SAFETY: the caller calls this once.
    unsafe {
        let mux = static_init!(
            MuxUart<'static>,
            MuxUart::new(port, static_init_const!([u8; 64], [0; 64]), LOCAL_PORT_BAUD)
        );
        port.set_transmit_client(mux);
        port.set_receive_client(mux);
        mux.initialize();

        let console_port = static_init!(UartDevice<'static>, UartDevice::new(mux, true));
        console_port.setup();
        let console = static_init!(
            Console<'static>,
            Console::new(
                console_port,
                static_init_const!([u8; 256], [0; 256]),
                static_init_const!([u8; 64], [0; 64]),
                kernel.create_grant(console::DRIVER_NUM, memory),
            )
        );
        hil::uart::Transmit::set_transmit_client(console_port, console);
        hil::uart::Receive::set_receive_client(console_port, console);

        let debug_port = static_init!(UartDevice<'static>, UartDevice::new(mux, false));
        debug_port.setup();
        let debug = static_init!(
            LowLevelDebug<'static, UartDevice<'static>>,
            LowLevelDebug::new(
                static_init!(
                    [u8; low_level_debug::BUF_LEN],
                    [0; low_level_debug::BUF_LEN]
                ),
                debug_port,
                kernel.create_grant(low_level_debug::DRIVER_NUM, memory),
            )
        );
        hil::uart::Transmit::set_transmit_client(debug_port, debug);
        (console, debug)
    }
}

/// # Safety
/// Once.
unsafe fn leds(peripherals: &'static Peripherals) -> &'static LedDriver<'static, BoardLed, LEDS> {
    // Dark before they are outputs: a low pin lights its LED, and each flash of the
    // first one is counted as energy.
    for pin in LED_PINS {
        peripherals.pins[pin].set();
    }
    // SAFETY: the caller calls this once.
    unsafe {
        let leds = static_init!(
            [BoardLed; LEDS],
            LED_PINS.map(|pin| BoardLed::new(&peripherals.pins[pin]))
        );
        let [first, second, third, fourth] = leds;
        let leds = static_init!([&'static BoardLed; LEDS], [first, second, third, fourth]);
        static_init!(LedDriver<'static, BoardLed, LEDS>, LedDriver::new(leds))
    }
}

/// # Safety
/// Once.
unsafe fn buttons(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> &'static Button<'static, GPIOPin<'static>> {
    type Wrapped = InterruptValueWrapper<'static, GPIOPin<'static>>;
    // SAFETY: the caller calls this once.
    unsafe {
        let wrappers: &'static [Wrapped; 4] = static_init!(
            [Wrapped; 4],
            BUTTON_PINS.map(|pin| InterruptValueWrapper::new(&peripherals.pins[pin]))
        );
        for wrapper in wrappers {
            wrapper.finalize();
        }
        let pins: &'static [_; 4] = static_init!(
            [ButtonPin<'static, GPIOPin<'static>>; 4],
            wrappers.each_ref().map(|wrapper| (
                wrapper,
                ActivationMode::ActiveLow,
                FloatingState::PullUp
            ))
        );
        let driver = static_init!(
            Button<'static, GPIOPin<'static>>,
            Button::new(pins, kernel.create_grant(button::DRIVER_NUM, memory))
        );
        for (wrapper, ..) in pins {
            hil::gpio::InterruptWithValue::set_client(*wrapper, driver);
        }
        driver
    }
}

/// # Safety
/// Once.
unsafe fn converter(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> &'static AdcDedicated<'static, Saadc<'static>> {
    // SAFETY: the caller calls this once.
    unsafe {
        let driver = static_init!(
            AdcDedicated<'static, Saadc<'static>>,
            AdcDedicated::new(
                &peripherals.saadc,
                kernel.create_grant(adc::DRIVER_NUM, memory),
                &ADC_CHANNELS,
                static_init_const!([u16; ADC_BUFFER], [0; ADC_BUFFER]),
                static_init_const!([u16; ADC_BUFFER], [0; ADC_BUFFER]),
                static_init_const!([u16; ADC_BUFFER], [0; ADC_BUFFER]),
            )
        );
        Adc::set_client(&peripherals.saadc, driver);
        AdcHighSpeed::set_highspeed_client(&peripherals.saadc, driver);
        driver
    }
}

/// # Safety
/// Once.
unsafe fn randomness(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> &'static RngDriver<'static, Entropy32ToRandom<'static, nrf52840::rng::Rng<'static>>> {
    type Random = Entropy32ToRandom<'static, nrf52840::rng::Rng<'static>>;
    // SAFETY: the caller calls this once.
    unsafe {
        let random = static_init!(Random, Entropy32ToRandom::new(&peripherals.rng));
        peripherals.rng.set_client(random);
        let driver = static_init!(
            RngDriver<'static, Random>,
            RngDriver::new(random, kernel.create_grant(rng::DRIVER_NUM, memory))
        );
        random.set_client(driver);
        driver
    }
}

/// # Safety
/// Once.
unsafe fn meter(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> &'static MeterAdc<'static, SaadcFrontEnd> {
    // SAFETY: the caller calls this once.
    unsafe {
        let front_end = static_init!(SaadcFrontEnd, SaadcFrontEnd::new(&peripherals.saadc));
        peripherals.saadc.set_scan_client(front_end);
        let buffers = static_init_const!(
            [ScanBuffer; meter_adc::BUFFERS],
            [const { ScanBuffer([0; 480]) }; meter_adc::BUFFERS]
        );
        let driver = static_init!(
            MeterAdc<'static, SaadcFrontEnd>,
            MeterAdc::new(
                front_end,
                SCAN_RATE,
                buffers.each_mut().map(|buffer| &mut buffer.0[..]),
                kernel.create_grant(meter_adc::DRIVER_NUM, memory),
            )
        );
        front_end.set_client(driver);
        driver
    }
}

/// # Safety
/// Once.
unsafe fn energy(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> &'static EnergyStoreDriver<'static, EnergyPages> {
    type Store = EnergyStore<'static, EnergyPages>;
    // SAFETY: the caller calls this once.
    unsafe {
        let alarm = peripherals.rtc.alarm(peripherals::alarm::FLASH);
        let flash = peripherals::energy_flash(alarm);
        alarm.set_alarm_client(flash);
        flash.register();
        let pages = static_init!(EnergyPages, EnergyPages::new(flash));
        flash.set_word_client(pages);
        let store = static_init!(Store, EnergyStore::new(pages));
        pages.set_client(store);
        let driver = static_init!(
            EnergyStoreDriver<'static, EnergyPages>,
            EnergyStoreDriver::new(store, kernel.create_grant(energy_store::DRIVER_NUM, memory))
        );
        store.set_client(driver);
        driver
    }
}
