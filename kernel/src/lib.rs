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
//!
//! # Kept for upstream's capsules
//!
//! No code of this project outside this crate uses what stands here. Upstream's capsules
//! and boards do, and none of it takes space in an image that does not.
//!
//! Whole modules:
//!
//! - [`collections::queue`], [`collections::ring_buffer`]
//! - [`component`]
//! - [`hil::digest`], [`hil::i2c`], [`hil::nonvolatile_storage`], [`hil::public_key_crypto`],
//!   [`hil::pwm`], [`hil::spi`]
//! - [`introspection`]
//! - [`utilities::binary_write`], [`utilities::copy_slice`], [`utilities::leasable_buffer`],
//!   [`utilities::mut_imut_buffer`], [`utilities::storage_volume`](mod@utilities::storage_volume)
//!
//! Of modules whose rest is in use:
//!
//! - [`capabilities::ApplicationStorageCapability`],
//!   [`capabilities::CreatePortTableCapability`], [`capabilities::ExternalProcessCapability`],
//!   [`capabilities::KerneluserStorageCapability`],
//!   [`capabilities::NetworkCapabilityCreationCapability`],
//!   [`capabilities::ProcessStartCapability`], [`capabilities::UdpDriverCapability`]
//! - [`debug::assign_gpios`], [`debug::debug_available_len`], [`debug::debug_slice`],
//!   [`debug::panic_banner`], [`debug::panic_blink_forever`], [`debug::panic_print`]
//! - [`grant::CustomGrant`], [`grant::GrantRegionAllocator`]
//! - [`hil::entropy::Client8`], [`hil::entropy::Entropy8`]
//! - [`hil::gpio::ConfigureInputOutput`], [`hil::gpio::InterruptValuePin`]
//! - [`hil::symmetric_encryption::AES256`], [`hil::symmetric_encryption::AESCCM`],
//!   [`hil::symmetric_encryption::AESGCM`], [`hil::symmetric_encryption::CCMClient`],
//!   [`hil::symmetric_encryption::GCMClient`]
//! - [`hil::time::Timer`], [`hil::time::TimerClient`], [`hil::time::Timestamp`]
//! - [`hil::uart::UartAdvanced`]
//! - [`platform::chip::ClockInterface`], [`platform::chip::NoClockControl`],
//!   [`platform::chip::PanicWriter`]
//! - [`platform::mpu::MpuConfigDefault`]
//! - [`platform::scheduler_timer::VirtualSchedulerTimer`]
//! - [`process::ProcessPrinter`], [`process::ProcessPrinterContext`],
//!   [`process::ProcessStandardDebug`], [`process::ProcessStandardDebugFull`]
//! - [`utilities::math::closest_power_of_two`],
//!   [`utilities::math::closest_power_of_two_usize`], [`utilities::math::log_base_two`],
//!   [`utilities::math::log_base_two_u64`]
//! - the macros [`create_typed_capability!`], [`debug_expr!`], [`debug_gpio!`],
//!   [`debug_process_slice!`], [`debug_verbose!`], [`define_capability_type!`],
//!   [`mint_defined_capability!`], [`stack_size!`], [`static_named_buf!`]

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
