//! Register-level drivers of the nRF52840.

#![cfg_attr(not(test), no_std)]

pub mod acl;
pub mod clock;
mod compare;
pub mod dma;
pub mod ficr;
pub mod gpio;
pub mod nvmc;
pub mod power;
pub mod ppi;
mod registers;
pub mod rng;
pub mod rtc;
#[cfg(test)]
mod testing;
pub mod timer;
pub mod uicr;
pub mod wdt;
