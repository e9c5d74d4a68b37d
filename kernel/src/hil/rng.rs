//! Random numbers that cannot be guessed.

use crate::errorcode::ErrorCode;

/// Whether a client wants to be called again.
#[derive(Debug, Eq, PartialEq)]
pub enum Continue {
    /// It needs more.
    More,
    /// It has enough.
    Done,
}

/// A random number generator that is sound for cryptography.
pub trait Rng<'a> {
    /// Asks for numbers, which come by callback. No callback comes after FAIL and
    /// OFF.
    fn get(&self) -> Result<(), ErrorCode>;

    /// Withdraws the request. It returns FAIL when a callback comes all the same.
    fn cancel(&self) -> Result<(), ErrorCode>;

    /// Sets the object that gets the numbers.
    fn set_client(&'a self, client: &'a dyn Client);
}

/// Gets random numbers.
pub trait Client {
    /// `randomness` yields what is there now. `error` is CANCEL after a cancelled
    /// request. The answer says whether the client is to be called again.
    fn randomness_available(
        &self,
        randomness: &mut dyn Iterator<Item = u32>,
        error: Result<(), ErrorCode>,
    ) -> Continue;
}

/// A generator that answers at once, from a seed that it renews. Not for secrets.
pub trait Random<'a> {
    /// Starts to get a first seed.
    fn initialize(&'a self);

    /// Sets the seed.
    fn reseed(&self, seed: u32);

    /// Returns the next number.
    fn random(&self) -> u32;
}
