//! The rounds of measured calls.

use crate::calls;
use core::fmt::Write;
use libtock::console::Console;

libtock::runtime::set_main!(main);

/// More than the generator of random numbers needs for its first seed.
const ROUNDS: usize = 512;
const ALARM: usize = 0;
const CONSOLE: usize = 1;
const LED: usize = 2;
const MISSING: usize = 0x7FFF_0000;
/// Long enough to sleep, in ticks of 1/32768 s, left-justified by 8 bits.
const DELAY: usize = 40 << 8;

/// Where the alarm's upcall arrives; the bench knows it by its symbol.
#[no_mangle]
extern "C" fn alarm_upcall(_now: usize, _expiry: usize, _unused: usize, _data: usize) {}

fn main() {
    let mut byte = [0u8; 4];
    let address = byte.as_mut_ptr() as usize;
    for _ in 0..ROUNDS {
        // SAFETY: each call passes what its class asks for; the buffer is
        // taken back before it goes, and the upcall is a plain function.
        unsafe {
            calls::null_command(LED, 0, 0, 0);
            calls::missing_driver(MISSING, 0, 0, 0);
            calls::yield_no_wait(0, address, 0, 0);
            calls::subscribe(ALARM, 0, alarm_upcall as *const () as usize, 0);
            calls::allow(CONSOLE, 1, address, 4);
            calls::allow(CONSOLE, 1, 0, 0);
            calls::memop(2, 0, 0, 0);
            calls::alarm_set(ALARM, 5, DELAY, 0);
            calls::alarm_sleep(1, 0, 0, 0);
            calls::unsubscribe(ALARM, 0, 0, 0);
        }
    }
    let _ = writeln!(Console::writer(), "bench done");
}
