//! Many alarms on one.
//!
//! The hardware alarm is always set to the earliest moment at which one of the
//! virtual alarms must be looked at. Nothing is sorted: there are a handful of
//! clients, and setting an alarm must be cheap.

use core::cell::Cell;

use kernel::collections::list::{List, ListLink, ListNode};
use kernel::hil::time::{Alarm, AlarmClient, Time};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

use super::Deadline;

/// One client's alarm.
pub struct VirtualMuxAlarm<'a, A: Alarm<'a>> {
    mux: &'a MuxAlarm<'a, A>,
    /// What is armed, if anything.
    armed: Cell<Option<Deadline<A::Ticks>>>,
    /// The moment set last, armed or not.
    moment: Cell<A::Ticks>,
    next: ListLink<'a, VirtualMuxAlarm<'a, A>>,
    client: OptionalCell<&'a dyn AlarmClient>,
}

impl<'a, A: Alarm<'a>> ListNode<'a, VirtualMuxAlarm<'a, A>> for VirtualMuxAlarm<'a, A> {
    fn next(&'a self) -> &'a ListLink<'a, VirtualMuxAlarm<'a, A>> {
        &self.next
    }
}

impl<'a, A: Alarm<'a>> VirtualMuxAlarm<'a, A> {
    /// An alarm on `mux`; it works after [`Self::setup`].
    pub fn new(mux: &'a MuxAlarm<'a, A>) -> VirtualMuxAlarm<'a, A> {
        VirtualMuxAlarm {
            mux,
            armed: Cell::new(None),
            moment: Cell::new(A::Ticks::from(0)),
            next: ListLink::empty(),
            client: OptionalCell::empty(),
        }
    }

    /// Adds the alarm to its multiplexer; to be called once.
    pub fn setup(&'a self) {
        self.mux.virtual_alarms.push_head(self);
    }
}

impl<'a, A: Alarm<'a>> Time for VirtualMuxAlarm<'a, A> {
    type Frequency = A::Frequency;
    type Ticks = A::Ticks;

    fn now(&self) -> Self::Ticks {
        self.mux.alarm.now()
    }
}

impl<'a, A: Alarm<'a>> Alarm<'a> for VirtualMuxAlarm<'a, A> {
    fn set_alarm_client(&self, client: &'a dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Self::Ticks, dt: Self::Ticks) {
        let deadline = Deadline::new(reference, dt);
        self.moment.set(deadline.moment());
        if self.armed.replace(Some(deadline)).is_none() {
            self.mux.armed_count.set(self.mux.armed_count.get() + 1);
        }
        self.mux.consider(deadline);
    }

    fn get_alarm(&self) -> Self::Ticks {
        self.moment.get()
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        if self.armed.take().is_some() {
            self.mux.disarmed_one();
        }
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.armed.get().is_some()
    }

    fn minimum_dt(&self) -> Self::Ticks {
        self.mux.alarm.minimum_dt()
    }
}

/// The hardware alarm and its virtual ones.
pub struct MuxAlarm<'a, A: Alarm<'a>> {
    virtual_alarms: List<'a, VirtualMuxAlarm<'a, A>>,
    alarm: &'a A,
    /// Virtual alarms that are armed.
    armed_count: Cell<usize>,
    /// What the hardware alarm is set to; may be earlier than needed after a
    /// virtual alarm was disarmed.
    hardware: Cell<Option<Deadline<A::Ticks>>>,
    /// The clients are being called; the hardware is set after that.
    firing: Cell<bool>,
}

impl<'a, A: Alarm<'a>> MuxAlarm<'a, A> {
    /// A multiplexer on `alarm`, whose client it must be made.
    pub const fn new(alarm: &'a A) -> MuxAlarm<'a, A> {
        MuxAlarm {
            virtual_alarms: List::new(),
            alarm,
            armed_count: Cell::new(0),
            hardware: Cell::new(None),
            firing: Cell::new(false),
        }
    }

    /// Sets the hardware alarm to `left` from `now`.
    fn set_hardware(&self, now: A::Ticks, left: A::Ticks) {
        self.hardware.set(Some(Deadline::new(now, left)));
        self.alarm.set_alarm(now, left);
    }

    /// Sets the hardware alarm to a new deadline if that comes first.
    fn consider(&self, mut deadline: Deadline<A::Ticks>) {
        if self.firing.get() {
            return;
        }
        let now = self.alarm.now();
        let zero = A::Ticks::from(0);
        let left = deadline.poll(now).unwrap_or(zero);
        // A single armed alarm owns the hardware, also when it moves later.
        if self.armed_count.get() > 1 {
            if let Some(mut hardware) = self.hardware.get() {
                if hardware.poll(now).unwrap_or(zero) <= left {
                    return;
                }
            }
        }
        self.set_hardware(now, left);
    }

    /// Takes note that a virtual alarm is armed no more.
    fn disarmed_one(&self) {
        let count = self.armed_count.get() - 1;
        self.armed_count.set(count);
        if count == 0 && !self.firing.get() {
            self.hardware.set(None);
            // If the interrupt comes all the same, nothing is due in it.
            let _ = self.alarm.disarm();
        }
    }
}

impl<'a, A: Alarm<'a>> AlarmClient for MuxAlarm<'a, A> {
    fn alarm(&self) {
        self.firing.set(true);
        self.hardware.set(None);
        let now = self.alarm.now();
        for virtual_alarm in self.virtual_alarms.iter() {
            let Some(mut deadline) = virtual_alarm.armed.get() else {
                continue;
            };
            if deadline.poll(now).is_some() {
                // Keeps which step of a long distance it has reached.
                virtual_alarm.armed.set(Some(deadline));
            } else {
                virtual_alarm.armed.set(None);
                self.disarmed_one();
                virtual_alarm.client.map(|client| client.alarm());
            }
        }
        self.firing.set(false);

        // The callbacks took time, and may have set and disarmed any alarm.
        let now = self.alarm.now();
        let first = self
            .virtual_alarms
            .iter()
            .filter_map(|virtual_alarm| virtual_alarm.armed.get())
            .map(|mut deadline| deadline.poll(now).unwrap_or(A::Ticks::from(0)))
            .min();
        if let Some(left) = first {
            self.set_hardware(now, left);
        }
    }
}

#[cfg(test)]
mod tests;
