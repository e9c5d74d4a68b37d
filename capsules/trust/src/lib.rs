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

use kernel::ErrorCode;

/// What a command that writes flash answers when the app has used up its budget.
pub const OVER_BUDGET: ErrorCode = ErrorCode::RESERVE;

const _: () = assert!(
    OVER_BUDGET as usize == drivers::OVER_BUDGET as usize,
    "kernel and definitions number errors alike"
);
