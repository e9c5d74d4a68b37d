//! LEDs, buttons and the analogue inputs that apps may convert.

use capsules_core::adc::{self, AdcDedicated};
use capsules_core::button::{self, Button, ButtonPin};
use capsules_core::led::LedDriver;
use kernel::capabilities::MemoryAllocationCapability;
use kernel::hil;
use kernel::hil::adc::{Adc, AdcHighSpeed};
use kernel::hil::gpio::{ActivationMode, FloatingState, InterruptValueWrapper, Output};
use kernel::hil::led::LedLow;
use kernel::{static_init, static_init_const, Kernel};
use nrf52840::gpio::{GPIOPin, Pin};
use nrf52840::saadc::{AdcChannelSetup, Saadc};

use crate::peripherals::Common;

/// LEDs and buttons that these boards have.
pub const LEDS: usize = 4;
const BUTTONS: usize = 4;
/// Samples of a buffer of the ADC driver.
const ADC_BUFFER: usize = adc::BUF_LEN;

/// An LED that is lit when its pin is low.
pub type BoardLed = LedLow<'static, GPIOPin<'static>>;

/// Makes driver 0x2 of the four LEDs at `pins`, which are dark.
///
/// # Safety
/// It may be called once: the driver stands in a static.
pub unsafe fn leds(
    common: &'static Common,
    pins: [Pin; LEDS],
) -> &'static LedDriver<'static, BoardLed, LEDS> {
    // Dark before they are outputs: a low pin lights its LED, and each flash of the
    // first one is counted as energy.
    for pin in pins {
        common.pins[pin].set();
    }
    // SAFETY: the caller calls this once.
    unsafe {
        let leds = static_init!(
            [BoardLed; LEDS],
            pins.map(|pin| BoardLed::new(&common.pins[pin]))
        );
        let [first, second, third, fourth] = leds;
        let leds = static_init!([&'static BoardLed; LEDS], [first, second, third, fourth]);
        static_init!(LedDriver<'static, BoardLed, LEDS>, LedDriver::new(leds))
    }
}

/// Makes driver 0x3 of the four buttons at `pins`.
///
/// # Safety
/// It may be called once: the driver stands in a static.
pub unsafe fn buttons(
    kernel: &'static Kernel,
    common: &'static Common,
    pins: [Pin; BUTTONS],
    memory: &dyn MemoryAllocationCapability,
) -> &'static Button<'static, GPIOPin<'static>> {
    type Wrapped = InterruptValueWrapper<'static, GPIOPin<'static>>;
    // SAFETY: the caller calls this once.
    unsafe {
        let wrappers: &'static [Wrapped; BUTTONS] = static_init!(
            [Wrapped; BUTTONS],
            pins.map(|pin| InterruptValueWrapper::new(&common.pins[pin]))
        );
        for wrapper in wrappers {
            wrapper.finalize();
        }
        let pins: &'static [_; 4] = static_init!(
            [ButtonPin<'static, GPIOPin<'static>>; BUTTONS],
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

/// The converter for apps, with the inputs that they may convert.
///
/// # Safety
/// Once.
pub unsafe fn converter(
    kernel: &'static Kernel,
    common: &'static Common,
    inputs: &'static [AdcChannelSetup],
    memory: &dyn MemoryAllocationCapability,
) -> &'static AdcDedicated<'static, Saadc<'static>> {
    // SAFETY: the caller calls this once.
    unsafe {
        let driver = static_init!(
            AdcDedicated<'static, Saadc<'static>>,
            AdcDedicated::new(
                &common.saadc,
                kernel.create_grant(adc::DRIVER_NUM, memory),
                inputs,
                static_init_const!([u16; ADC_BUFFER], [0; ADC_BUFFER]),
                static_init_const!([u16; ADC_BUFFER], [0; ADC_BUFFER]),
                static_init_const!([u16; ADC_BUFFER], [0; ADC_BUFFER]),
            )
        );
        Adc::set_client(&common.saadc, driver);
        AdcHighSpeed::set_highspeed_client(&common.saadc, driver);
        driver
    }
}
