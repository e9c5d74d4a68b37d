//! The drivers as apps see them: system calls in, upcalls and memory out.

#[path = "../../../kernel/tests/rig/mod.rs"]
mod rig;

mod adc;
mod alarm;
mod bench;
mod console;
mod rng;
mod small;
