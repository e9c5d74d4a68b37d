//! An alarm that several users share, and the earliest of several.

use core::cell::Cell;
use core::marker::PhantomData;

use kernel::collections::list::{List, ListLink, ListNode};
use kernel::hil::time::{self, Alarm, Ticks, Time};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

/// A moment, as an interval from another.
#[derive(Copy, Clone, Debug)]
pub struct Expiry<T: Ticks> {
    pub reference: T,
    pub dt: T,
}

impl<T: Ticks> Expiry<T> {
    fn end(&self) -> T {
        self.reference.wrapping_add(self.dt)
    }
}

/// Which of several moments comes first.
pub struct Earliest<'a, A: Alarm<'a>>(PhantomData<&'a A>);

impl<'a, A: Alarm<'a>> Earliest<'a, A> {
    pub fn of(
        now: A::Ticks,
        expiries: impl Iterator<Item = Expiry<A::Ticks>>,
    ) -> Option<Expiry<A::Ticks>> {
        expiries
            .filter(|expiry| now.within_range(expiry.reference, expiry.end()))
            .min_by_key(|expiry| expiry.end().wrapping_sub(now))
    }

    /// Ticks a second, as processes see them.
    pub fn scale() -> u32 {
        <A::Ticks>::u32_left_justified_scale_freq::<A::Frequency>()
    }
}

/// One alarm for several users.
pub struct SharedAlarm<'a, A: Alarm<'a>> {
    users: List<'a, UserAlarm<'a, A>>,
    enabled: Cell<usize>,
    alarm: &'a A,
}

impl<'a, A: Alarm<'a>> SharedAlarm<'a, A> {
    pub const fn new(alarm: &'a A) -> SharedAlarm<'a, A> {
        SharedAlarm {
            users: List::new(),
            enabled: Cell::new(0),
            alarm,
        }
    }

    /// An alarm that is to be added.
    pub fn alarm(&'a self) -> UserAlarm<'a, A> {
        let zero = A::Ticks::from(0);
        UserAlarm {
            shared: self,
            expiry: Cell::new(Expiry {
                reference: zero,
                dt: zero,
            }),
            armed: Cell::new(false),
            next: ListLink::empty(),
            client: OptionalCell::empty(),
        }
    }

    pub fn add(&self, alarm: &'a UserAlarm<'a, A>) {
        self.users.push_head(alarm);
    }

    fn set_earliest(&self) {
        let now = self.alarm.now();
        let next = self
            .users
            .iter()
            .filter(|user| user.armed.get())
            .min_by_key(|user| {
                let expiry = user.expiry.get();
                if now.within_range(expiry.reference, expiry.end()) {
                    expiry.end().wrapping_sub(now)
                } else {
                    A::Ticks::from(0u32)
                }
            });
        match next.map(|user| user.expiry.get()) {
            Some(expiry) => self.alarm.set_alarm(expiry.reference, expiry.dt),
            None => {
                let _ = self.alarm.disarm();
            }
        }
    }
}

impl<'a, A: Alarm<'a>> time::AlarmClient for SharedAlarm<'a, A> {
    fn alarm(&self) {
        self.users
            .iter()
            .filter(|user| {
                let expiry = user.expiry.get();
                let now = self.alarm.now();
                user.armed.get() && !now.within_range(expiry.reference, expiry.end())
            })
            .for_each(|user| {
                user.armed.set(false);
                self.enabled.set(self.enabled.get() - 1);
                user.alarm();
            });
        self.set_earliest();
    }
}

/// One user's alarm.
pub struct UserAlarm<'a, A: Alarm<'a>> {
    shared: &'a SharedAlarm<'a, A>,
    expiry: Cell<Expiry<A::Ticks>>,
    armed: Cell<bool>,
    next: ListLink<'a, UserAlarm<'a, A>>,
    client: OptionalCell<&'a dyn time::AlarmClient>,
}

impl<'a, A: Alarm<'a>> ListNode<'a, UserAlarm<'a, A>> for UserAlarm<'a, A> {
    fn next(&'a self) -> &'a ListLink<'a, UserAlarm<'a, A>> {
        &self.next
    }
}

impl<'a, A: Alarm<'a>> Time for UserAlarm<'a, A> {
    type Frequency = A::Frequency;
    type Ticks = A::Ticks;

    fn now(&self) -> Self::Ticks {
        self.shared.alarm.now()
    }
}

impl<'a, A: Alarm<'a>> Alarm<'a> for UserAlarm<'a, A> {
    fn set_alarm_client(&self, client: &'a dyn time::AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Self::Ticks, dt: Self::Ticks) {
        let half = Self::Ticks::half_max_value();
        let dt = if dt > half.wrapping_add(self.minimum_dt()) {
            half
        } else {
            dt
        };
        self.expiry.set(Expiry { reference, dt });
        if !self.armed.replace(true) {
            self.shared.enabled.set(self.shared.enabled.get() + 1);
        }
        self.shared.set_earliest();
    }

    fn get_alarm(&self) -> Self::Ticks {
        self.expiry.get().end()
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.armed.set(false);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.armed.get()
    }

    fn minimum_dt(&self) -> Self::Ticks {
        self.shared.alarm.minimum_dt()
    }
}

impl<'a, A: Alarm<'a>> time::AlarmClient for UserAlarm<'a, A> {
    fn alarm(&self) {
        self.client.map(|client| client.alarm());
    }
}
