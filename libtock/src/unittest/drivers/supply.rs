//! A fake supply.

use crate::apis::supply::DRIVER_NUM;
use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::{command_return, fake::SyscallDriver, DriverInfo, DriverShareRef};
use drivers::supply::{upcall, Command};
use std::cell::Cell;
use std::rc::Rc;

/// The supply, sound at first.
#[derive(Default)]
pub struct Supply {
    low: Cell<bool>,
    warnings: Cell<u32>,
    share_ref: DriverShareRef,
}

impl Supply {
    /// The supply.
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Lets the supply fall, or brings it back.
    ///
    /// # Panics
    /// Never: the driver has the upcall.
    pub fn set_low(&self, low: bool) {
        if !self.low.replace(low) && low {
            self.warnings.set(self.warnings.get() + 1);
            self.share_ref
                .schedule_upcall(upcall::FALLS, (self.warnings.get(), 0, 0))
                .expect("upcall 0 exists");
        }
    }
}

impl SyscallDriver for Supply {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, _: u32, _: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match command {
            Command::Exists => command_return::success(),
            Command::Level => {
                command_return::success_2_u32(self.low.get().into(), self.warnings.get())
            }
        }
    }
}
