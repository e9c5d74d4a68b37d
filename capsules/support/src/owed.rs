//! Upcalls that apps are owed: what found their queues of upcalls full is tried again until it is delivered.
//!
//! The kernel drops an upcall for which there is no room. An app that waits for it
//! would wait for ever, so drivers keep it ([`Upcall`]) and try again when an
//! alarm rings ([`Retry`]): soon at first, then seldom, because an app that never
//! yields must not keep the meter awake.

use core::cell::Cell;

use kernel::grant::GrantKernelData;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::utilities::cells::OptionalCell;

/// Milliseconds after which it is tried again: the first time, then twice as long
/// each time up to the limit.
const FIRST_MS: u32 = 10;
const LAST_MS: u32 = 1_000;

/// Asks a driver to try again.
pub trait Retry {
    /// Something is owed: it is to be tried soon.
    fn soon(&self);
}

/// A driver that owes upcalls.
pub trait RetryClient {
    /// Tries all that is owed. Whether some still is.
    fn pay(&self) -> bool;
}

/// Rings for one driver. It must be made the client of its alarm, and be told its
/// driver.
pub struct RetryAlarm<'a, A: Alarm<'a>> {
    alarm: &'a A,
    client: OptionalCell<&'a dyn RetryClient>,
    /// What the alarm was set to; 0 while nothing is to be tried again.
    after_ms: Cell<u32>,
}

impl<'a, A: Alarm<'a>> RetryAlarm<'a, A> {
    /// On an alarm of its own.
    pub fn new(alarm: &'a A) -> Self {
        RetryAlarm {
            alarm,
            client: OptionalCell::empty(),
            after_ms: Cell::new(0),
        }
    }

    /// Sets the driver that it rings for.
    pub fn set_client(&self, client: &'a dyn RetryClient) {
        self.client.set(client);
    }

    fn ring_after(&self, milliseconds: u32) {
        self.after_ms.set(milliseconds);
        let ticks = self.alarm.ticks_from_ms(milliseconds);
        self.alarm.set_alarm(self.alarm.now(), ticks);
    }
}

impl<'a, A: Alarm<'a>> Retry for RetryAlarm<'a, A> {
    fn soon(&self) {
        // Not set anew each time: one who asks without end would put it off for ever.
        if self.after_ms.get() != FIRST_MS {
            self.ring_after(FIRST_MS);
        }
    }
}

impl<'a, A: Alarm<'a>> AlarmClient for RetryAlarm<'a, A> {
    fn alarm(&self) {
        let before = self.after_ms.get();
        // While it pays, whatever it owes anew is covered by what follows.
        self.after_ms.set(FIRST_MS);
        if self.client.map_or(false, |client| client.pay()) {
            self.ring_after((before * 2).clamp(FIRST_MS, LAST_MS));
        } else {
            self.after_ms.set(0);
        }
    }
}

/// The upcall by which an app hears of the end of its operation, while it is owed.
#[derive(Default)]
pub struct Upcall(Option<(usize, usize, usize)>);

impl Upcall {
    /// Whether the app has not been told yet.
    pub fn is_owed(&self) -> bool {
        self.0.is_some()
    }

    /// Tells the app by upcall `number`. Whether it was told; otherwise it is owed.
    pub fn tell(
        &mut self,
        kernel_data: &GrantKernelData,
        number: usize,
        arguments: (usize, usize, usize),
    ) -> bool {
        self.0 = Some(arguments);
        self.pay(kernel_data, number)
    }

    /// Tries again, if it is owed. Whether nothing is owed now.
    pub fn pay(&mut self, kernel_data: &GrantKernelData, number: usize) -> bool {
        if let Some(arguments) = self.0 {
            if kernel_data.schedule_upcall(number, arguments).is_err() {
                return false;
            }
            self.0 = None;
        }
        true
    }
}
