//! The meter's own drivers: converter, energy store, supply.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod energy_store;
pub mod meter_adc;
pub mod supply;
