//! Capsules of our own in the shapes of upstream's.

#![allow(
    clippy::option_map_unit_fn,
    reason = "upstream's capsules map options to nothing everywhere"
)]

pub mod converter;
pub mod entropy;
pub mod inputs;
pub mod messages;
pub mod parts;
pub mod port;
pub mod time;
