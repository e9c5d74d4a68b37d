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
    /// Asks for numbers, which come by callback. FAIL and OFF: none will.
    fn get(&self) -> Result<(), ErrorCode>;

    /// Withdraws the request. FAIL: a callback comes all the same.
    fn cancel(&self) -> Result<(), ErrorCode>;

    /// Sets who gets the numbers.
    fn set_client(&'a self, client: &'a dyn Client);
}

/// Gets random numbers.
pub trait Client {
    /// `randomness` yields what is there now. `error` is CANCEL after a cancelled
    /// request.
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

    /// The next number.
    fn random(&self) -> u32;
}
