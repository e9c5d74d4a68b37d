//! The metering app's logic: samples to energy registers and load profile.
//!
//! 1. **No sample waits for anything.** Console, flash and LED are started and
//!    left; their ends arrive as upcalls. Each wake first takes every block
//!    that the meter ADC has.
//! 2. **What was acknowledged is durable.** A calibration holds, and a seal is
//!    confirmed, when the energy store says that it is in flash.
//! 3. **Registers never run backwards.** What is in the store is read before
//!    the first block; what cannot be read is never written over.
//! 4. **Input is hostile.** Command lines are bounded and read all or nothing.
//!
//! The measurement itself is the crate `metrology`; this crate connects it
//! with the drivers, over any kernel `S`, so that all of it runs on the host.

#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

pub mod app;
pub mod blocks;
pub mod command;
pub mod drivers;
pub mod energy_store;
pub mod event_log;
pub mod input;
pub mod output;
pub mod profile_store;
pub mod publisher;
pub mod pulse_led;
pub mod record;
pub mod report;
pub mod save_budget;
pub mod text;
