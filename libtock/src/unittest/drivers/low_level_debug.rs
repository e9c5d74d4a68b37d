//! Fake low-level debug output.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::{command_return, fake::SyscallDriver, DriverInfo};
use drivers::low_level_debug::Command;
use std::cell::RefCell;
use std::rc::Rc;

/// Keeps what was printed.
#[derive(Default)]
pub struct LowLevelDebug {
    messages: RefCell<Vec<Message>>,
}

/// One thing that was printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message {
    /// An alert.
    AlertCode(u32),
    /// A number.
    Print1(u32),
    /// Two numbers.
    Print2(u32, u32),
}

impl LowLevelDebug {
    /// The output, empty.
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// What was printed since the last time.
    pub fn take_messages(&self) -> Vec<Message> {
        self.messages.take()
    }
}

impl SyscallDriver for LowLevelDebug {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(crate::apis::low_level_debug::DRIVER_NUM)
    }

    fn command(&self, command_id: u32, argument0: u32, argument1: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        let message = match command {
            Command::Exists => return command_return::success(),
            Command::Alert => Message::AlertCode(argument0),
            Command::Print1 => Message::Print1(argument0),
            Command::Print2 => Message::Print2(argument0, argument1),
        };
        self.messages.borrow_mut().push(message);
        command_return::success()
    }
}
