//! What capsules do alike: allowances, pending upcalls, turns, copying from and to process buffers, who a process is.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod allowance;
pub mod app_identity;
pub mod pending_upcall;
pub mod process_buffers;
pub mod turns;
