//! Randomness for other capsules: health-tested entropy behind a deterministic generator.

use kernel::ErrorCode;

/// Where capsules get their nonces, keys and initialization vectors from.
pub trait RandomSource {
    /// Fills all of `bytes`, at once.
    ///
    /// # Errors
    ///
    /// BUSY until the generator has its first seed; FAIL after a failed health
    /// test, for good. Nothing is written then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ErrorCode>;
}
