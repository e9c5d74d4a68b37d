//! RTC: `hil::time` at 32,768 Hz, 24 bits wide, with four alarms.
//!
//! A compare register fires when the counter becomes equal to it, surely only if
//! it was written at least two ticks ahead, and a match on the old value may still
//! come shortly after a new one was written (product specification, "RTC", compare
//! event). `compare` keeps the distance; an early match re-arms.

use crate::compare::{Compare, Step};
use crate::registers::rtc::RtcRegisters;
use crate::registers::Task;
use core::cell::Cell;
use kernel::hil::time::{
    Alarm, AlarmClient, Counter, CounterOverflow, Freq32KHz, OverflowClient, Ticks, Ticks24, Time,
};
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;
use kernel::ErrorCode;

/// Alarms of one RTC.
pub const ALARMS: usize = 4;

const COMPARE: Compare = Compare {
    mask: 0x00FF_FFFF,
    margin: 2,
};

const OVERFLOW_INTERRUPT: u32 = 1 << 1;

/// One alarm of the RTC; all alarms share its counter.
pub struct RtcAlarm<'a> {
    registers: StaticRef<RtcRegisters>,
    index: usize,
    client: OptionalCell<&'a dyn AlarmClient>,
    expiry: Cell<u32>,
    step: Cell<Option<Step>>,
}

impl RtcAlarm<'_> {
    const fn new(registers: StaticRef<RtcRegisters>, index: usize) -> Self {
        RtcAlarm {
            registers,
            index,
            client: OptionalCell::empty(),
            expiry: Cell::new(0),
            step: Cell::new(None),
        }
    }

    fn interrupt(&self) -> u32 {
        1 << (16 + self.index)
    }

    fn arm(&self, mut left: u32) {
        loop {
            let step = COMPARE.step(left, self.registers.counter.get());
            self.step.set(Some(step));
            self.registers.cc[self.index].set(step.compare);
            self.registers.events_compare[self.index].set(0);
            let now = self.registers.counter.get();
            if COMPARE.holds(step, now) {
                break;
            }
            left = COMPARE.left_after(step, now);
        }
        self.registers.intenset.set(self.interrupt());
    }

    fn handle_interrupt(&self) {
        let Some(step) = self.step.get() else {
            return;
        };
        let event = &self.registers.events_compare[self.index];
        if event.get() == 0 {
            return;
        }
        event.set(0);
        let left = COMPARE.left_after(step, self.registers.counter.get());
        if left > 0 {
            self.arm(left);
            return;
        }
        self.step.set(None);
        self.registers.intenclr.set(self.interrupt());
        self.client.map(|client| client.alarm());
    }
}

impl Time for RtcAlarm<'_> {
    type Frequency = Freq32KHz;
    type Ticks = Ticks24;

    fn now(&self) -> Ticks24 {
        Ticks24::from(self.registers.counter.get())
    }
}

impl<'a> Alarm<'a> for RtcAlarm<'a> {
    fn set_alarm_client(&self, client: &'a dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Ticks24, dt: Ticks24) {
        let (reference, dt) = (reference.into_u32(), dt.into_u32());
        self.expiry.set(reference.wrapping_add(dt) & COMPARE.mask);
        self.arm(COMPARE.left(reference, dt, self.registers.counter.get()));
    }

    fn get_alarm(&self) -> Ticks24 {
        Ticks24::from(self.expiry.get())
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.step.set(None);
        self.registers.intenclr.set(self.interrupt());
        self.registers.events_compare[self.index].set(0);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.step.get().is_some()
    }

    fn minimum_dt(&self) -> Ticks24 {
        Ticks24::from(COMPARE.margin + 1)
    }
}

/// The counter with its alarms. As an `Alarm` it is alarm 0.
pub struct Rtc<'a> {
    registers: StaticRef<RtcRegisters>,
    running: Cell<bool>,
    overflow_client: OptionalCell<&'a dyn OverflowClient>,
    alarms: [RtcAlarm<'a>; ALARMS],
}

impl<'a> Rtc<'a> {
    /// Makes the driver; the counter is stopped until [`Counter::start`].
    pub const fn new(registers: StaticRef<RtcRegisters>) -> Self {
        Rtc {
            registers,
            running: Cell::new(false),
            overflow_client: OptionalCell::empty(),
            alarms: [
                RtcAlarm::new(registers, 0),
                RtcAlarm::new(registers, 1),
                RtcAlarm::new(registers, 2),
                RtcAlarm::new(registers, 3),
            ],
        }
    }

    /// Alarm `index` of [`ALARMS`]; the last one for any greater index.
    pub fn alarm(&self, index: usize) -> &RtcAlarm<'a> {
        &self.alarms[index.min(ALARMS - 1)]
    }

    /// Calls the clients of all alarms that are due.
    pub fn handle_interrupt(&self) {
        for alarm in &self.alarms {
            alarm.handle_interrupt();
        }
        self.overflow_client.map(|client| {
            if self.registers.events_ovrflw.get() != 0 {
                self.registers.events_ovrflw.set(0);
                client.overflow();
            }
        });
    }
}

