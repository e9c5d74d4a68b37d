//! The energy store's pages of a flash image, worked on by the store's own code on the host.

use std::cell::RefCell;
use std::rc::Rc;

use capsules_metering::energy_store::format::{OPEN_MARK, OPEN_MARK_WORD};
use capsules_metering::energy_store::{EnergyStore, Kind};
use kernel::ErrorCode;
use meter_hil::word_flash::WordFlash;
use testing::words_in_ram::{Words, WordsInRam, PAGE_WORDS};

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
    let words: Vec<u32> = region
        .chunks_exact(4)
        .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    let words: Words = Rc::new(RefCell::new(words));
    let pages = WordsInRam::new(&words);
    let store = EnergyStore::new(&pages);
    pages.set_client(&store);
    let mut payload = [0; capsules_metering::energy_store::MAX_PAYLOAD];
    let length = loop {
        match store.newest(Kind::Registers, &mut payload) {
            Ok((length, _)) => break length,
            Err(ErrorCode::BUSY) => pages.run(),
            Err(error) => panic!("the store has no registers: {error:?}"),
        }
    };
    for _ in 0..most {
        let before = words.borrow().clone();
        let erases = pages.erases();
        store
            .append(Kind::Registers, &payload[..length])
            .expect("the store takes a record");
        pages.run();
        let reached = match fill {
            Fill::AsItIs | Fill::Records(_) => false,
            Fill::UntilTheNextErases => pages.erases() > erases && erases > 0,
            Fill::UntilTheNextOpens => opens(&before, &words.borrow()),
        };
        if reached {
            *words.borrow_mut() = before;
            break;
        }
    }
    for (bytes, word) in region.chunks_exact_mut(4).zip(words.borrow().iter()) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

/// Whether a page has an open mark that it did not have.
fn opens(before: &[u32], after: &[u32]) -> bool {
    let marks = (OPEN_MARK_WORD..before.len()).step_by(PAGE_WORDS);
    marks
        .into_iter()
        .any(|word| before[word] != OPEN_MARK && after[word] == OPEN_MARK)
}
