//! Emulator of the nRF52840 and the meter's front end.
//!
//! A [`Machine`] is made from an [`Image`](image::Image) and runs it, instruction
//! for instruction, with the part's peripherals around the core. Time is
//! virtual: one instruction is one cycle of 64 MHz, and idle time is skipped.

pub mod analog;
pub mod bus;
pub mod chance;
pub mod front_end;
pub mod image;
pub mod machine;
pub mod mains;
pub mod peripherals;
pub mod report;
pub mod rtt;
pub mod statistics;
pub mod time;

pub use machine::{Config, Machine, MachineError, Stop};

/// The page's example is compiled as a test of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../docs/emulator.md")]
struct Page;
