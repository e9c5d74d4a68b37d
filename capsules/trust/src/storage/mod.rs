//! Storage: encrypted and authenticated records on external flash, for the applications that the policy names (driver 0x80000006).
//!
//! # Guarantees
//!
//! 1. A record that was acknowledged is never lost before the ring overwrites
//!    it, wherever power fails; the ring keeps at least the newest
//!    [`policy::Partition::capacity`] numbers.
//! 2. Record numbers only grow, and no number is given to two records.
//! 3. A record is there whole or not at all. What was torn stays a hole.
//! 4. A record that was altered, or moved to another place, partition or
//!    application, is refused. What it says is known to the capsule alone: keys
//!    come from the root given at construction and never leave it.
//!
//! The flash alone cannot tell an older image of itself from the present one:
//! who can write all of it can bring back records, or make the newest go.
//! Nonces are random, so that even then no two records share one.
//!
//! # What is assumed of the flash
//!
//! What [`meter_hil::sector_flash::SectorFlash`] says: an operation that has ended is
//! firm; one that power cut leaves bits that read as they like.
//!
//! # How
//!
//! [`store`] has the ring and its rules, [`format`] the bytes, [`layout`] how many they
//! are. Format, capacity and lifetime: docs/storage.md. The ABI: docs/syscalls/80000006_storage.md.

mod driver;
pub mod format;
pub mod layout;
pub mod policy;
pub mod store;

pub use driver::{StorageDriver, DRIVER_NUM};
pub use policy::{buffer_size, is_consistent};
pub use store::{Memory, Store, StoreClient};

#[cfg(test)]
mod tests;
