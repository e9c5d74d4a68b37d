//! Randomness, as capsules take it for their nonces, keys and initialization vectors.

use kernel::ErrorCode;

/// Where capsules get their nonces, keys and initialization vectors from.
pub trait RandomSource {
    /// Fills all of `bytes`, at once.
    ///
    /// # Errors
    ///
    /// BUSY until the generator has its first seed, and while a reseed that is
    /// long overdue has not come; FAIL after a failed health test, for good.
    /// Nothing is written then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ErrorCode>;
}
