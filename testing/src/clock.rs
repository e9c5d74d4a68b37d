//! A clock that tests move, with one alarm.

use std::cell::Cell;

use kernel::hil::time::{Alarm, AlarmClient, Freq32KHz, Ticks, Ticks32, Time};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

#[derive(Default)]
pub struct Clock {
    now: Cell<u32>,
    /// Reference and distance.
    alarm: Cell<Option<(u32, u32)>>,
    client: OptionalCell<&'static dyn AlarmClient>,
    /// How often the alarm has rung.
    rings: Cell<usize>,
}

impl Clock {
    pub fn new(now: u32) -> Self {
        let clock = Self::default();
        clock.now.set(now);
        clock
    }

    /// How often the alarm has rung.
    pub fn rings(&self) -> usize {
        self.rings.get()
    }

    /// Ticks until the alarm, if it is set.
    fn due(&self) -> Option<u32> {
        let (reference, dt) = self.alarm.get()?;
        Some(dt.saturating_sub(self.now.get().wrapping_sub(reference)))
    }

    fn move_on(&self, ticks: u32) {
        self.now.set(self.now.get().wrapping_add(ticks));
    }

    /// Lets the time pass up to the alarm, which rings. Whether there is one.
    pub fn ring(&self) -> bool {
        let Some(due) = self.due() else {
            return false;
        };
        self.move_on(due);
        self.alarm.set(None);
        self.rings.set(self.rings.get() + 1);
        self.client.map(|client| client.alarm());
        true
    }

    /// Lets time pass; the alarm rings whenever it is due. How often it does.
    pub fn pass_ms(&self, milliseconds: u32) -> usize {
        let before = self.rings.get();
        let mut left = (u64::from(milliseconds) * 32_768).div_ceil(1000) as u32;
        while let Some(due) = self.due().filter(|due| *due <= left) {
            left -= due;
            self.ring();
        }
        self.move_on(left);
        self.rings.get() - before
    }
}

impl Time for Clock {
    type Frequency = Freq32KHz;
    type Ticks = Ticks32;

    fn now(&self) -> Ticks32 {
        self.now.get().into()
    }
}

impl Alarm<'static> for Clock {
    fn set_alarm_client(&self, client: &'static dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Ticks32, dt: Ticks32) {
        assert!(dt.into_u32() > 0);
        self.alarm.set(Some((reference.into_u32(), dt.into_u32())));
    }

    fn get_alarm(&self) -> Ticks32 {
        let (reference, dt) = self.alarm.get().unwrap_or_default();
        reference.wrapping_add(dt).into()
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.alarm.set(None);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.alarm.get().is_some()
    }

    fn minimum_dt(&self) -> Ticks32 {
        2.into()
    }
}
