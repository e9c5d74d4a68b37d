//! Cells with interior mutability for single-threaded kernel code, under the names of Tock's crate.
//!
//! A driver is shared by `&'static` references, so its state changes through
//! cells. None of these types is `Sync`: the compiler keeps each of them on the
//! one thread that the kernel runs on.

#![no_std]

pub mod map_cell;
pub mod numeric_cell_ext;
pub mod optional_cell;
pub mod take_cell;
pub mod volatile_cell;