impl Time for Rtc<'_> {
    type Frequency = Freq32KHz;
    type Ticks = Ticks24;

    fn now(&self) -> Ticks24 {
        Ticks24::from(self.registers.counter.get())
    }
}

impl<'a> Counter<'a> for Rtc<'a> {
    fn start(&self) -> Result<(), ErrorCode> {
        // PRESCALER can only be written while the counter is stopped.
        if !self.running.replace(true) {
            self.registers.prescaler.set(0);
            self.registers.tasks_start.write(Task::TRIGGER.val(1));
        }
        Ok(())
    }

    fn stop(&self) -> Result<(), ErrorCode> {
        self.running.set(false);
        self.registers.tasks_stop.write(Task::TRIGGER.val(1));
        Ok(())
    }

    fn reset(&self) -> Result<(), ErrorCode> {
        self.registers.tasks_clear.write(Task::TRIGGER.val(1));
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.running.get()
    }
}

impl<'a> CounterOverflow<'a> for Rtc<'a> {
    fn set_overflow_client(&self, client: &'a dyn OverflowClient) {
        self.overflow_client.set(client);
        self.registers.events_ovrflw.set(0);
        self.registers.intenset.set(OVERFLOW_INTERRUPT);
    }
}

impl<'a> Alarm<'a> for Rtc<'a> {
    fn set_alarm_client(&self, client: &'a dyn AlarmClient) {
        self.alarms[0].set_alarm_client(client);
    }

    fn set_alarm(&self, reference: Ticks24, dt: Ticks24) {
        self.alarms[0].set_alarm(reference, dt);
    }

    fn get_alarm(&self) -> Ticks24 {
        self.alarms[0].get_alarm()
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.alarms[0].disarm()
    }

    fn is_armed(&self) -> bool {
        self.alarms[0].is_armed()
    }

    fn minimum_dt(&self) -> Ticks24 {
        self.alarms[0].minimum_dt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fake_registers, poke};

    struct Fired(Cell<u32>);

    impl AlarmClient for Fired {
        fn alarm(&self) {
            self.0.set(self.0.get() + 1);
        }
    }

    fn fixture() -> (
        StaticRef<RtcRegisters>,
        &'static Rtc<'static>,
        &'static Fired,
    ) {
        let registers: StaticRef<RtcRegisters> = fake_registers();
        let rtc: &'static Rtc = Box::leak(Box::new(Rtc::new(registers)));
        let fired: &'static Fired = Box::leak(Box::new(Fired(Cell::new(0))));
        rtc.set_alarm_client(fired);
        (registers, rtc, fired)
    }

    #[test]
    fn an_alarm_fires_once_at_its_time() {
        let (registers, rtc, fired) = fixture();
        poke(registers, &registers.counter, 1000);
        rtc.set_alarm(Ticks24::from(990), Ticks24::from(110));
        assert_eq!(registers.cc[0].get(), 1100);
        assert_eq!(registers.intenset.get(), 1 << 16);
        rtc.handle_interrupt();
        assert_eq!(fired.0.get(), 0);
        poke(registers, &registers.counter, 1100);
        registers.events_compare[0].set(1);
        rtc.handle_interrupt();
        assert_eq!(fired.0.get(), 1);
        assert!(!rtc.is_armed());
        rtc.handle_interrupt();
        assert_eq!(fired.0.get(), 1);
    }

    #[test]
    fn an_alarm_in_the_past_fires_soon_rather_than_a_turn_later() {
        let (registers, rtc, _) = fixture();
        poke(registers, &registers.counter, 5);
        rtc.set_alarm(Ticks24::from(0xFF_FFF0), Ticks24::from(8));
        assert_eq!(registers.cc[0].get(), 8);
    }

    #[test]
    fn a_match_of_the_previous_value_does_not_fire_early() {
        let (registers, rtc, fired) = fixture();
        poke(registers, &registers.counter, 1000);
        rtc.set_alarm(Ticks24::from(1000), Ticks24::from(500));
        poke(registers, &registers.counter, 1001);
        registers.events_compare[0].set(1);
        rtc.handle_interrupt();
        assert_eq!(fired.0.get(), 0);
        assert!(rtc.is_armed());
        assert_eq!(registers.cc[0].get(), 1500);
    }

    #[test]
    fn alarms_are_independent() {
        let (registers, rtc, fired) = fixture();
        let other: &'static Fired = Box::leak(Box::new(Fired(Cell::new(0))));
        rtc.alarm(2).set_alarm_client(other);
        rtc.alarm(2).set_alarm(Ticks24::from(0), Ticks24::from(100));
        rtc.set_alarm(Ticks24::from(0), Ticks24::from(50));
        poke(registers, &registers.counter, 100);
        registers.events_compare[2].set(1);
        rtc.handle_interrupt();
        assert_eq!((fired.0.get(), other.0.get()), (0, 1));
        rtc.disarm().unwrap();
        registers.events_compare[0].set(1);
        rtc.handle_interrupt();
        assert_eq!(fired.0.get(), 0);
    }
}
