//! Fake LEDs.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::{command_return, fake::SyscallDriver, DriverInfo};
use std::cell::Cell;
use std::rc::Rc;

/// `COUNT` LEDs, dark at first.
pub struct Leds<const COUNT: usize> {
    lit: [Cell<bool>; COUNT],
    lightings: [Cell<u32>; COUNT],
}

impl<const COUNT: usize> Leds<COUNT> {
    /// The LEDs.
    pub fn new() -> Rc<Self> {
        Rc::new(Leds {
            lit: [const { Cell::new(false) }; COUNT],
            lightings: [const { Cell::new(0) }; COUNT],
        })
    }

    /// Whether an LED is lit, if it is there.
    pub fn get_led(&self, led: u32) -> Option<bool> {
        self.lit.get(led as usize).map(Cell::get)
    }

    /// How often an LED went from dark to lit, if it is there.
    pub fn lightings(&self, led: u32) -> Option<u32> {
        self.lightings.get(led as usize).map(Cell::get)
    }
}

impl<const COUNT: usize> SyscallDriver for Leds<COUNT> {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(crate::apis::leds::DRIVER_NUM)
    }

    fn command(&self, command_id: u32, led: u32, _: u32) -> CommandReturn {
        let index = led as usize;
        match command_id {
            0 => command_return::success_u32(COUNT as u32),
            1..=3 if index >= COUNT => command_return::failure(ErrorCode::Invalid),
            1..=3 => {
                let was = self.lit[index].get();
                let lit = match command_id {
                    1 => true,
                    2 => false,
                    _ => !was,
                };
                self.lit[index].set(lit);
                if lit && !was {
                    self.lightings[index].set(self.lightings[index].get() + 1);
                }
                command_return::success()
            }
            _ => command_return::failure(ErrorCode::NoSupport),
        }
    }
}
