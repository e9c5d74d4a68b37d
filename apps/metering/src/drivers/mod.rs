//! System calls of the drivers that only this app may use.

pub mod energy_store;
pub mod meter_adc;
