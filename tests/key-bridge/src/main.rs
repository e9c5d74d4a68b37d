//! An app through which a test on the host calls the key store.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod memory;
#[cfg(target_os = "none")]
mod target;

#[cfg(not(target_os = "none"))]
fn main() {}
