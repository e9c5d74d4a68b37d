//! The peripherals that the meter has beside what boards have alike, and who serves which interrupt.

use kernel::platform::chip::InterruptService;
use kernel::static_init;
use kernel::utilities::cells::OptionalCell;
use nrf52840::peripheral_interrupts as interrupt;
use nrf52840::power::Power;
use nrf52840::qspi::Qspi;
use nrf52840::rtc::RtcAlarm;
use nrf52840::{base, nvmc};
use nrf52840_components::peripherals::Common;
use nrf52840_components::time::VirtualAlarm;

use crate::tables::DATA_PAGES;

/// The driver of the external flash.
pub type Memory = Qspi<'static, VirtualAlarm>;
/// The driver of the internal flash, of which only the data pages are written.
pub type Flash = nvmc::Nvmc<'static, RtcAlarm<'static>>;

/// The meter's own users of the RTC's channels.
pub mod alarm {
    /// Pauses between the parts of a page erase.
    pub const FLASH: usize = 1;
    /// Delayed restarts of apps that failed.
    pub const RESTARTS: usize = 2;
    /// The process table of the crash log.
    pub const PROCESS_TABLE: usize = 3;
}

/// The drivers of the chip.
pub struct Peripherals {
    /// What boards have alike.
    pub common: &'static Common,
    /// Comparator of the supply.
    pub power: Power<'static>,
    /// External flash, once it is wired.
    pub qspi: OptionalCell<&'static Memory>,
}

impl Peripherals {
    /// Makes the drivers that the meter has beside these. None of them runs yet.
    pub fn new(common: &'static Common) -> Self {
        Self {
            common,
            power: Power::new(base::POWER),
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
            interrupt::QSPI => {
                self.qspi.map(Memory::handle_interrupt);
            }
            _ => return self.common.service_interrupt(interrupt),
        }
        true
    }
}
