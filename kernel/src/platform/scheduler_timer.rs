//! The timer that ends a process's time slice.

use crate::hil::time::{self, Frequency, Ticks};
use crate::utilities::math::divide;
use core::cell::Cell;
use core::num::NonZeroU32;

/// Measures one time slice at a time. `()` never ends a slice.
///
/// Its interrupt brings the CPU back to the kernel, which then asks how much of
/// the slice is left.
pub trait SchedulerTimer {
    /// Starts a slice of `us` microseconds; the interrupt stays off.
    fn start(&self, us: NonZeroU32);

    /// Forgets the slice; the interrupt is off.
    fn reset(&self);

    /// Turns the interrupt on, before a process runs.
    fn arm(&self);

    /// Turns the interrupt off, when the kernel runs.
    fn disarm(&self);

    /// Returns what is left of the slice in microseconds, or `None` when it is over.
    fn get_remaining_us(&self) -> Option<NonZeroU32>;

    /// Returns whether the slice is over. This is asked after every system call, so an
    /// implementation answers without arithmetic where it can. Once the answer was yes, neither
    /// this nor [`get_remaining_us`](Self::get_remaining_us) is asked again
    /// before the next [`start`](Self::start).
    fn has_expired(&self) -> bool {
        self.get_remaining_us().is_none()
    }
}

impl SchedulerTimer for () {
    fn start(&self, _us: NonZeroU32) {}

    fn reset(&self) {}

    fn arm(&self) {}

    fn disarm(&self) {}

    fn get_remaining_us(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(10_000)
    }

    fn has_expired(&self) -> bool {
        false
    }
}

/// A [`SchedulerTimer`] on an alarm, for parts whose own timer cannot be used.
pub struct VirtualSchedulerTimer<A: 'static + time::Alarm<'static>> {
    alarm: &'static A,
    /// When the slice ends.
    end: Cell<A::Ticks>,
    /// Whether a slice runs.
    running: Cell<bool>,
}

impl<A: 'static + time::Alarm<'static>> VirtualSchedulerTimer<A> {
    /// A timer on `alarm`, which it has to itself.
    pub fn new(alarm: &'static A) -> Self {
        Self {
            alarm,
            end: Cell::new(A::Ticks::from(0)),
            running: Cell::new(false),
        }
    }

    /// Ticks until the slice ends, or `None` when it is over. Half the counter's
    /// range tells the future from the past.
    fn remaining(&self) -> Option<A::Ticks> {
        let left = self.end.get().wrapping_sub(self.alarm.now());
        let in_future = left > A::Ticks::from(0) && left < A::Ticks::half_max_value();
        (self.running.get() && in_future).then_some(left)
    }
}

impl<A: 'static + time::Alarm<'static>> SchedulerTimer for VirtualSchedulerTimer<A> {
    fn start(&self, us: NonZeroU32) {
        let ticks = divide(
            u64::from(us.get()) * u64::from(A::Frequency::frequency()),
            1_000_000,
        );
        let length = A::Ticks::from_or_max(ticks).max(self.alarm.minimum_dt());
        self.end.set(self.alarm.now().wrapping_add(length));
        self.running.set(true);
    }

    fn reset(&self) {
        self.running.set(false);
        self.disarm();
    }

    fn arm(&self) {
        if let Some(left) = self.remaining() {
            self.alarm
                .set_alarm(self.end.get().wrapping_sub(left), left);
        }
    }

    fn disarm(&self) {
        // An interrupt that still comes only makes the kernel look at the slice.
        let _ = self.alarm.disarm();
    }

    fn get_remaining_us(&self) -> Option<NonZeroU32> {
        let left = self.remaining()?;
        NonZeroU32::new(left.saturating_scale(1_000_000, A::Frequency::frequency()))
    }
}

impl<A: 'static + time::Alarm<'static>> time::AlarmClient for VirtualSchedulerTimer<A> {
    /// The interrupt itself has done the work: it brought the CPU back.
    fn alarm(&self) {}
}
