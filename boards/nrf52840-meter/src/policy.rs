//! Who may do what: meter.toml's tables and the decisions that the kernel asks for.

use capsules_system::syscall_filter::tbf_header_filter::TbfHeaderFilterDefaultAllow;
use kernel::errorcode::ErrorCode;
use kernel::platform::SyscallFilter;
use kernel::process::{Process, ShortId};
use kernel::syscall::Syscall;

/// What a fault of an app leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "which of them occur is meter.toml's to say")]
pub enum Fault {
    /// The app stays down.
    Stop,
    /// It starts again after a delay that grows.
    Restart,
    /// The kernel panics.
    Panic,
}

/// One driver and the commands of it that an app may call.
pub struct Grant {
    /// Driver number.
    pub driver: u32,
    /// Command numbers.
    pub commands: &'static [u32],
}

/// One app of meter.toml.
pub struct App {
    /// Package name.
    #[allow(dead_code, reason = "for whoever reads the tables in a debugger")]
    pub name: &'static str,
    /// Tock ShortId.
    pub short_id: u32,
    /// Where its TBF object must stand to be this app.
    pub flash_start: usize,
    /// Bytes that the object may take there.
    pub flash_size: usize,
    /// Where its RAM lies.
    pub ram_start: usize,
    /// Bytes of it, with the kernel's part.
    pub ram_size: usize,
    /// 0 is served first.
    pub priority: u8,
    /// What a fault leads to.
    pub fault: Fault,
    /// What it may call.
    pub grants: &'static [Grant],
}

include!(concat!(env!("OUT_DIR"), "/policy_tables.rs"));

/// The entry of meter.toml for a process: the id that its signature gave it, in the
/// slot that belongs to this id. Anything else is a guest without an entry.
pub fn app_of(process: &dyn Process) -> Option<&'static App> {
    let ShortId::Fixed(id) = process.short_app_id() else {
        return None;
    };
    let flash_start = process.get_addresses().flash_start;
    APPS.iter()
        .find(|app| app.short_id == id.get() && app.flash_start == flash_start)
}

/// Restricted drivers by meter.toml's tables and the verified identity, all others
/// by the permission header.
pub struct MeterFilter {
    header: TbfHeaderFilterDefaultAllow,
}

impl MeterFilter {
    /// The filter has no state.
    pub const fn new() -> Self {
        Self {
            header: TbfHeaderFilterDefaultAllow {},
        }
    }
}

impl SyscallFilter for MeterFilter {
    // Asked in every system call: what is usual must cost next to nothing.
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
            | Syscall::ReadOnlyAllow { driver_number, .. }
            | Syscall::UserspaceReadableAllow { driver_number, .. } => (driver_number, None),
            _ => return Ok(()),
        };
        if is_restricted(driver as u32) {
            filter_restricted(process, driver as u32, command)
        } else {
            self.header.filter_syscall(process, syscall)
        }
    }
}

/// What meter.toml says about a restricted driver.
#[inline(never)]
fn filter_restricted(
    process: &dyn Process,
    driver: u32,
    command: Option<usize>,
) -> Result<(), ErrorCode> {
    let granted = app_of(process).is_some_and(|app| {
        app.grants.iter().any(|grant| {
            grant.driver == driver
                && command.is_none_or(|command| grant.commands.contains(&(command as u32)))
        })
    });
    if granted {
        Ok(())
    } else {
        Err(ErrorCode::NODEVICE)
    }
}
