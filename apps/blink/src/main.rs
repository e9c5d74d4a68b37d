//! Blinks an LED once a second: the app to copy.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod target {
    use core::fmt::Write;
    use libtock::alarm::{Alarm, Milliseconds};
    use libtock::console::Console;
    use libtock::leds::Leds;
    use libtock::platform::ErrorCode;

    libtock::runtime::set_main!(main);
    libtock::runtime::stack_size!(0x400);

    /// LED2 of the board: LED1 is the meter's pulse output.
    const LED: u32 = 1;

    fn main() -> Result<(), ErrorCode> {
        writeln!(Console::writer(), "blink: LED{}", LED + 1).map_err(|_| ErrorCode::Fail)?;
        loop {
            Leds::toggle(LED)?;
            Alarm::sleep_for(Milliseconds(500))?;
        }
    }
}

/// The app runs on the meter only.
#[cfg(not(target_os = "none"))]
fn main() {}
