//! The image that is flashed: the meter's wiring on an nRF52840.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(all(target_os = "none", not(long_steps_by_alarm)))]
mod background_steps;
#[cfg(target_os = "none")]
mod crash;
#[cfg(target_os = "none")]
mod debug_output;
#[cfg(target_os = "none")]
mod kernel_extras;
#[cfg(target_os = "none")]
mod peripherals;
#[cfg(target_os = "none")]
mod pins;
#[cfg(target_os = "none")]
mod platform;
#[cfg(target_os = "none")]
mod root;
#[cfg(target_os = "none")]
mod start;
#[cfg(target_os = "none")]
mod tables;
#[cfg(target_os = "none")]
mod wiring;

#[cfg(not(target_os = "none"))]
fn main() {}
