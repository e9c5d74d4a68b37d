//! Hardware interface layer: what drivers of chips offer to capsules.

pub mod adc;
pub mod digest;
pub mod entropy;
pub mod flash;
pub mod gpio;
pub mod i2c;
pub mod led;
pub mod nonvolatile_storage;
pub mod public_key_crypto;
pub mod pwm;
pub mod rng;
pub mod sensors;
pub mod spi;
pub mod symmetric_encryption;
pub mod time;
pub mod uart;
