//! The filter by the manifest: it decides about every call of an app, and about restricted drivers for the others.

use core::marker::PhantomData;

use kernel::platform::SyscallFilter;
use kernel::process::{Process, ShortId};
use kernel::syscall::Syscall;
use kernel::ErrorCode;

use super::tbf_header_filter::TbfHeaderFilterDefaultAllow;
use crate::apps::{Apps, Places};

/// Decides about a process with an identity by the table of apps alone, whatever its header
/// says: about every driver, restricted or not, and every command. What the table does not
/// grant is refused, and so is all that a process with an identity calls that is in no slot of
/// its own.
///
/// A process without an identity is refused every restricted driver; about the others its
/// permission header decides.
///
/// What is refused answers NODEVICE, as a driver does that is not there.
pub struct AppFilter<P: Places> {
    apps: Apps,
    header: TbfHeaderFilterDefaultAllow,
    places: PhantomData<P>,
}

impl<P: Places> AppFilter<P> {
    /// Makes a filter that lets apps call what their grants in the table say.
    pub const fn new(apps: Apps) -> Self {
        Self {
            apps,
            header: TbfHeaderFilterDefaultAllow {},
            places: PhantomData,
        }
    }

    /// What the table says about a call of the process with this identity, whose object
    /// stands at `flash_start`.
    #[inline(never)]
    fn filter_identified(
        &self,
        short_id: u32,
        flash_start: usize,
        driver: u32,
        command: Option<u32>,
    ) -> Result<(), ErrorCode> {
        let app = P::app(short_id)
            .and_then(|place| self.apps.0.get(place))
            .filter(|app| app.short_id == short_id && app.flash_start == flash_start);
        match (app, P::driver(driver)) {
            (Some(app), Some(driver)) if app.may_call(driver, command) => Ok(()),
            _ => Err(ErrorCode::NODEVICE),
        }
    }
}

impl<P: Places> SyscallFilter for AppFilter<P> {
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
        if let ShortId::Fixed(short_id) = process.short_app_id() {
            let flash_start = process.get_addresses().flash_start;
            let command = command.map(|command| command as u32);
            return self.filter_identified(short_id.get(), flash_start, driver as u32, command);
        }
        if P::is_restricted(driver as u32) {
            return Err(ErrorCode::NODEVICE);
        }
        self.header.filter_syscall(process, syscall)
    }
}
