//! What rings for a driver whose upcalls are pending.

use capsules_support::pending_upcall::RetryAlarm;
use kernel::hil::time::Alarm;

use crate::clock::Clock;
use crate::memory::forever;

/// The retry alarm of one driver, on a clock of its own. The driver must be made its client.
pub fn retry_on(clock: &'static Clock) -> &'static RetryAlarm<'static, Clock> {
    let retry = forever(RetryAlarm::new(clock));
    clock.set_alarm_client(retry);
    retry
}
