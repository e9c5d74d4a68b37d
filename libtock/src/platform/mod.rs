//! The Tock 2 system-call interface (TRD 104) as traits and types.

pub mod allow_ro;
pub mod allow_rw;
mod command_return;
mod constants;
mod default_config;
mod error_code;
pub mod lend;
mod raw_syscalls;
mod register;
pub mod return_variant;
pub mod share;
pub mod subscribe;
mod syscalls;
mod syscalls_impl;
mod take_once;
mod termination;
mod yield_types;

pub use allow_ro::AllowRo;
pub use allow_rw::AllowRw;
pub use command_return::{CommandReturn, FailureData, SuccessData};
pub use constants::{exit_id, memop_id, syscall_class, yield_id};
pub use default_config::DefaultConfig;
pub use error_code::{ErrorCode, NotAnErrorCode};
pub use raw_syscalls::RawSyscalls;
pub use register::Register;
pub use return_variant::ReturnVariant;
pub use subscribe::{Subscribe, Upcall};
pub use syscalls::Syscalls;
pub use take_once::TakeOnce;
pub use termination::Termination;
pub use yield_types::YieldNoWaitReturn;
