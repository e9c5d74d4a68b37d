//! Fake buttons.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::{command_return, fake::SyscallDriver, DriverInfo, DriverShareRef};
use drivers::button::{upcall, Command};
use std::cell::Cell;
use std::rc::Rc;

/// `COUNT` buttons, released at first.
pub struct Buttons<const COUNT: usize> {
    pressed: [Cell<bool>; COUNT],
    interrupts: [Cell<bool>; COUNT],
    share_ref: DriverShareRef,
}

impl<const COUNT: usize> Buttons<COUNT> {
    /// The buttons.
    pub fn new() -> Rc<Self> {
        Rc::new(Buttons {
            pressed: [const { Cell::new(false) }; COUNT],
            interrupts: [const { Cell::new(false) }; COUNT],
            share_ref: DriverShareRef::default(),
        })
    }

    /// Presses or releases a button.
    ///
    /// # Panics
    /// If there is no such button.
    pub fn set_pressed(&self, button: u32, pressed: bool) {
        let index = button as usize;
        if self.pressed[index].replace(pressed) != pressed && self.interrupts[index].get() {
            self.share_ref
                .schedule_upcall(upcall::EVENT, (button, pressed.into(), 0))
                .expect("upcall 0 exists");
        }
    }
}

impl<const COUNT: usize> SyscallDriver for Buttons<COUNT> {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(crate::apis::buttons::DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, button: u32, _: u32) -> CommandReturn {
        let index = button as usize;
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match command {
            Command::Exists => command_return::success_u32(COUNT as u32),
            _ if index >= COUNT => command_return::failure(ErrorCode::Invalid),
            Command::Enable | Command::Disable => {
                self.interrupts[index].set(command == Command::Enable);
                command_return::success()
            }
            Command::Read => command_return::success_u32(self.pressed[index].get().into()),
        }
    }
}
