//! `hil::rng::Rng` from a random source: what driver 0x40001 gives to apps.

use core::cell::Cell;

use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::rng::{Client, Continue, Rng};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use zeroize::Zeroize;

use meter_hil::random_source::RandomSource;

use super::DrbgClient;

/// Words in one answer.
const WORDS: usize = 16;

/// Gives what the source has, a few words for each deferred call. It waits for a
/// source that is not ready, and for that must hear of it as [`DrbgClient`].
pub struct RandomNumbers<'a, R: RandomSource> {
    source: &'a R,
    client: OptionalCell<&'a dyn Client>,
    wanted: Cell<bool>,
    deferred_call: DeferredCall,
}

impl<'a, R: RandomSource> RandomNumbers<'a, R> {
    /// Makes the random numbers of apps from `source`.
    pub fn new(source: &'a R) -> Self {
        Self {
            source,
            client: OptionalCell::empty(),
            wanted: Cell::new(false),
            deferred_call: DeferredCall::new(),
        }
    }

    fn answer(&self) {
        let mut bytes = [0; WORDS * 4];
        let result = match self.source.fill(&mut bytes) {
            // The source says when it is ready.
            Err(ErrorCode::BUSY) => return,
            result => result,
        };
        self.wanted.set(false);
        // After an error there is nothing to give.
        let given = if result.is_ok() { bytes.len() } else { 0 };
        let mut words = bytes[..given]
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let wants = self.client.map_or(Continue::Done, |client| {
            client.randomness_available(&mut words, result)
        });
        bytes.zeroize();
        if wants == Continue::More && result.is_ok() {
            self.wanted.set(true);
            self.deferred_call.set();
        }
    }

    fn try_again(&self) {
        if self.wanted.get() {
            self.deferred_call.set();
        }
    }
}

impl<'a, R: RandomSource> Rng<'a> for RandomNumbers<'a, R> {
    fn get(&self) -> Result<(), ErrorCode> {
        self.wanted.set(true);
        self.deferred_call.set();
        Ok(())
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        self.wanted.set(false);
        Ok(())
    }

    fn set_client(&'a self, client: &'a dyn Client) {
        self.client.set(client);
    }
}

impl<R: RandomSource> DrbgClient for RandomNumbers<'_, R> {
    fn seeded(&self) {
        self.try_again();
    }

    fn failed(&self) {
        self.try_again();
    }
}

impl<R: RandomSource> DeferredCallClient for RandomNumbers<'_, R> {
    fn handle_deferred_call(&self) {
        if self.wanted.get() {
            self.answer();
        }
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}
