//! LEDs, buttons and the analogue inputs that apps may convert.

use capsules_core::adc::{self, AdcDedicated};
use capsules_core::button::{self, Button, ButtonPin};
use capsules_core::led::LedDriver;
use kernel::capabilities::MemoryAllocationCapability;
use kernel::hil;
use kernel::hil::adc::{Adc, AdcHighSpeed};
use kernel::hil::gpio::{ActivationMode, FloatingState, InterruptValueWrapper, Output};
use kernel::{static_init, static_init_const, Kernel};
use nrf52840::gpio::{GPIOPin, Pin};
use nrf52840::saadc::{AdcChannel, AdcChannelSetup, Saadc};

use crate::peripherals::Peripherals;
use crate::platform::{BoardLed, ADC_BUFFER, LEDS};

const LED_PINS: [Pin; LEDS] = [Pin::P0_13, Pin::P0_14, Pin::P0_15, Pin::P0_16];
const BUTTON_PINS: [Pin; 4] = [Pin::P0_11, Pin::P0_12, Pin::P0_24, Pin::P0_25];

/// Inputs that apps may convert while the meter rests: headers A3 to A5.
static ADC_CHANNELS: [AdcChannelSetup; 3] = [
    AdcChannelSetup::new(AdcChannel::AnalogInput5),
    AdcChannelSetup::new(AdcChannel::AnalogInput6),
    AdcChannelSetup::new(AdcChannel::AnalogInput7),
];

/// The four LEDs.
///
/// # Safety
/// Once.
pub unsafe fn leds(
    peripherals: &'static Peripherals,
) -> &'static LedDriver<'static, BoardLed, LEDS> {
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

/// The four buttons.
///
/// # Safety
/// Once.
pub unsafe fn buttons(
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

/// The converter for apps.
///
/// # Safety
/// Once.
pub unsafe fn converter(
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
