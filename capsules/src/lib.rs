//! Capsules: isolated drivers between the kernel's HILs and the apps.
//!
//! Safe code only: a capsule that errs can deny its own service and nothing more.
//! Those with upstream Tock's driver numbers behave as upstream's do and are
//! built as upstream's are.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod adc;
pub mod alarm;
pub mod app_identity;
pub mod app_signature;
pub mod button;
pub mod channel;
pub mod console;
pub mod crash_log;
pub mod crc32;
pub mod driver;
pub mod energy_store;
pub mod entropy;
pub mod key_store;
pub mod led;
pub mod low_level_debug;
pub mod meter_adc;
pub mod owed;
pub mod rng;
pub mod sector_flash;
pub mod step_call;
pub mod storage;
pub mod supply;
mod system_calls;
#[cfg(test)]
mod test_flash;
mod turns;
pub mod virtualizers;
pub mod word_flash;
