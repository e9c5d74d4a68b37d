//! Reseeds the generator every hour, by the overflows of a counter.

use core::cell::Cell;

use kernel::hil::entropy::Entropy32;
use kernel::hil::time::OverflowClient;

use super::Drbg;

/// Counts overflows; it must be made the counter's overflow client.
pub struct ReseedClock<'a, E: Entropy32<'a>> {
    generator: &'a Drbg<'a, E>,
    overflows: u32,
    counted: Cell<u32>,
}

impl<'a, E: Entropy32<'a>> ReseedClock<'a, E> {
    /// Reseeds `generator` after so many overflows, again and again. Seven of a
    /// 24-bit counter at 32,768 Hz are 59 minutes and 44 seconds.
    pub fn new(generator: &'a Drbg<'a, E>, overflows: u32) -> Self {
        Self {
            generator,
            overflows,
            counted: Cell::new(0),
        }
    }
}

impl<'a, E: Entropy32<'a>> OverflowClient for ReseedClock<'a, E> {
    fn overflow(&self) {
        let counted = self.counted.get() + 1;
        if counted < self.overflows {
            self.counted.set(counted);
        } else {
            self.counted.set(0);
            self.generator.reseed();
        }
    }
}
