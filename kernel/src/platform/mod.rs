//! What chips and boards implement for the kernel.

pub mod chip;
pub mod mpu;
mod resources;
pub mod scheduler_timer;
pub mod watchdog;

pub use self::resources::{
    ContextSwitchCallback, KernelResources, ProcessFault, SyscallDriverLookup, SyscallFilter,
};
