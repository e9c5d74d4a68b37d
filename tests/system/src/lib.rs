//! End-to-end tests: the flashed image in the emulator.

pub mod audit;
pub mod direct;
pub mod elf;
pub mod energy_pages;
pub mod firmware;
pub mod iec;
pub mod iec_report;
pub mod iec_run;
pub mod isolation;
pub mod key_bridge;
pub mod meter;
pub mod puppet;
pub mod secrets;
pub mod signed;
pub mod tockloader;
pub mod waiting;
pub mod workers;
