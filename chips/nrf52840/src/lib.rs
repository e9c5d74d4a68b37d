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
//! The board decides which timer, alarm and pin serves what. It makes the drivers that
//! it uses in static memory, each with its registers from [`base`], connects them to
//! their clients, and dispatches interrupts to them in an implementation of
//! `InterruptService`, with which it makes the [`chip::Nrf52840`]. Channels of the PPI
//! are given out in [`ppi::channel`], because drivers of this crate use them.

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
pub mod temperature;
pub mod timer;
pub mod uarte;
pub mod uicr;
pub mod wdt;

mod compare;
mod dma;
mod registers;
#[cfg(test)]
mod testing;
