//! The meter's drivers as apps see them: system calls in, upcalls and memory out.

mod energy_store;
mod meter_adc;
mod numbers;
mod supply;
