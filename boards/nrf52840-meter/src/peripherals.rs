//! The part's peripherals that the meter uses, and who serves which interrupt.

use kernel::platform::chip::InterruptService;
use kernel::static_init;
use kernel::utilities::cells::OptionalCell;
use nrf52840::gpio::Port;
use nrf52840::peripheral_interrupts as interrupt;
use nrf52840::power::Power;
use nrf52840::ppi::{channel, Ppi};
use nrf52840::rng::Rng;
use nrf52840::rtc::{Rtc, RtcAlarm};
use nrf52840::saadc::{Hardware, Saadc};
use nrf52840::timer::Timer;
use nrf52840::uarte::{PauseDetector, Uarte};
use nrf52840::{base, nvmc};

use crate::tables::DATA_PAGES;
use crate::wiring::trust::Memory;

/// Internal flash, of which only the data pages are written.
pub type Flash = nvmc::Nvmc<'static, RtcAlarm<'static>>;

/// Channels of the RTC, one for each user of time.
pub mod alarm {
    /// Alarms of apps and of capsules, many on one.
    pub const SHARED: usize = 0;
    /// Pauses between the parts of a page erase.
    pub const FLASH: usize = 1;
    /// Delayed restarts of apps that failed.
    pub const RESTARTS: usize = 2;
    /// The process table of the crash log.
    pub const PROCESS_TABLE: usize = 3;
}

/// The drivers of the chip.
pub struct Peripherals {
    /// 32,768 Hz counter with four alarms.
    pub rtc: Rtc<'static>,
    /// Both GPIO ports.
    pub pins: &'static Port<'static>,
    /// Local port.
    pub uarte0: Uarte<'static>,
    /// Comparator of the supply.
    pub power: Power<'static>,
    /// Converter of the front end.
    pub saadc: Saadc<'static>,
    /// Random numbers.
    pub rng: Rng<'static>,
    /// External flash, once it is wired.
    pub qspi: OptionalCell<&'static Memory>,
}

impl Peripherals {
    /// Makes the drivers; nothing runs yet.
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
            power: Power::new(base::POWER),
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
            qspi: OptionalCell::empty(),
        }
    }
}

/// The driver of the data pages: key store, anchor, energy store.
///
/// # Safety
/// Once: nothing else may write or erase these pages.
pub unsafe fn data_flash(alarm: &'static RtcAlarm<'static>) -> &'static Flash {
    // SAFETY: meter.toml gives these pages to the stores alone, and no reference
    // into them exists: they are read word by word.
    let port = unsafe { nvmc::InternalFlash::new(base::NVMC, base::POWER, DATA_PAGES) };
    // SAFETY: the caller calls this once.
    unsafe { static_init!(Flash, Flash::new(port, alarm)) }
}

impl InterruptService for Peripherals {
    fn service_interrupt(&self, interrupt: u32) -> bool {
        match interrupt {
            interrupt::POWER_CLOCK => self.power.handle_interrupt(),
            interrupt::SAADC => self.saadc.handle_interrupt(),
            interrupt::RTC1 => self.rtc.handle_interrupt(),
            interrupt::UARTE0 => self.uarte0.handle_interrupt(),
            interrupt::GPIOTE => self.pins.handle_interrupt(),
            interrupt::RNG => self.rng.handle_interrupt(),
            interrupt::QSPI => {
                self.qspi.map(Memory::handle_interrupt);
            }
            _ => return false,
        }
        true
    }
}
