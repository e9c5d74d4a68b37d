//! An app whose system calls `make bench` counts instructions of.
//!
//! Each measured call stands at one place, between the symbols `NAME_svc` and
//! `NAME_after`: the bench counts the instructions from the one to the other.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod calls;
#[cfg(target_os = "none")]
mod measured;

#[cfg(not(target_os = "none"))]
fn main() {}
