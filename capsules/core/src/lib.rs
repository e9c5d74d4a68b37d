//! Upstream Tock's drivers and virtualizers: isolated drivers between the kernel's HILs and the apps.
//!
//! Safe code only: a capsule that errs can deny its own service and nothing more.
//! They have upstream's driver numbers, behave as upstream's do and are built as
//! upstream's are; nothing here depends on a crate from outside.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod adc;
pub mod alarm;
pub mod button;
pub mod console;
pub mod driver;
pub mod led;
pub mod low_level_debug;
pub mod rng;
pub mod temperature;
pub mod virtualizers;
