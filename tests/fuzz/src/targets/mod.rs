//! The targets, one a module.

pub mod crash_log;
pub mod energy_store;
#[cfg(feature = "emulator")]
pub mod image;
pub mod loader;
#[cfg(feature = "emulator")]
pub mod mains;
pub mod manifest;
#[cfg(feature = "emulator")]
pub mod recording;
pub mod storage;
pub mod system_calls;
pub mod tbf;
pub mod trust_calls;
pub mod vault;
