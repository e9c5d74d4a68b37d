//! What boards with an nRF52840 have alike: upstream's drivers, each wired to the chip's.
//!
//! A board names its pins and calls each function once; it gets a driver that answers to
//! apps. What only one board has is in that board.

#![cfg_attr(target_os = "none", no_std)]

#[cfg(target_os = "none")]
pub mod inputs_outputs;
#[cfg(target_os = "none")]
pub mod memory;
#[cfg(target_os = "none")]
pub mod peripherals;
#[cfg(target_os = "none")]
pub mod serial;
#[cfg(target_os = "none")]
pub mod start;
#[cfg(target_os = "none")]
pub mod time;
