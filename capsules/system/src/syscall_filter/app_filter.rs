//! The filter by the manifest: restricted drivers answer to the apps that name them.

use core::marker::PhantomData;

use kernel::platform::SyscallFilter;
use kernel::process::Process;
use kernel::syscall::Syscall;
use kernel::ErrorCode;

use super::tbf_header_filter::TbfHeaderFilterDefaultAllow;
use crate::apps::Apps;

/// Which drivers are restricted; a type, so that the question costs what a `match` does.
pub trait Restricted {
    /// Returns whether a driver answers only to apps that name it.
    fn is_restricted(driver: u32) -> bool;
}

/// Decides about restricted drivers by the table of apps and the verified identity, and
/// about all others by the permission header.
///
/// What is refused answers NODEVICE, as a driver does that is not there.
pub struct AppFilter<R: Restricted> {
    apps: Apps,
    header: TbfHeaderFilterDefaultAllow,
    restricted: PhantomData<R>,
}

impl<R: Restricted> AppFilter<R> {
    /// Makes a filter that lets apps call restricted drivers as their grants in the table
    /// say.
    pub const fn new(apps: Apps) -> Self {
        Self {
            apps,
            header: TbfHeaderFilterDefaultAllow {},
            restricted: PhantomData,
        }
    }

    /// What the table says about a restricted driver.
    #[inline(never)]
    fn filter_restricted(
        &self,
        process: &dyn Process,
        driver: u32,
        command: Option<u32>,
    ) -> Result<(), ErrorCode> {
        let granted = self
            .apps
            .of(process)
            .is_some_and(|app| app.may_call(driver, command));
        if granted {
            Ok(())
        } else {
            Err(ErrorCode::NODEVICE)
        }
    }
}

impl<R: Restricted> SyscallFilter for AppFilter<R> {
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
        if R::is_restricted(driver as u32) {
            let command = command.map(|command| command as u32);
            self.filter_restricted(process, driver as u32, command)
        } else {
            self.header.filter_syscall(process, syscall)
        }
    }
}
