//! The register of error and reason codes: each number once, with its texts.
//!
//! A code is one byte, so that it fits an exit code and an entry of the crash log. Each
//! [`Area`] has a range of them; the private module `register` has the list. Firmware
//! that uses a number carries no text: these are constants.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod area;
mod register;

pub use area::Area;
pub use register::Reason;

#[cfg(test)]
mod tests;
