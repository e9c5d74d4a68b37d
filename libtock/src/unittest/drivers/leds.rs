//! Fake LEDs.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::{command_return, fake::SyscallDriver, DriverInfo};
use drivers::led::Command;
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
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match command {
            Command::Exists => command_return::success_u32(COUNT as u32),
            _ if index >= COUNT => command_return::failure(ErrorCode::Invalid),
            Command::Read => command_return::success_u32(self.lit[index].get().into()),
            Command::On | Command::Off | Command::Toggle => {
                let was = self.lit[index].get();
                let lit = match command {
                    Command::On => true,
                    Command::Off => false,
                    _ => !was,
                };
                self.lit[index].set(lit);
                if lit && !was {
                    self.lightings[index].set(self.lightings[index].get() + 1);
                }
                command_return::success()
            }
        }
    }
}
