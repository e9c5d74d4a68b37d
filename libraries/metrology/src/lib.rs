//! Electrical measurement from samples: no I/O, no floating point on the meter.
//!
//! 1. **The crate sees only samples.** A [`Block`] of voltage, low-gain and
//!    high-gain current scans goes in; a [`Measurement`] a second, energy
//!    [`EnergyRegisters`], pulses and load-profile intervals come out.
//! 2. **Energy is counted, never guessed.** A lost sample is flagged and adds
//!    nothing. Registers only grow, whatever the samples are.
//! 3. **Integers only.** The inner loops are 32 x 32 + 64 bit multiplications;
//!    divisions happen once a mains cycle or once a second.
//! 4. **Windows are whole mains cycles.** A window is about a second and closes
//!    at a rising zero crossing of the voltage, and windows tile time without a
//!    gap, so that nothing is counted twice or dropped between them.
//!
//! # Use
//!
//! ```
//! use metrology::{Block, Calibration, Meter};
//!
//! let mut meter = Meter::new(Calibration::NOMINAL);
//! let bytes = [0u8; metrology::BLOCK_HEADER_BYTES]; // as the meter_adc driver delivers a block
//! if let Ok(block) = Block::parse(&bytes) {
//!     let outcome = meter.process(&block);
//!     for _ in 0..outcome.pulses { /* blink */ }
//!     if let Some(measurement) = outcome.measurement { let _ = measurement.volts_uv; }
//! }
//! ```
//!
//! A calibration is made by [`Calibrator`], fed with the same blocks while a
//! known load is applied.
//!
//! # The signal path
//!
//! The driver delivers the channels of a scan as of one moment, as far as the drawing goes. What
//! the analogue paths of a specimen lag more or less than each other is found by the calibration,
//! and taken out by a five-tap filter that delays the current. Products with the voltage give
//! active power. Reactive power is the fundamental's (`fundamental.rs`). The mean of the
//! voltage has no part in any result; that of a current is a direct current where the
//! calibration knows what its channel rests at, and has part in the root mean square.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod block;
mod calibration;
mod calibrator;
mod fixed;
mod flags;
mod fundamental;
mod measurement;
mod meter;
mod profile;
mod profile_record;
mod pulse;
mod range;
mod readings;
mod registers;
mod sampler;
mod supervision;
mod zero_cross;

pub use block::{Block, BlockError, BLOCK_HEADER_BYTES, SCANS_PER_BLOCK, SCAN_BYTES};
pub use calibration::{Calibration, DecodeError, GainPoint, GainTable, CALIBRATION_BYTES};
pub use calibrator::{CalibrationError, Calibrator, Reference};
pub use flags::Flags;
pub use measurement::Measurement;
pub use meter::{Meter, Netting, Outcome, CREEP_THRESHOLD_UW};
pub use profile::{ProfileEntry, ProfileLog, StoredProfile, INTERVAL_SECONDS};
pub use profile_record::PROFILE_BYTES;
pub use range::Range;
pub use readings::{Readings, READINGS_BYTES};
pub use registers::{EnergyRegisters, EnergyTotals, REGISTERS_BYTES};
pub use supervision::{Condition, VoltageEvent, NOMINAL_UV};

pub use drivers::meter_adc::SCAN_PERIOD_US;

/// Scans a second, rounded down.
pub const SCANS_PER_SECOND: u32 = 1_000_000 / SCAN_PERIOD_US;
