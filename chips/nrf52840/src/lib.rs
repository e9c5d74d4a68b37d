//! Register-level drivers of the nRF52840.
//!
//! 1. Nothing waits: what takes longer than a few microseconds is started, and ends
//!    with an interrupt or an alarm.
//! 2. What must be in time is done by hardware (PPI, EasyDMA); the CPU only must not
//!    be late by a whole block. If it is late all the same, that is counted and told.
//! 3. A driver gets its registers as a `StaticRef`, so that its logic runs on the
//!    host against a fake block.
//! 4. Buffers for EasyDMA are `&'static mut` in RAM and are bare pointers while lent.
//!
//! The board makes an [`rtc::Rtc`], [`Nrf52840DefaultPeripherals`] and a
//! [`chip::Nrf52840`], in static memory and in this order.

#![cfg_attr(not(test), no_std)]

pub mod acl;
pub mod base;
pub mod chip;
pub mod clock;
pub mod ecb;
pub mod ficr;
pub mod gpio;
pub mod nvmc;
pub mod peripheral_interrupts;
pub mod power;
pub mod ppi;
pub mod qspi;
pub mod rng;
pub mod rtc;
pub mod saadc;
pub mod timer;
pub mod uarte;
pub mod uicr;
pub mod wdt;

mod compare;
mod dma;
mod peripherals;
mod registers;
#[cfg(test)]
mod testing;

pub use peripherals::{Buffers, Nrf52840DefaultPeripherals, NVMC_ALARM, QSPI_ALARM};
