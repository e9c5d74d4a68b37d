//! The filter that holds a process to the permissions in its TBF header.

use kernel::platform::SyscallFilter;
use kernel::process::Process;
use kernel::syscall::Syscall;
use kernel::ErrorCode;
use tock_tbf::types::CommandPermissions;

/// Refuses with NODEVICE what the permissions TLV of a process does not list. A
/// process without that TLV may call everything.
///
/// A command needs its own bit. Subscribe and the three allows need the driver
/// to be listed at all: without a permitted command they have no effect.
pub struct TbfHeaderFilterDefaultAllow {}

impl SyscallFilter for TbfHeaderFilterDefaultAllow {
    #[inline(always)]
    fn filter_syscall(&self, process: &dyn Process, syscall: &Syscall) -> Result<(), ErrorCode> {
        let (driver, command) = match *syscall {
            Syscall::Command {
                driver_number,
                subdriver_number,
                ..
            } => (driver_number, Some(subdriver_number)),
            Syscall::Subscribe { driver_number, .. }
            | Syscall::ReadWriteAllow { driver_number, .. }
            | Syscall::UserspaceReadableAllow { driver_number, .. }
            | Syscall::ReadOnlyAllow { driver_number, .. } => (driver_number, None),
            Syscall::Yield { .. } | Syscall::Memop { .. } | Syscall::Exit { .. } => return Ok(()),
        };
        // The header lists commands in groups of 64, one bit each.
        let group = command.map_or(0, |number| number / 64);
        let allowed = match (process.get_command_permissions(driver, group), command) {
            (CommandPermissions::NoPermsAtAll, _) => true,
            (CommandPermissions::NoPermsThisDriver, _) => false,
            (CommandPermissions::Mask(mask), Some(number)) => mask & (1 << (number % 64)) != 0,
            (CommandPermissions::Mask(_), None) => true,
        };
        if allowed {
            Ok(())
        } else {
            Err(ErrorCode::NODEVICE)
        }
    }
}
