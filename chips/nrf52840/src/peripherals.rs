//! All drivers of the part, and the dispatch of its interrupts to them.
//!
//! | timer | use |
//! |---|---|
//! | TIMER0 | pauses on UARTE0's line |
//! | TIMER1 | sample clock of the SAADC |
//! | TIMER2 | counts the SAADC's blocks |
//! | TIMER3 | time base of the SAADC's blocks, 1 MHz |
//! | TIMER4 | pauses on UARTE1's line |
//! | RTC1 | `hil::time`: alarm 0 for the board, 1 for the NVMC, 2 for the QSPI, 3 free |

use crate::ppi::{channel, Ppi};
use crate::rtc::{Rtc, RtcAlarm};
use crate::saadc::{Hardware, Saadc};
use crate::timer::Timer;
use crate::uarte::{PauseDetector, Uarte};
use crate::{
    acl, base, clock, ecb, ficr, gpio, nvmc, peripheral_interrupts as interrupts, power, qspi, rng,
    uicr,
};
use core::ops::Range;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::time::{Alarm, Counter};
use kernel::platform::chip::InterruptService;

/// Alarm of the RTC that paces flash operations.
pub const NVMC_ALARM: usize = 1;

/// Alarm of the RTC that paces the external flash.
pub const QSPI_ALARM: usize = 2;

/// RAM that EasyDMA of some drivers needs.
pub struct Buffers {
    /// For single conversions of the SAADC.
    pub sample: &'static mut [u16; 1],
    /// For the AES engine.
    pub ecb: &'static mut [u8; ecb::DATA_SIZE],
}

/// The drivers. The watchdog is apart: its time-out is the board's to choose.
#[allow(missing_docs)]
pub struct Nrf52840DefaultPeripherals<'a> {
    pub clock: clock::Clock,
    pub power: power::Power<'a>,
    pub gpio_port: gpio::Port<'a>,
    pub uarte0: Uarte<'a>,
    pub uarte1: Uarte<'a>,
    pub rtc: &'a Rtc<'a>,
    pub rng: rng::Rng<'a>,
    pub saadc: Saadc<'a>,
    pub nvmc: nvmc::Nvmc<'a, RtcAlarm<'a>>,
    pub qspi: qspi::Qspi<'a, RtcAlarm<'a>>,
    pub ecb: ecb::Ecb<'a>,
    pub acl: acl::Acl,
    pub ficr: ficr::Ficr,
    pub uicr: uicr::Uicr,
    pub ppi: Ppi,
}

impl<'a> Nrf52840DefaultPeripherals<'a> {
    /// Makes all drivers; the hardware is left as it is. Deferred calls must have
    /// been initialised.
    ///
    /// - `rtc`: `Rtc::new(base::RTC1)`, in static memory
    /// - `flash`: the byte addresses that the flash driver may read, write and erase
    ///
    /// # Safety
    ///
    /// Once, and nothing else uses the peripherals; nothing holds a reference into
    /// the flash at `flash`.
    pub unsafe fn new(rtc: &'a Rtc<'a>, flash: Range<usize>, buffers: Buffers) -> Self {
        let ppi = Ppi::new(base::PPI);
        // SAFETY: the addresses are flash of the part, and the caller says that nothing
        // refers into them.
        let flash = unsafe { nvmc::InternalFlash::new(base::NVMC, base::POWER, flash) };
        Nrf52840DefaultPeripherals {
            clock: clock::Clock::new(base::CLOCK),
            power: power::Power::new(base::POWER),
            gpio_port: gpio::Port::new(base::P0, base::P1, base::GPIOTE),
            uarte0: Uarte::new(
                base::UARTE0,
                PauseDetector {
                    timer: Timer::new(base::TIMER0),
                    ppi,
                    byte_channel: channel::UARTE0_BYTE,
                    timeout_channel: channel::UARTE0_TIMEOUT,
                },
            ),
            uarte1: Uarte::new(
                base::UARTE1,
                PauseDetector {
                    timer: Timer::new(base::TIMER4),
                    ppi,
                    byte_channel: channel::UARTE1_BYTE,
                    timeout_channel: channel::UARTE1_TIMEOUT,
                },
            ),
            rtc,
            rng: rng::Rng::new(base::RNG),
            saadc: Saadc::new(
                Hardware {
                    registers: base::SAADC,
                    clock: Timer::new(base::TIMER1),
                    counter: Timer::new(base::TIMER2),
                    time: Timer::new(base::TIMER3),
                    ppi,
                },
                buffers.sample,
            ),
            nvmc: nvmc::Nvmc::new(flash, rtc.alarm(NVMC_ALARM)),
            qspi: qspi::Qspi::new(base::QSPI, rtc.alarm(QSPI_ALARM)),
            ecb: ecb::Ecb::new(base::ECB, buffers.ecb),
            acl: acl::Acl::new(base::ACL),
            ficr: ficr::Ficr::new(base::FICR),
            uicr: uicr::Uicr::new(base::UICR),
            ppi,
        }
    }
}

impl Nrf52840DefaultPeripherals<'static> {
    /// Connects drivers to each other and starts the clocks and the RTC, without
    /// waiting for any.
    pub fn init(&'static self) {
        self.clock.start_high();
        self.clock.start_low(clock::LowClockSource::Crystal);
        // Starting the RTC cannot fail.
        let _ = self.rtc.start();
        self.rtc.alarm(NVMC_ALARM).set_alarm_client(&self.nvmc);
        self.rtc.alarm(QSPI_ALARM).set_alarm_client(&self.qspi);
        self.nvmc.register();
    }
}

impl InterruptService for Nrf52840DefaultPeripherals<'_> {
    fn service_interrupt(&self, interrupt: u32) -> bool {
        match interrupt {
            interrupts::POWER_CLOCK => self.power.handle_interrupt(),
            interrupts::RTC1 => self.rtc.handle_interrupt(),
            interrupts::SAADC => self.saadc.handle_interrupt(),
            interrupts::UARTE0 => self.uarte0.handle_interrupt(),
            interrupts::UARTE1 => self.uarte1.handle_interrupt(),
            interrupts::GPIOTE => self.gpio_port.handle_interrupt(),
            interrupts::RNG => self.rng.handle_interrupt(),
            interrupts::ECB => self.ecb.handle_interrupt(),
            interrupts::QSPI => self.qspi.handle_interrupt(),
            _ => return false,
        }
        true
    }
}
