//! Test doubles: scripted processes, clock, flash and randomness around the real kernel, on the host.

#![allow(missing_docs, reason = "documented with its redesign")]

pub mod bench;
pub mod flash;
pub mod identity;
pub mod loading;
pub mod rig;
pub mod word_flash;
