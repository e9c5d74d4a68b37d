//! Hardware interfaces that upstream Tock's kernel does not have.
//!
//! Chips implement them and capsules use them, whichever kernel is between the two:
//! they name nothing of the crate `kernel` but its error codes.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod front_end;
pub mod random_source;
pub mod sector_flash;
pub mod supply_monitor;
pub mod word_flash;
