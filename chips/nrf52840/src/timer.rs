//! TIMER: 16 MHz timers and event counters, and a `hil::time` alarm on one.

use crate::compare::{Compare, Step};
use crate::dma::register_address;
use crate::registers::timer::{BitMode, Mode, TimerRegisters};
use crate::registers::Task;
use core::cell::Cell;
use kernel::hil::time::{
    Alarm, AlarmClient, Counter, CounterOverflow, Freq1MHz, OverflowClient, Ticks, Ticks32, Time,
};
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;
use kernel::ErrorCode;

/// Prescaler exponent that makes 1 MHz of the 16 MHz clock.
pub const MICROSECONDS: u32 = 4;

/// A timer, for drivers that wire it through PPI.
#[derive(Clone, Copy)]
pub struct Timer {
    registers: StaticRef<TimerRegisters>,
}

impl Timer {
    /// Makes the driver; the timer keeps its state.
    pub const fn new(registers: StaticRef<TimerRegisters>) -> Self {
        Timer { registers }
    }

    /// Stops and clears it and lets it count time, 32 bits wide, at 16 MHz / 2^`prescaler`.
    pub fn configure_as_timer(&self, prescaler: u32) {
        self.configure(Mode::MODE::Timer);
        self.registers.prescaler.set(prescaler);
    }

    /// Stops and clears it and lets it count triggers of its COUNT task, 32 bits wide.
    pub fn configure_as_counter(&self) {
        self.configure(Mode::MODE::LowPowerCounter);
    }

    fn configure(&self, mode: kernel::utilities::registers::FieldValue<u32, Mode::Register>) {
        self.stop();
        self.registers.intenclr.set(0xFFFF_FFFF);
        self.registers.shorts.set(0);
        self.registers.mode.write(mode);
        self.registers.bitmode.write(BitMode::BITMODE::Bits32);
        self.clear();
    }

    /// Starts to count, from where the count stands.
    pub fn start(&self) {
        self.registers.tasks_start.write(Task::TRIGGER.val(1));
    }

    /// Stops counting; the value stays.
    pub fn stop(&self) {
        self.registers.tasks_stop.write(Task::TRIGGER.val(1));
    }

    /// Sets the count to 0.
    pub fn clear(&self) {
        self.registers.tasks_clear.write(Task::TRIGGER.val(1));
    }

    /// The count now, by way of capture register `index`.
    pub fn capture(&self, index: usize) -> u32 {
        self.registers.tasks_capture[index].write(Task::TRIGGER.val(1));
        self.captured(index)
    }

    /// What was last captured in, or set to, register `index`.
    pub fn captured(&self, index: usize) -> u32 {
        self.registers.cc[index].get()
    }

    /// Sets compare register `index`.
    pub fn set_compare(&self, index: usize, value: u32) {
        self.registers.cc[index].set(value);
    }

    /// Returns whether the count has reached compare register `index` since the
    /// event was cleared.
    pub fn compare_happened(&self, index: usize) -> bool {
        self.registers.events_compare[index].get() != 0
    }

    /// Clears the event of compare register `index`.
    pub fn clear_compare(&self, index: usize) {
        self.registers.events_compare[index].set(0);
    }

    /// What reaching a compare register does by itself: bit n clears the count at
    /// register n, bit n + 8 stops it there.
    pub fn set_shorts(&self, shorts: u32) {
        self.registers.shorts.set(shorts);
    }

    /// PPI event: the count reached register `index`.
    pub fn compare_event(&self, index: usize) -> u32 {
        register_address(&self.registers.events_compare[index])
    }

    /// PPI task: capture the count in register `index`.
    pub fn capture_task(&self, index: usize) -> u32 {
        register_address(&self.registers.tasks_capture[index])
    }

    /// Returns the address of the task that counts one, for the PPI.
    pub fn count_task(&self) -> u32 {
        register_address(&self.registers.tasks_count)
    }

    /// Returns the address of the task that starts the timer, for the PPI.
    pub fn start_task(&self) -> u32 {
        register_address(&self.registers.tasks_start)
    }

    /// Returns the address of the task that sets the count to 0, for the PPI.
    pub fn clear_task(&self) -> u32 {
        register_address(&self.registers.tasks_clear)
    }
}

const ALARM: usize = 0;
const NOW: usize = 1;
const WRAP: usize = 2;

/// Up to four ticks may pass between reading the count and the write of a
/// compare register taking effect.
const COMPARE: Compare = Compare {
    mask: 0xFFFF_FFFF,
    margin: 4,
};

/// `hil::time` at 1 MHz, 32 bits wide, on one timer.
pub struct TimerAlarm<'a> {
    timer: Timer,
    running: Cell<bool>,
    client: OptionalCell<&'a dyn AlarmClient>,
    overflow_client: OptionalCell<&'a dyn OverflowClient>,
    expiry: Cell<u32>,
    step: Cell<Option<Step>>,
}

