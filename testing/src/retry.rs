//! What rings for a driver that owes upcalls.

use capsules_support::pending_upcall::RetryAlarm;
use kernel::hil::time::Alarm;

use crate::clock::Clock;
use crate::host::forever;

/// A driver's retry alarm, on a clock of its own, which the input moves.
pub fn retry_on_a_clock() -> (&'static RetryAlarm<'static, Clock>, &'static Clock) {
    let clock = forever(Clock::default());
    let retry = forever(RetryAlarm::new(clock));
    clock.set_alarm_client(retry);
    (retry, clock)
}
