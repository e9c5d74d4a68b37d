//! Public-key cryptography.

pub mod keys;
pub mod rsa_math;
pub mod signature;
