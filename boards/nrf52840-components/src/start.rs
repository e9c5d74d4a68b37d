//! The first steps after reset, before a board makes its drivers.

use kernel::platform::chip::{Chip, ThreadIdProvider};
use nrf52840::base;
use nrf52840::clock::{Clock, LowClockSource};

/// CPU clock in Hz.
pub const CPU_HZ: u32 = 64_000_000;

/// Makes core and kernel ready, and starts both clocks from their crystals.
///
/// Neither clock is waited for: the RTC starts to count, and the timers get the crystal's
/// accuracy, when they are there.
pub fn begin<C: Chip<ThreadIdProvider = T>, T: ThreadIdProvider>() {
    C::init();
    kernel::deferred_call::initialize_deferred_call_state::<T>();
    kernel::debug::initialize_debug_writer_wrapper::<T>();
    let clock = Clock::new(base::CLOCK);
    clock.start_low(LowClockSource::Crystal);
    clock.start_high();
}
