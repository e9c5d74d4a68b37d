//! Random numbers of the drivers that tell apps apart.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use kernel::ErrorCode;
use meter_hil::random_source::RandomSource;

/// Random numbers that are the same in every run, and remembered.
pub struct Numbers {
    next: Cell<u64>,
    given: RefCell<BTreeSet<Vec<u8>>>,
}

impl Numbers {
    /// Starts at a point that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Numbers {
            next: Cell::new(seed),
            given: RefCell::default(),
        }
    }

    /// What was given that is as long as a key.
    pub fn keys(&self) -> Vec<Vec<u8>> {
        let given = self.given.borrow();
        let keys = given.iter().filter(|bytes| bytes.len() >= 16);
        keys.cloned().collect()
    }
}

impl RandomSource for Numbers {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ErrorCode> {
        for byte in &mut *bytes {
            let next = self.next.get().wrapping_mul(0x5851_F42D_4C95_7F2D);
            self.next.set(next.wrapping_add(0x1405_7B7E_F767_814F));
            *byte = (next >> 56) as u8;
        }
        self.given.borrow_mut().insert(bytes.to_vec());
        Ok(())
    }
}
