//! Adapters between sources of entropy and users of random numbers.

use core::cell::Cell;

use kernel::hil::entropy;
use kernel::hil::entropy::{Entropy32, Entropy8};
use kernel::hil::rng;
use kernel::hil::rng::{Client, Continue, Rng};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

/// Words of entropy out of bytes of it.
pub struct BytesToWords<'a, E: Entropy8<'a>> {
    source: &'a E,
    client: OptionalCell<&'a dyn entropy::Client32>,
    word: Cell<u32>,
    count: Cell<usize>,
}

impl<'a, E: Entropy8<'a>> BytesToWords<'a, E> {
    pub fn new(source: &'a E) -> Self {
        Self {
            source,
            client: OptionalCell::empty(),
            word: Cell::new(0),
            count: Cell::new(0),
        }
    }
}

impl<'a, E: Entropy8<'a>> Entropy32<'a> for BytesToWords<'a, E> {
    fn get(&self) -> Result<(), ErrorCode> {
        self.source.get()
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        self.source.cancel()
    }

    fn set_client(&'a self, client: &'a dyn entropy::Client32) {
        self.source.set_client(self);
        self.client.set(client);
    }
}

impl<'a, E: Entropy8<'a>> entropy::Client8 for BytesToWords<'a, E> {
    fn entropy_available(
        &self,
        bytes: &mut dyn Iterator<Item = u8>,
        error: Result<(), ErrorCode>,
    ) -> entropy::Continue {
        self.client.map_or(entropy::Continue::Done, |client| {
            while self.count.get() < 4 {
                let Some(byte) = bytes.next() else {
                    return entropy::Continue::More;
                };
                let shift = 8 * self.count.get();
                self.word.set(self.word.get() | u32::from(byte) << shift);
                self.count.set(self.count.get() + 1);
            }
            client.entropy_available(&mut Once(self), error)
        })
    }
}

struct Once<'a, 'b: 'a, E: Entropy8<'b>>(&'a BytesToWords<'b, E>);

impl<'b, E: Entropy8<'b>> Iterator for Once<'_, 'b, E> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        (self.0.count.replace(0) == 4).then(|| self.0.word.replace(0))
    }
}

/// Random numbers that are entropy.
pub struct WordsToNumbers<'a, E: Entropy32<'a>> {
    source: &'a E,
    client: OptionalCell<&'a dyn rng::Client>,
}

impl<'a, E: Entropy32<'a>> WordsToNumbers<'a, E> {
    pub fn new(source: &'a E) -> Self {
        Self {
            source,
            client: OptionalCell::empty(),
        }
    }
}

impl<'a, E: Entropy32<'a>> Rng<'a> for WordsToNumbers<'a, E> {
    fn get(&self) -> Result<(), ErrorCode> {
        self.source.get()
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        self.source.cancel()
    }

    fn set_client(&'a self, client: &'a dyn rng::Client) {
        self.source.set_client(self);
        self.client.set(client);
    }
}

impl<'a, E: Entropy32<'a>> entropy::Client32 for WordsToNumbers<'a, E> {
    fn entropy_available(
        &self,
        words: &mut dyn Iterator<Item = u32>,
        error: Result<(), ErrorCode>,
    ) -> entropy::Continue {
        self.client.map_or(entropy::Continue::Done, |client| {
            match client.randomness_available(words, error) {
                rng::Continue::More => entropy::Continue::More,
                rng::Continue::Done => entropy::Continue::Done,
            }
        })
    }
}

/// A user of random numbers.
pub struct Numbers<'a, R: Rng<'a>> {
    rng: &'a R,
    last: Cell<Option<u32>>,
}

impl<'a, R: Rng<'a>> Numbers<'a, R> {
    pub fn new(rng: &'a R) -> Self {
        Self {
            rng,
            last: Cell::new(None),
        }
    }

    pub fn ask(&self) -> Result<(), ErrorCode> {
        self.rng.get()
    }

    pub fn last(&self) -> Option<u32> {
        self.last.get()
    }
}

impl<'a, R: Rng<'a>> Client for Numbers<'a, R> {
    fn randomness_available(
        &self,
        numbers: &mut dyn Iterator<Item = u32>,
        _error: Result<(), ErrorCode>,
    ) -> Continue {
        match numbers.next() {
            Some(number) => {
                self.last.set(Some(number));
                Continue::Done
            }
            None => Continue::More,
        }
    }
}
