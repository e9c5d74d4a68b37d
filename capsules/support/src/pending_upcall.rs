//! Upcalls that found no room in an app's queue are kept and scheduled again until they fit.
//!
//! The kernel drops an upcall for which there is no room. An app that waits for it
//! would wait for ever, so drivers keep it ([`PendingUpcall`]) and try again when an
//! alarm rings ([`Retry`]): soon at first, then seldom, because an app that never
//! yields must not keep the meter awake.

use core::cell::Cell;

use kernel::grant::GrantKernelData;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::utilities::cells::OptionalCell;

/// Milliseconds from the first failure to the next try. Each further wait is twice
/// as long as the one before.
const FIRST_MS: u32 = 10;
/// Milliseconds of the longest wait.
const LAST_MS: u32 = 1_000;

/// Whether upcalls are in the queues of their apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// No upcall waits for room any more.
    Complete,
    /// At least one upcall waits for room and must be scheduled again.
    Pending,
}

impl Delivery {
    /// The delivery of these and of other upcalls: pending if either is.
    pub fn and(self, other: Delivery) -> Delivery {
        match self {
            Delivery::Complete => other,
            Delivery::Pending => Delivery::Pending,
        }
    }
}

/// What a driver asks for another try when an upcall has found no room.
pub trait Retry {
    /// Has [`RetryClient::retry`] called soon, and then again, at growing intervals,
    /// until the delivery is complete.
    fn soon(&self);
}

/// A driver that keeps pending upcalls.
pub trait RetryClient {
    /// Schedules all pending upcalls again and returns whether some are still pending.
    fn retry(&self) -> Delivery;
}

/// Calls one driver's [`RetryClient::retry`] when its alarm rings. It must be made the
/// client of its alarm, and be told its driver by [`set_client`](Self::set_client).
pub struct RetryAlarm<'a, A: Alarm<'a>> {
    alarm: &'a A,
    client: OptionalCell<&'a dyn RetryClient>,
    /// Milliseconds that the alarm was set to; 0 while nothing is pending.
    after_ms: Cell<u32>,
}

impl<'a, A: Alarm<'a>> RetryAlarm<'a, A> {
    /// A retry on `alarm`, which nothing else may use.
    pub fn new(alarm: &'a A) -> Self {
        RetryAlarm {
            alarm,
            client: OptionalCell::empty(),
            after_ms: Cell::new(0),
        }
    }

    /// Sets the driver whose upcalls are scheduled again.
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
        // Upcalls that become pending during the retry are covered by what follows it.
        self.after_ms.set(FIRST_MS);
        let delivery = self
            .client
            .map_or(Delivery::Complete, |client| client.retry());
        match delivery {
            Delivery::Pending => self.ring_after((before * 2).clamp(FIRST_MS, LAST_MS)),
            Delivery::Complete => self.after_ms.set(0),
        }
    }
}

/// The upcall by which an app hears of the end of its operation, from the moment it is
/// due until it is in the app's queue. A driver keeps it in the app's grant.
#[derive(Default)]
pub struct PendingUpcall(Option<(usize, usize, usize)>);

impl PendingUpcall {
    /// Whether an upcall is due that is not in the app's queue yet.
    pub fn is_pending(&self) -> bool {
        self.0.is_some()
    }

    /// Schedules upcall `number` with these arguments. If the app's queue has no room it
    /// stays pending, and the driver must ask for a [`Retry`].
    pub fn schedule(
        &mut self,
        kernel_data: &GrantKernelData,
        number: usize,
        arguments: (usize, usize, usize),
    ) -> Delivery {
        self.0 = Some(arguments);
        self.retry(kernel_data, number)
    }

    /// Schedules upcall `number` again if it is pending.
    pub fn retry(&mut self, kernel_data: &GrantKernelData, number: usize) -> Delivery {
        if let Some(arguments) = self.0 {
            if kernel_data.schedule_upcall(number, arguments).is_err() {
                return Delivery::Pending;
            }
            self.0 = None;
        }
        Delivery::Complete
    }
}
