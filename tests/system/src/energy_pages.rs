//! The energy store's pages of a flash image, worked on by the store's own code on the host.

use std::cell::{Cell, RefCell};

use capsules_metering::energy_store::format::{OPEN_MARK, OPEN_MARK_WORD};
use capsules_metering::energy_store::{EnergyStore, Kind};
use kernel::ErrorCode;
use meter_hil::word_flash::{WordFlash, WordFlashClient};

const WORDS_PER_PAGE: usize = 1024;

/// Pages in memory; operations end when they are asked to.
struct Pages {
    words: RefCell<Vec<u32>>,
    writing: Cell<bool>,
    erasing: Cell<bool>,
    erases: Cell<usize>,
}

impl WordFlash<'_> for Pages {
    fn set_client(&self, _client: &dyn WordFlashClient) {}

    fn read(&self, word: usize) -> u32 {
        self.words.borrow()[word]
    }

    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode> {
        self.words.borrow_mut()[word] &= value;
        self.writing.set(true);
        Ok(())
    }

    fn erase(&self, page: usize) -> Result<(), ErrorCode> {
        let start = page * WORDS_PER_PAGE;
        self.words.borrow_mut()[start..start + WORDS_PER_PAGE].fill(u32::MAX);
        self.erases.set(self.erases.get() + 1);
        self.erasing.set(true);
        Ok(())
    }
}

/// How many more records of the registers a store gets.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    /// None.
    AsItIs,
    /// So many.
    Records(usize),
    /// Until the next record has a page erased behind it.
    UntilTheNextErases,
    /// Until the next record must open a page.
    UntilTheNextOpens,
}

/// Writes the newest record of the registers again and again into the store
/// whose pages are `region`.
///
/// # Panics
/// When the store holds no registers, or is unsound.
pub fn fill(region: &mut [u8], fill: Fill) {
    let most = match fill {
        Fill::AsItIs => return,
        Fill::Records(count) => count,
        Fill::UntilTheNextErases | Fill::UntilTheNextOpens => usize::MAX,
    };
    let pages = Pages {
        words: RefCell::new(
            region
                .chunks_exact(4)
                .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect(),
        ),
        writing: Cell::new(false),
        erasing: Cell::new(false),
        erases: Cell::new(0),
    };
    let store = EnergyStore::new(&pages);
    let finish = || {
        while pages.writing.get() || pages.erasing.get() {
            if pages.writing.take() {
                store.written(Ok(()));
            } else if pages.erasing.take() {
                store.erased(Ok(()));
            }
        }
    };
    let mut payload = [0; capsules_metering::energy_store::MAX_PAYLOAD];
    let length = loop {
        match store.newest(Kind::Registers, &mut payload) {
            Ok((length, _)) => break length,
            Err(ErrorCode::BUSY) => finish(),
            Err(error) => panic!("the store has no registers: {error:?}"),
        }
    };
    for _ in 0..most {
        let before = pages.words.borrow().clone();
        let erases = pages.erases.get();
        store
            .append(Kind::Registers, &payload[..length])
            .expect("the store takes a record");
        finish();
        let reached = match fill {
            Fill::AsItIs | Fill::Records(_) => false,
            Fill::UntilTheNextErases => pages.erases.get() > erases && erases > 0,
            Fill::UntilTheNextOpens => opens(&before, &pages.words.borrow()),
        };
        if reached {
            *pages.words.borrow_mut() = before;
            break;
        }
    }
    for (bytes, word) in region.chunks_exact_mut(4).zip(pages.words.borrow().iter()) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

/// Whether a page has an open mark that it did not have.
fn opens(before: &[u32], after: &[u32]) -> bool {
    let marks = (OPEN_MARK_WORD..before.len()).step_by(WORDS_PER_PAGE);
    marks
        .into_iter()
        .any(|word| before[word] != OPEN_MARK && after[word] == OPEN_MARK)
}
