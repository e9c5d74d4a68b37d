//! End-to-end tests: the flashed image in the emulator.

pub mod direct;
pub mod iec;
pub mod iec_report;
