//! The data pages of internal flash, word by word, as the capsules' trait wants them.

use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::word_flash::{WordFlash, WordFlashClient};
use nrf52840::nvmc::{WordClient, PAGE_SIZE};

use crate::peripherals::Flash;
use crate::tables::DATA_PAGES;

const WORD: usize = 4;

/// Words and pages numbered from the start of the data pages.
pub struct DataPages {
    flash: &'static Flash,
    client: OptionalCell<&'static dyn WordFlashClient>,
}

impl DataPages {
    /// The pages; the board makes this the flash driver's word client.
    pub fn new(flash: &'static Flash) -> Self {
        Self {
            flash,
            client: OptionalCell::empty(),
        }
    }
}

impl WordFlash<'static> for DataPages {
    fn set_client(&self, client: &'static dyn WordFlashClient) {
        self.client.set(client);
    }

    fn read(&self, word: usize) -> u32 {
        // A word outside of the pages reads as erased flash does.
        self.flash
            .read(DATA_PAGES.start + word * WORD)
            .unwrap_or(u32::MAX)
    }

    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode> {
        self.flash.write_word(DATA_PAGES.start + word * WORD, value)
    }

    fn erase(&self, page: usize) -> Result<(), ErrorCode> {
        self.flash
            .erase_page_at(DATA_PAGES.start + page * PAGE_SIZE)
    }
}

impl WordClient for DataPages {
    fn words_written(&self, _buffer: Option<&'static mut [u32]>, result: Result<(), ErrorCode>) {
        if let Some(client) = self.client.get() {
            client.written(result);
        }
    }

    fn page_erased(&self, result: Result<(), ErrorCode>) {
        if let Some(client) = self.client.get() {
            client.erased(result);
        }
    }
}
