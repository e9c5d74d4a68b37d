//! All that touches cryptography: app signatures, key store, channels, storage, randomness.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod app_signature;
pub mod channel;
pub mod entropy;
pub mod key_store;
pub mod root;
pub mod start;
pub mod storage;
