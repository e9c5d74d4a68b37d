//! Crash log: what happened before the reset, kept in RAM that no start-up code clears.
//!
//! The binary form is fixed and documented in docs/crash-log.md; [`layout`]
//! names its numbers. [`CrashLog`] writes it on the target, [`decode`] reads it
//! on the host from a copy of the 2,048 bytes. The area also carries the
//! process table of the present boot, for whoever looks at a running part from
//! outside.
//!
//! Nothing here touches the kernel: the board fills a [`CrashRecord`] from its
//! fault policy and panic handler and a [`ProcessEntry`] from its process list.

mod decoder;
mod encoder;
pub mod layout;
mod record;

pub use decoder::{decode, DecodeError, Report};
pub use encoder::{CrashLog, Opened, RetainedWords};
pub use record::{
    CrashKind, CrashRecord, FaultAction, Name, ProcessEntry, ProcessState, Registers,
};

#[cfg(test)]
mod tests;
