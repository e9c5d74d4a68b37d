//! A fake kernel and fake drivers for host tests, as in libtock-rs.
//!
//! A test makes a [`fake::Kernel`], adds drivers to it and runs its code with
//! [`fake::Syscalls`]. There is one kernel a thread at most.

mod allow;
pub mod command_return;
mod driver;
mod drivers;
mod expected_syscall;
mod kernel;
mod syscall_log;
mod syscalls;

pub use allow::{RoAllowBuffer, RwAllowBuffer};
pub use driver::{DriverInfo, DriverShareRef, InvalidSubscribeNum};
pub use expected_syscall::ExpectedSyscall;
pub use syscall_log::SyscallLogEntry;
pub use syscalls::{exit_test, ExitCall};

/// The fakes, under the names of what they play.
pub mod fake {
    pub use super::driver::SyscallDriver;
    pub use super::drivers::{
        Adc, Alarm, Buttons, Channel, Console, KeyStore, KeyStoreCall, Leds, LowLevelDebug,
        Message, Rng, Storage, Supply,
    };
    pub use super::kernel::Kernel;
    pub use super::syscalls::Syscalls;
}

#[cfg(test)]
mod tests;
