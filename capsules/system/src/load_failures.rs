//! What the kernel's loader said of apps that it could not load, until they are reported.

use core::cell::Cell;

use kernel::process::ProcessLoadError;

use crate::app_rules::Refusal;

/// Failures that are kept; of more the reason is not known.
const MOST: usize = 16;

/// What became of apps whose own header does not show why they are no process.
///
/// The loader names no app. But it takes them in an order that is known: those that were
/// linked for an address before the others, each in the order of flash.
#[derive(Debug, Default)]
pub struct LoadFailures {
    /// Addresses in RAM that apps were linked for and could not have.
    misfits: [Cell<u32>; MOST],
    misfit_count: Cell<usize>,
    /// Other failures, in the loader's order.
    others: [Cell<Option<Refusal>>; MOST],
    other_count: Cell<usize>,
    /// How many found the table of processes full.
    without_place: Cell<usize>,
}

impl LoadFailures {
    /// Nothing was said yet.
    pub const fn new() -> Self {
        Self {
            misfits: [const { Cell::new(0) }; MOST],
            misfit_count: Cell::new(0),
            others: [const { Cell::new(None) }; MOST],
            other_count: Cell::new(0),
            without_place: Cell::new(0),
        }
    }

    /// Keeps what the loader said.
    pub fn add(&self, error: &ProcessLoadError) {
        let other = match error {
            // The header, or what came of the check, shows these.
            ProcessLoadError::BinaryError(_) | ProcessLoadError::CheckError(_) => return,
            ProcessLoadError::NoProcessSlot => {
                self.without_place.set(self.without_place.get() + 1);
                return;
            }
            ProcessLoadError::MemoryAddressMismatch {
                expected_address, ..
            } => {
                if let Some(place) = self.misfits.get(self.misfit_count.get()) {
                    place.set(*expected_address);
                    self.misfit_count.set(self.misfit_count.get() + 1);
                }
                return;
            }
            ProcessLoadError::NotEnoughMemory => Refusal::NoRamLeft,
            ProcessLoadError::MpuInvalidFlashLength => Refusal::FlashMisaligned,
            ProcessLoadError::MpuConfigurationError | ProcessLoadError::InternalError => {
                Refusal::NotLoaded
            }
        };
        if let Some(place) = self.others.get(self.other_count.get()) {
            place.set(Some(other));
            self.other_count.set(self.other_count.get() + 1);
        }
    }

    /// Returns whether an app that was linked for this address in RAM could not have it.
    pub fn is_misfit(&self, address: u32) -> bool {
        let known = self.misfits.iter().take(self.misfit_count.get());
        known.into_iter().any(|misfit| misfit.get() == address)
    }

    /// Returns how many found the table of processes full: the last in flash.
    pub fn without_place(&self) -> usize {
        self.without_place.get()
    }

    /// Returns the failure with this number of those that are none of the above, in the
    /// loader's order.
    pub fn other(&self, number: usize) -> Refusal {
        let known = self.others.get(number).and_then(Cell::get);
        known.unwrap_or(Refusal::NotLoaded)
    }
}