impl TimerAlarm<'_> {
    /// Makes the driver; the timer is stopped until [`Counter::start`].
    pub const fn new(registers: StaticRef<TimerRegisters>) -> Self {
        TimerAlarm {
            timer: Timer::new(registers),
            running: Cell::new(false),
            client: OptionalCell::empty(),
            overflow_client: OptionalCell::empty(),
            expiry: Cell::new(0),
            step: Cell::new(None),
        }
    }

    fn set_interrupt(&self, index: usize, on: bool) {
        let mask = 1 << (16 + index);
        if on {
            self.timer.registers.intenset.set(mask);
        } else {
            self.timer.registers.intenclr.set(mask);
        }
    }

    fn arm(&self, mut left: u32) {
        loop {
            let step = COMPARE.step(left, self.timer.capture(NOW));
            self.step.set(Some(step));
            self.timer.set_compare(ALARM, step.compare);
            self.timer.clear_compare(ALARM);
            let now = self.timer.capture(NOW);
            if COMPARE.holds(step, now) {
                break;
            }
            left = COMPARE.left_after(step, now);
        }
        self.set_interrupt(ALARM, true);
    }

    /// Calls the clients of what is due.
    pub fn handle_interrupt(&self) {
        if let Some(step) = self.step.get() {
            if self.timer.compare_happened(ALARM) {
                self.timer.clear_compare(ALARM);
                let left = COMPARE.left_after(step, self.timer.capture(NOW));
                if left > 0 {
                    self.arm(left);
                } else {
                    self.step.set(None);
                    self.set_interrupt(ALARM, false);
                    self.client.map(|client| client.alarm());
                }
            }
        }
        self.overflow_client.map(|client| {
            if self.timer.compare_happened(WRAP) {
                self.timer.clear_compare(WRAP);
                client.overflow();
            }
        });
    }
}

impl Time for TimerAlarm<'_> {
    type Frequency = Freq1MHz;
    type Ticks = Ticks32;

    fn now(&self) -> Ticks32 {
        Ticks32::from(self.timer.capture(NOW))
    }
}

impl<'a> Counter<'a> for TimerAlarm<'a> {
    fn start(&self) -> Result<(), ErrorCode> {
        if !self.running.replace(true) {
            self.timer.configure_as_timer(MICROSECONDS);
            self.set_interrupt(WRAP, self.overflow_client.is_some());
            self.timer.start();
            self.timer.clear_compare(WRAP);
        }
        Ok(())
    }

    fn stop(&self) -> Result<(), ErrorCode> {
        self.running.set(false);
        self.timer.stop();
        Ok(())
    }

    fn reset(&self) -> Result<(), ErrorCode> {
        self.timer.clear();
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.running.get()
    }
}

impl<'a> CounterOverflow<'a> for TimerAlarm<'a> {
    fn set_overflow_client(&self, client: &'a dyn OverflowClient) {
        self.overflow_client.set(client);
        // A compare register of 0 is reached when the count wraps.
        self.timer.set_compare(WRAP, 0);
        self.timer.clear_compare(WRAP);
        self.set_interrupt(WRAP, true);
    }
}

impl<'a> Alarm<'a> for TimerAlarm<'a> {
    fn set_alarm_client(&self, client: &'a dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Ticks32, dt: Ticks32) {
        let (reference, dt) = (reference.into_u32(), dt.into_u32());
        self.expiry.set(reference.wrapping_add(dt));
        self.arm(COMPARE.left(reference, dt, self.timer.capture(NOW)));
    }

    fn get_alarm(&self) -> Ticks32 {
        Ticks32::from(self.expiry.get())
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.step.set(None);
        self.set_interrupt(ALARM, false);
        self.timer.clear_compare(ALARM);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.step.get().is_some()
    }

    fn minimum_dt(&self) -> Ticks32 {
        Ticks32::from(COMPARE.margin + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fake_registers, peek};

    #[test]
    fn a_periodic_timer_and_a_counter_are_set_up_as_documented() {
        let registers: StaticRef<TimerRegisters> = fake_registers();
        let timer = Timer::new(registers);
        timer.configure_as_timer(MICROSECONDS);
        timer.set_compare(0, 250);
        timer.set_shorts(1);
        timer.start();
        assert_eq!(registers.mode.get(), 0);
        assert_eq!(registers.bitmode.get(), 3);
        assert_eq!(registers.prescaler.get(), 4);
        assert_eq!(registers.cc[0].get(), 250);
        assert_eq!(peek(&registers.tasks_start), 1);
        timer.configure_as_counter();
        assert_eq!(registers.mode.get(), 2);
        assert_eq!(registers.shorts.get(), 0);
    }

    #[test]
    fn addresses_are_offsets_into_the_block() {
        let registers: StaticRef<TimerRegisters> = fake_registers();
        let timer = Timer::new(registers);
        let base = registers.get_raw_ptr() as usize as u32;
        assert_eq!(timer.compare_event(3).wrapping_sub(base), 0x14C);
        assert_eq!(timer.capture_task(5).wrapping_sub(base), 0x54);
        assert_eq!(timer.count_task().wrapping_sub(base), 0x8);
    }
}
