//! An app that attacks the walls, one attack chosen per image.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod attacks;
#[cfg(target_os = "none")]
mod machine;
#[cfg(target_os = "none")]
mod script;
#[cfg(target_os = "none")]
mod target;

/// The attacker runs on the meter only.
#[cfg(not(target_os = "none"))]
fn main() {}
