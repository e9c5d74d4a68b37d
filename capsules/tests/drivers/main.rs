//! The drivers as apps see them: system calls in, upcalls and memory out.

#[path = "../../../kernel/tests/rig/mod.rs"]
mod rig;

mod adc;
mod alarm;
mod bench;
mod console;
mod energy_store;
mod flash;
mod meter_adc;
mod rng;
mod small;
mod supply;
