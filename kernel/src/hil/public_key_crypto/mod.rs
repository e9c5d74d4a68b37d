//! Public-key cryptography.

pub mod signature;
