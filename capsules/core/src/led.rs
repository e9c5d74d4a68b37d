//! LEDs for apps: driver 0x2.

use drivers::led::Command;
use kernel::hil::led::Led;
use kernel::process::Error;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::{ErrorCode, ProcessId};

use crate::driver;

/// Driver number.
pub const DRIVER_NUM: usize = driver::NUM::Led as usize;

/// Lets every app use the LEDs of a board, by index.
pub struct LedDriver<'a, L: Led, const NUM_LEDS: usize> {
    leds: &'a [&'a L; NUM_LEDS],
}

impl<'a, L: Led, const NUM_LEDS: usize> LedDriver<'a, L, NUM_LEDS> {
    /// Makes the driver of `leds`, which it initializes and turns off.
    pub fn new(leds: &'a [&'a L; NUM_LEDS]) -> Self {
        for led in leds {
            led.init();
            led.off();
        }
        Self { leds }
    }

    fn on_led(&self, index: usize, operation: impl FnOnce(&L) -> CommandReturn) -> CommandReturn {
        match self.leds.get(index) {
            Some(led) => operation(led),
            None => CommandReturn::failure(ErrorCode::INVAL),
        }
    }
}

impl<L: Led, const NUM_LEDS: usize> SyscallDriver for LedDriver<'_, L, NUM_LEDS> {
    /// - 0: success with the number of LEDs.
    /// - 1, 2, 3: lights, darkens, toggles LED `data`.
    /// - 4: success with 1 when LED `data` is lit, else 0.
    ///
    /// INVAL: there is no such LED.
    fn command(&self, command_num: usize, data: usize, _: usize, _: ProcessId) -> CommandReturn {
        let Some(command) = Command::from_number(command_num) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success_u32(NUM_LEDS as u32),
            Command::On => self.on_led(data, |led| {
                led.on();
                CommandReturn::success()
            }),
            Command::Off => self.on_led(data, |led| {
                led.off();
                CommandReturn::success()
            }),
            Command::Toggle => self.on_led(data, |led| {
                led.toggle();
                CommandReturn::success()
            }),
            Command::Read => self.on_led(data, |led| CommandReturn::success_u32(led.read().into())),
        }
    }

    /// The driver keeps nothing for apps.
    fn allocate_grant(&self, _process_id: ProcessId) -> Result<(), Error> {
        Ok(())
    }
}
