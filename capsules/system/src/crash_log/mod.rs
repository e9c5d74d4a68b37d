//! Crash log: what happened before the reset, kept in RAM that no start-up code clears.
//!
//! The binary form is fixed and documented in docs/crash-log.md; [`layout`]
//! names its numbers. [`CrashLog`] writes it on the target, [`decode`] reads it
//! on the host from a copy of the 2,048 bytes. The area also carries the
//! process table of the present boot, for whoever looks at a running part from
//! outside.
//!
//! [`FaultRecorder`] fills a [`CrashRecord`] at each fault of an app and
//! [`ProcessTable`] a [`ProcessEntry`] for each process; the board's panic handler
//! adds its own record.

mod decoder;
mod encoder;
mod fault_recorder;
pub mod layout;
mod process_table;
mod record;

pub use decoder::{decode, DecodeError, Report};
pub use encoder::{CrashLog, Opened, RetainedWords};
pub use fault_recorder::{ExitClient, FaultRecorder, FaultRegisters};
pub use process_table::ProcessTable;
pub use record::{
    CrashKind, CrashRecord, FaultAction, Name, ProcessEntry, ProcessState, Registers,
};

#[cfg(test)]
mod tests;
