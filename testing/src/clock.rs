//! A clock that the test moves, with one alarm.

use std::cell::Cell;

use kernel::hil::time::{Alarm, AlarmClient, Freq32KHz, Ticks, Ticks32, Time};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

/// A counter of 32,768 Hz that stands still until the test moves it, and its alarm.
///
/// It is as wide as `T`, and wraps as hardware does. An alarm becomes due when the counter
/// meets its moment, or at once if that moment has passed; it stays due until its client
/// is called, which [`ring`](Self::ring) and [`pass`](Self::pass) do. Several alarms share
/// one clock through the capsule that boards use for that, `MuxAlarm`.
pub struct Clock<T: Ticks = Ticks32> {
    now: Cell<T>,
    /// Reference and distance.
    alarm: Cell<Option<(T, T)>>,
    /// The counter has met the alarm's moment, and its client has not been called.
    due: Cell<bool>,
    client: OptionalCell<&'static dyn AlarmClient>,
    rings: Cell<usize>,
}

impl<T: Ticks> Default for Clock<T> {
    fn default() -> Self {
        Self::new(0)
    }
}

impl<T: Ticks> Clock<T> {
    /// A clock that stands at `now`, with its alarm off.
    pub fn new(now: u32) -> Self {
        Clock {
            now: Cell::new(T::from(now)),
            alarm: Cell::new(None),
            due: Cell::new(false),
            client: OptionalCell::empty(),
            rings: Cell::new(0),
        }
    }

    /// How often the alarm has rung.
    pub fn rings(&self) -> usize {
        self.rings.get()
    }

    /// What the alarm is set to, in ticks: reference and distance.
    pub fn alarm(&self) -> Option<(u32, u32)> {
        let (reference, dt) = self.alarm.get()?;
        Some((reference.into_u32(), dt.into_u32()))
    }

    /// Turns the alarm off without ringing, and returns the distance in ticks that it
    /// was set to.
    pub fn take_alarm(&self) -> Option<u32> {
        let (_, dt) = self.alarm.take()?;
        Some(dt.into_u32())
    }

    /// Ticks until the alarm is due, if it is set.
    fn ticks_left(&self) -> Option<u32> {
        let (reference, dt) = self.alarm.get()?;
        let elapsed = self.now.get().wrapping_sub(reference);
        if self.due.get() || elapsed >= dt {
            Some(0)
        } else {
            Some(dt.wrapping_sub(elapsed).into_u32())
        }
    }

    /// Lets `ticks` pass in which nobody looks at the alarm, however long it is due.
    pub fn wait(&self, ticks: u32) {
        if self.ticks_left().is_some_and(|left| left <= ticks) {
            self.due.set(true);
        }
        self.now.set(self.now.get().wrapping_add(T::from(ticks)));
    }

    /// Calls the alarm's client if the alarm is due, and returns whether it was.
    pub fn ring_if_due(&self) -> bool {
        let due = self.ticks_left() == Some(0);
        if due {
            self.alarm.set(None);
            self.due.set(false);
            self.rings.set(self.rings.get() + 1);
            self.client.map(|client| client.alarm());
        }
        due
    }

    /// Lets the time pass up to the alarm, which rings. Returns the ticks that passed;
    /// `None` if the alarm is off.
    pub fn ring(&self) -> Option<u32> {
        let left = self.ticks_left()?;
        self.wait(left);
        self.ring_if_due();
        Some(left)
    }

    /// Lets `ticks` pass. The alarm rings whenever it is due; returns how often it did.
    pub fn pass(&self, ticks: u32) -> usize {
        let before = self.rings.get();
        let mut rest = ticks;
        while let Some(left) = self.ticks_left().filter(|left| *left <= rest) {
            rest -= left;
            self.ring();
        }
        self.wait(rest);
        self.rings.get() - before
    }

    /// Lets time pass up to the moment `until`, as [`pass`](Self::pass) does.
    pub fn pass_until(&self, until: u32) -> usize {
        self.pass(T::from(until).wrapping_sub(self.now.get()).into_u32())
    }

    /// Lets `milliseconds` pass, rounded up to ticks, as [`pass`](Self::pass) does.
    pub fn pass_ms(&self, milliseconds: u32) -> usize {
        self.pass((u64::from(milliseconds) * 32_768).div_ceil(1000) as u32)
    }
}

impl<T: Ticks> Time for Clock<T> {
    type Frequency = Freq32KHz;
    type Ticks = T;

    fn now(&self) -> T {
        self.now.get()
    }
}

impl<T: Ticks + 'static> Alarm<'static> for Clock<T> {
    fn set_alarm_client(&self, client: &'static dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: T, dt: T) {
        self.due.set(false);
        self.alarm.set(Some((reference, dt)));
    }

    fn get_alarm(&self) -> T {
        let zero = || (T::from(0), T::from(0));
        let (reference, dt) = self.alarm.get().unwrap_or_else(zero);
        reference.wrapping_add(dt)
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.alarm.set(None);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.alarm.get().is_some()
    }

    fn minimum_dt(&self) -> T {
        T::from(2)
    }
}
