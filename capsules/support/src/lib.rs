//! What capsules do alike: upcalls that are owed, turns, copying, who a process is.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod app_identity;
pub mod owed;
pub mod system_calls;
pub mod turns;
