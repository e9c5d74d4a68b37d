//! The targets, one a module.

pub mod crash_log;
pub mod energy_store;
pub mod image;
pub mod loader;
pub mod mains;
pub mod manifest;
pub mod recording;
pub mod system_calls;
pub mod tbf;
