//! Fake analogue inputs.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::{command_return, fake::SyscallDriver, DriverInfo, DriverShareRef};
use drivers::adc::{upcall, Command};
use std::cell::Cell;
use std::rc::Rc;

/// One channel, whose conversions end when the test says so.
#[derive(Default)]
pub struct Adc {
    busy: Cell<bool>,
    share_ref: DriverShareRef,
}

impl Adc {
    /// The channel, idle.
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Whether a conversion is under way.
    pub fn is_busy(&self) -> bool {
        self.busy.get()
    }

    /// Ends the conversion with a sample, left-justified to 16 bits.
    pub fn set_value(&self, sample: u16) {
        if self.busy.take() {
            self.share_ref
                .schedule_upcall(upcall::SAMPLED, (0, 0, sample.into()))
                .expect("upcall 0 exists");
        }
    }
}

impl SyscallDriver for Adc {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(crate::apis::adc::DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, channel: u32, _: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match (command, channel) {
            (Command::Exists, _) => command_return::success_u32(1),
            (Command::Sample, 0) if self.busy.replace(true) => {
                command_return::failure(ErrorCode::Busy)
            }
            (Command::Sample, 0) => command_return::success(),
            (Command::Resolution, 0) => command_return::success_u32(12),
            (Command::Reference, 0) => command_return::success_u32(3300),
            (Command::Sample | Command::Resolution | Command::Reference, _) => {
                command_return::failure(ErrorCode::Invalid)
            }
            _ => command_return::failure(ErrorCode::NoSupport),
        }
    }
}
