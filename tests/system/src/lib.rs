//! End-to-end tests: the flashed image in the emulator.

pub mod calibration;
pub mod direct;
pub mod elf;
pub mod energy_pages;
pub mod firmware;
pub mod iec;
pub mod iec_report;
pub mod iec_run;
pub mod images;
pub mod key_bridge;
pub mod scratch;
pub mod secrets;
pub mod switches;
pub mod tockloader;
pub mod waiting;
