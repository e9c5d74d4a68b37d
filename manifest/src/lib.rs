//! Reads meter.toml, checks it, and generates kernel tables, linker scripts and app permissions from it.
//!
//! The order of a use is always [`Manifest::load`] (or [`Manifest::parse`]), which
//! refuses a manifest that contradicts itself, and then one of the functions of
//! [`generate`].

#![forbid(unsafe_code)]

pub mod build_script;
mod check;
pub mod checkout;
mod error;
pub mod generate;
mod model;
mod place;
mod read;
pub mod renewed;

pub use error::ManifestError;
pub use model::{
    App, Board, Channel, Driver, ExternalNor, FaultPolicy, FlashMap, Grants, Holder, Key, KeyGrant,
    Kind, LongSteps, Manifest, Operation, Overflow, Partition, Profile, RamMap, Region, Signer,
    Signing, State, Transition,
};
