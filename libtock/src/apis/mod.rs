//! Clients of the kernel's drivers, generic over the kernel.

pub mod adc;
pub mod alarm;
pub mod buttons;
pub mod channel;
pub mod console;
pub mod key_store;
pub mod leds;
pub mod low_level_debug;
pub mod rng;
pub mod storage;
pub mod supply;

#[cfg(test)]
mod tests;
