//! Builds the meter's image, flashes it and runs it.
//!
//! It knows neither audit nor tests: what they need beside the meter's image, they
//! build themselves with [`image`] and [`cross`].

#![forbid(unsafe_code)]

pub mod app;
pub mod command;
pub mod cross;
pub mod exit;
pub mod flash;
pub mod image;
pub mod layout;
pub mod project;
pub mod run;
pub mod signing;
pub mod state;
