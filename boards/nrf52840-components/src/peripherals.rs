//! The chip's peripherals that boards have alike, and who serves which interrupt.

use kernel::platform::chip::InterruptService;
use nrf52840::base;
use nrf52840::gpio::Port;
use nrf52840::peripheral_interrupts as interrupt;
use nrf52840::ppi::{channel, Ppi};
use nrf52840::rng::Rng;
use nrf52840::rtc::Rtc;
use nrf52840::saadc::{Hardware, Saadc};
use nrf52840::temperature::Temperature;
use nrf52840::timer::Timer;
use nrf52840::uarte::{PauseDetector, Uarte};

/// Channels of the RTC; a board gives the others of the four to its own users of time.
pub mod alarm {
    /// Alarms of apps and of capsules, many on one.
    pub const SHARED: usize = 0;
}

/// The chip's drivers.
pub struct Common {
    /// 32,768 Hz counter with four alarms.
    pub rtc: Rtc<'static>,
    /// Both GPIO ports.
    pub pins: &'static Port<'static>,
    /// Local port.
    pub uarte0: Uarte<'static>,
    /// Converter.
    pub saadc: Saadc<'static>,
    /// Random numbers.
    pub rng: Rng<'static>,
    /// Temperature of the die.
    pub temperature: Temperature<'static>,
}

impl Common {
    /// Makes the drivers of the chip that boards have alike. None of them runs yet.
    pub fn new(pins: &'static Port<'static>, single_sample: &'static mut [u16; 1]) -> Self {
        Self {
            rtc: Rtc::new(base::RTC1),
            pins,
            uarte0: Uarte::new(
                base::UARTE0,
                PauseDetector {
                    timer: Timer::new(base::TIMER3),
                    ppi: Ppi::new(base::PPI),
                    byte_channel: channel::UARTE0_BYTE,
                    timeout_channel: channel::UARTE0_TIMEOUT,
                },
            ),
            saadc: Saadc::new(
                Hardware {
                    registers: base::SAADC,
                    clock: Timer::new(base::TIMER1),
                    counter: Timer::new(base::TIMER2),
                    time: Timer::new(base::TIMER0),
                    ppi: Ppi::new(base::PPI),
                },
                single_sample,
            ),
            rng: Rng::new(base::RNG),
            temperature: Temperature::new(base::TEMP, base::FICR),
        }
    }
}

impl InterruptService for Common {
    fn service_interrupt(&self, interrupt: u32) -> bool {
        match interrupt {
            interrupt::SAADC => self.saadc.handle_interrupt(),
            interrupt::RTC1 => self.rtc.handle_interrupt(),
            interrupt::UARTE0 => self.uarte0.handle_interrupt(),
            interrupt::GPIOTE => self.pins.handle_interrupt(),
            interrupt::RNG => self.rng.handle_interrupt(),
            interrupt::TEMP => self.temperature.handle_interrupt(),
            _ => return false,
        }
        true
    }
}
