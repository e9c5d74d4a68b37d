//! Test doubles: scripted processes, clock, flash and randomness around the real kernel, on the host.

#![allow(missing_docs, reason = "documented with its redesign")]

pub mod app;
pub mod bench;
pub mod clock;
pub mod front_end;
pub mod host;
pub mod identity;
pub mod loading;
pub mod random;
pub mod retry;
pub mod sector_flash;
pub mod word_cells;
pub mod words_in_ram;
