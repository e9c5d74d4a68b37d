//! Sources of true randomness, one bit of entropy for each bit given.

use crate::errorcode::ErrorCode;

/// Whether a client wants to be called again.
#[derive(Debug, Eq, PartialEq)]
pub enum Continue {
    /// It needs more.
    More,
    /// It has enough.
    Done,
}

/// A source that gives 32 bits at a time.
pub trait Entropy32<'a> {
    /// Asks for entropy, which comes by callback. No callback comes after FAIL and
    /// OFF.
    fn get(&self) -> Result<(), ErrorCode>;

    /// Withdraws the request. It returns FAIL when a callback comes all the same.
    fn cancel(&self) -> Result<(), ErrorCode>;

    /// Sets the object that gets the entropy.
    fn set_client(&'a self, client: &'a dyn Client32);
}

/// Gets entropy in units of 32 bits.
pub trait Client32 {
    /// `entropy` yields what is there now. `error` is CANCEL after a cancelled
    /// request. The answer says whether the client is to be called again.
    fn entropy_available(
        &self,
        entropy: &mut dyn Iterator<Item = u32>,
        error: Result<(), ErrorCode>,
    ) -> Continue;
}

/// A source that gives 8 bits at a time.
pub trait Entropy8<'a> {
    /// Asks for entropy, which comes by callback. No callback comes after FAIL and
    /// OFF.
    fn get(&self) -> Result<(), ErrorCode>;

    /// Withdraws the request. It returns FAIL when a callback comes all the same.
    fn cancel(&self) -> Result<(), ErrorCode>;

    /// Sets the object that gets the entropy.
    fn set_client(&'a self, client: &'a dyn Client8);
}

/// Gets entropy in units of 8 bits.
pub trait Client8 {
    /// `entropy` yields what is there now. `error` is CANCEL after a cancelled
    /// request. The answer says whether the client is to be called again.
    fn entropy_available(
        &self,
        entropy: &mut dyn Iterator<Item = u8>,
        error: Result<(), ErrorCode>,
    ) -> Continue;
}
