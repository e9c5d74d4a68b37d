//! The pages of internal flash that capsules write, each store with its own.

use capsules_system::virtual_word_flash::{MuxWordFlash, WordFlashRegion};
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::time::Alarm;
use kernel::static_init;
use nrf52840::nvmc::PAGE_SIZE;

use crate::peripherals::{self, Flash, Peripherals};
use crate::tables::{ANCHOR, DATA_PAGES, ENERGY_STORE, KEY_STORE};

const REGIONS: usize = 2;
const WORDS_PER_PAGE: usize = PAGE_SIZE / 4;

type Mux = MuxWordFlash<'static, Flash, REGIONS>;
/// Pages of one store.
pub type Region = WordFlashRegion<'static, Flash, REGIONS>;

/// The regions of meter.toml.
pub struct Regions {
    /// Sealed records of the key store, and behind them its anchor.
    pub key_store: &'static Region,
    /// Energy registers.
    pub energy_store: &'static Region,
}

/// All regions on the one flash controller.
///
/// # Safety
/// Once.
pub unsafe fn regions(peripherals: &'static Peripherals) -> Regions {
    let alarm = peripherals.common.rtc.alarm(peripherals::alarm::FLASH);
    // SAFETY: the caller calls this once.
    unsafe {
        let flash = peripherals::data_flash(alarm);
        alarm.set_alarm_client(flash);
        flash.register();
        let mux = static_init!(Mux, MuxWordFlash::new(flash));
        flash.set_word_client(mux);
        let region = |place: core::ops::Range<usize>| {
            WordFlashRegion::new(
                mux,
                (place.start - DATA_PAGES.start) / PAGE_SIZE,
                place.len() / PAGE_SIZE,
                WORDS_PER_PAGE,
            )
        };
        let regions = Regions {
            key_store: static_init!(Region, region(KEY_STORE.start..ANCHOR.end)),
            energy_store: static_init!(Region, region(ENERGY_STORE)),
        };
        for region in [regions.key_store, regions.energy_store] {
            // There are as many places as regions.
            let _ = region.setup();
        }
        regions
    }
}
