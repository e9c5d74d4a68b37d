//! Vault: a power-safe store of sealed records in internal flash.
//!
//! # Guarantees
//!
//! 1. A change that was acknowledged is never lost, and never gives way to an
//!    older one: a counter does not go back.
//! 2. A change that was being written when power failed took place wholly or not
//!    at all. It may be found to have taken place at any later start, until the
//!    next change.
//! 3. Nothing is believed that this device's root did not seal for this place.
//!    A record whose content was altered is refused, the others answer. An image
//!    in which a head was altered, a record is missing, one that is older than
//!    the anchor, or another device's: the whole vault is refused, and nothing is
//!    written over it.
//! 4. Where a key was replaced or erased, no sealed copy of it is left when that
//!    is acknowledged.
//! 5. A word is written at most twice between erases, most of them once. A third
//!    write needs power to fail in the same mark at two starts in a row.
//!
//! # What is assumed
//!
//! Of the flash: operations happen in the order in which they were asked for. A
//! completed write or erase reads the same from then on. An interrupted write
//! leaves a word whose bits that were to become 0 read as 0 or 1, perhaps
//! differently at every read; an interrupted erase leaves a page whose bits all
//! do so.
//!
//! Of the attacker: who can put back *both* the records and the anchor to an
//! earlier moment is not noticed; the part has no counter that flash cannot
//! undo. Who erases both gets a new vault without keys.
//!
//! # How
//!
//! Two banks in turn, each copies of all that counts and then changes, and an
//! anchor that counts the changes ([`format`] has the words, [`log`] the rules,
//! [`scan`] the reading, [`seal`] the keys). In RAM there is an index of places
//! ([`index`]) and the vault's own keys, but no object's key.
//!
//! # Capacity and lifetime
//!
//! 64 objects (a successor is one more), 8 KB of live records with 44 bytes of
//! overhead each, rounded up to 32. After that at least 3.9 KB of changes before
//! the banks change. docs/key-store.md has the formula for the lifetime.

pub mod format;
pub mod index;
pub mod log;
pub mod scan;
pub mod seal;
mod store;

pub use format::{Change, MAX_CONTENT};
pub use index::Generation;
pub use log::Request;
pub use store::{Condition, Usage, Vault, VaultClient};

#[cfg(test)]
mod tests;
