//! Randomness for other capsules: health-tested entropy behind a deterministic generator.
//!
//! The hardware's noise passes the health tests of SP 800-90B, section 4.4
//! ([`health`]), and seeds an HMAC_DRBG with SHA-256, SP 800-90A, section 10.1.2
//! ([`drbg`]). Capsules take what they need from [`RandomSource`], apps through
//! [`numbers`] behind driver 0x40001.

pub mod drbg;
pub mod health;
pub mod numbers;
pub mod reseed_clock;
#[cfg(test)]
mod tests;

pub use drbg::{Drbg, DrbgClient};
pub use numbers::RandomNumbers;
pub use reseed_clock::ReseedClock;

use kernel::ErrorCode;

/// Where capsules get their nonces, keys and initialization vectors from.
pub trait RandomSource {
    /// Fills all of `bytes`, at once, with some twenty blocks of SHA-256 for the
    /// first 32 bytes and four for each 32 more.
    ///
    /// # Errors
    ///
    /// BUSY until the generator has its first seed, and while a reseed that is
    /// long overdue has not come; FAIL after a failed health test, for good.
    /// Nothing is written then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ErrorCode>;
}
