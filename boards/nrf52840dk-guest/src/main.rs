//! A second board on the same chip: upstream's drivers for unsigned apps, no meter.
//!
//! All that a board is: pins, wiring, and what the kernel loop asks for. Its memory map
//! is board.toml.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board;

#[cfg(not(target_os = "none"))]
fn main() {}
