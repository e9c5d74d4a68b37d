//! What the attacker can do, and how a test chooses it.
//!
//! The attacker is one app image. A test finds its [selector] in the
//! TBF, writes the number of an attack into it and installs the result. The
//! attacker prints `attack NAME: start`, attacks, and, if it still can,
//! `attack NAME: contained (WHAT VALUE)` or `attack NAME: BREACH (WHAT VALUE)`.
//!
//! An attack's number is its index in [`ATTACKS`].

#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod catalogue;
pub mod scripted;
pub mod selector;

pub use catalogue::{find, Attack, Expected, ATTACKS};

/// What every line of the attacker starts with.
pub const LINE_START: &str = "attack ";
/// What the line of an attack that a wall let through contains.
pub const BREACH: &str = "BREACH";
/// What the line of an attack that came to nothing contains.
pub const CONTAINED: &str = "contained";
