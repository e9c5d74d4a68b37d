//! Fake analogue inputs.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::{command_return, fake::SyscallDriver, DriverInfo, DriverShareRef};
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
                .schedule_upcall(0, (0, 0, sample.into()))
                .expect("upcall 0 exists");
        }
    }
}

impl SyscallDriver for Adc {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(crate::apis::adc::DRIVER_NUM).upcall_count(1)
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, channel: u32, _: u32) -> CommandReturn {
        match (command_id, channel) {
            (0, _) => command_return::success_u32(1),
            (1, 0) if self.busy.replace(true) => command_return::failure(ErrorCode::Busy),
            (1, 0) => command_return::success(),
            (101, 0) => command_return::success_u32(12),
            (102, 0) => command_return::success_u32(3300),
            (1 | 101 | 102, _) => command_return::failure(ErrorCode::Invalid),
            _ => command_return::failure(ErrorCode::NoSupport),
        }
    }
}
