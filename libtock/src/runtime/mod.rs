//! Entry point, panic handler and system-call instructions on the target.

#[cfg(feature = "panic_handler")]
mod panic;
pub mod startup;
mod syscalls;

pub use crate::{set_main, stack_size};
pub use syscalls::TockSyscalls;
