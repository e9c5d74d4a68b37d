//! `make audit`: whether the running image is what meter.toml says.

pub mod errors;
pub mod finding;
pub mod probe;
pub mod puppet;
pub mod stage;
pub mod sweep;
