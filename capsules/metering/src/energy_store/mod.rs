//! Energy store: registers and calibration in internal flash, safe against a power cut at any moment (driver 0x80000002).
//!
//! # Guarantees
//!
//! 1. A record that was acknowledged is never lost.
//! 2. The newest acknowledged record of each kind is found after every reset.
//! 3. A record that was read once never gives way to an older one: registers do
//!    not run backwards, not even when power fails again and again.
//! 4. A record that was being written when power failed is there whole or not
//!    at all.
//! 5. All pages wear alike: at most one erase apart, plus one for each start
//!    that finds a page being erased, or erased and not yet opened.
//! 6. A word is written at most twice between erases. A third write needs power
//!    to fail twice in a row in a write of the same word, both times without
//!    leaving a trace that the next start could read.
//!
//! # What is assumed of the flash
//!
//! Operations happen in the order in which they were asked for. A completed
//! write or erase reads the same from then on. An interrupted write leaves a
//! word whose bits that were to become 0 read as 0 or 1, perhaps differently at
//! every read; an interrupted erase leaves a page whose bits all do so. The CRC
//! of random content is wrong. Cells that lose their charge after a completed
//! write are outside of it: a damaged record is passed over, never believed.
//!
//! # How
//!
//! A log over all pages in turn ([`format`] has the words). Each page starts
//! with a copy of the newest record of each kind, so that all other pages are
//! dispensable the moment a page has been opened; the next one is erased, after
//! the first record of a start, as soon as the page is nearly full, while records
//! go on. A record of the registers usually stores only the words that differ from
//! the page's copy.
//!
//! The last word that was written before a cut may be half written and read
//! well today and badly tomorrow. Nothing that depends on such a word is ever
//! shown: each record ends with a commit word, written after its CRC. Where the
//! commit word shows any trace of having been written, everything before it is
//! firm. A valid last record without that trace is copied to the next page
//! before the store answers; so is the content of a page whose second open mark
//! shows no trace ([`log`] has the rules, [`scan`] the reading).
//!
//! Capacity and lifetime: docs/energy-store.md. The ABI:
//! docs/syscalls/80000002_energy_store.md.

mod driver;
pub mod format;
pub mod log;
pub mod scan;
mod store;

pub use driver::{EnergyStoreDriver, Records, DRIVER_NUM};
pub use format::{Kind, Record, MAX_PAYLOAD};
pub use store::{EnergyStore, EnergyStoreClient, Wear};

#[cfg(test)]
mod tests;
