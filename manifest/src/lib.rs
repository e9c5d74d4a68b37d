//! Reads meter.toml, checks it, and generates kernel tables, linker scripts and app permissions from it.
//!
//! The order of a use is always [`Manifest::load`] (or [`Manifest::parse`]), which
//! refuses a page that contradicts itself, and then one of the functions of
//! [`generate`].

#![forbid(unsafe_code)]

pub mod build_script;
mod check;
pub mod checkout;
pub mod generate;
mod model;
pub mod renewed;

pub use check::ManifestError;
pub use model::{
    App, Board, Channel, Driver, ExternalNor, FaultPolicy, FlashMap, Grants, Holder, Key, KeyGrant,
    Kind, Manifest, Operation, Overflow, Partition, Profile, RamMap, Region, Signer, Signing,
    State, Transition,
};
