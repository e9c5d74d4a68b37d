//! A clock that the test moves, with one alarm.

use std::cell::Cell;

use kernel::hil::time::{Alarm, AlarmClient, Freq32KHz, Ticks, Ticks32, Time};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

#[derive(Default)]
pub struct Clock {
    now: Cell<u32>,
    alarm: Cell<Option<(u32, u32)>>,
    client: OptionalCell<&'static dyn AlarmClient>,
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

impl Clock {
    /// Lets milliseconds pass, ringing as often as it is due. Gives how often.
    pub fn pass(&self, milliseconds: u32) -> u32 {
        let mut rings = 0;
        for _ in 0..milliseconds * 33 {
            let now = self.now.get().wrapping_add(1);
            self.now.set(now);
            if let Some((reference, dt)) = self.alarm.get() {
                if now.wrapping_sub(reference) >= dt {
                    self.alarm.set(None);
                    rings += 1;
                    self.client.map(|client| client.alarm());
                }
            }
        }
        rings
    }
}
