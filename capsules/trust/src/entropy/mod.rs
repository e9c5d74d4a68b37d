//! Randomness for other capsules: health-tested entropy behind a deterministic generator.
//!
//! The hardware's noise passes the health tests of SP 800-90B, section 4.4
//! ([`health`]), and seeds an HMAC_DRBG with SHA-256, SP 800-90A, section 10.1.2
//! ([`drbg`]). Capsules take what they need from it as a
//! [`RandomSource`](meter_hil::random_source::RandomSource), apps through [`numbers`]
//! behind driver 0x40001.

pub mod drbg;
pub mod health;
pub mod numbers;
pub mod reseed_clock;
#[cfg(test)]
mod tests;

pub use drbg::{Drbg, DrbgClient};
pub use numbers::RandomNumbers;
pub use reseed_clock::ReseedClock;
