//! Userspace library of the apps, with libtock-rs's API.
//!
//! 1. [`platform`] is the system-call interface as traits and types. Apps name
//!    their kernel `S: Syscalls`, so that all their logic runs on the host.
//! 2. `runtime` is the entry point and the real `svc` instructions. It exists
//!    on the target only.
//! 3. [`apis`] holds one small client for each kernel driver, generic over
//!    `S`. On the target, and only there, each of its modules has a namesake at
//!    the crate's root in which the client is bound to the real kernel, under
//!    libtock-rs's names: `libtock::alarm::Alarm` is [`apis::alarm::Alarm`] over
//!    `runtime::TockSyscalls`. What is not generic over the kernel (numbers of
//!    subscriptions and buffers) stands in [`apis`] alone.
//! 4. `unittest` is a fake kernel with fake drivers for host tests. It exists
//!    on the host only.
//!
//! `unsafe` stays in `platform` and `runtime`, and in the fake kernel, which
//! plays the other side of the same system calls. The rest is safe code.

#![cfg_attr(target_os = "none", no_std)]

pub mod apis;
pub mod platform;

#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod runtime;

#[cfg(not(target_os = "none"))]
pub mod unittest;

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod bound;

#[cfg(all(target_arch = "arm", target_os = "none"))]
pub use bound::*;

/// The guide's examples run as tests of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/write-an-app.md")]
struct WriteAnApp;
