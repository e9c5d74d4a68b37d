//! A Tock 2 compatible kernel: processes behind the MPU, grants, system calls, hardware interfaces.
//!
//! 1. A process can only reach what the MPU lets it reach; everything it
//!    claims (pointers, lengths, numbers, its own TBF header) is checked before
//!    it is used, and a wrong claim costs that process alone.
//! 2. The kernel never allocates: its memory is static, and what it keeps for a
//!    process lies in that process's own block, in the grant region.
//! 3. Capsules are safe code. What is powerful asks for a capability token
//!    ([`capabilities`]) that only trusted code can mint.
//! 4. A system call that returns to its caller costs no scheduling decision, no
//!    MPU write and no timer write ([`Kernel::kernel_loop`]).
//!
//! Module paths, trait names and signatures are those of Tock 2.3, so that
//! capsules compile against either kernel.

#![cfg_attr(not(test), no_std)]

/// Major version of the system-call ABI that this kernel offers.
pub const KERNEL_MAJOR_VERSION: u16 = 2;
/// Minor version of the system-call ABI that this kernel offers.
pub const KERNEL_MINOR_VERSION: u16 = 3;
/// Patch version of this kernel.
pub const KERNEL_PATCH_VERSION: u16 = 0;

pub mod capabilities;
pub mod collections;
pub mod component;
pub mod debug;
pub mod deferred_call;
pub mod errorcode;
pub mod grant;
pub mod hil;
pub mod introspection;
pub mod platform;
pub mod process;
pub mod process_checker;
pub mod processbuffer;
pub mod scheduler;
pub mod storage_permissions;
pub mod syscall;
pub mod upcall;
pub mod utilities;

mod config;
mod kernel;
mod memop;
mod syscall_driver;

pub use crate::errorcode::ErrorCode;
pub use crate::kernel::Kernel;
pub use crate::process::ProcessId;
pub use crate::scheduler::Scheduler;
