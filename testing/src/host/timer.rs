//! A timer of time slices that end when the test says so.

use std::cell::Cell;
use std::num::NonZeroU32;

use kernel::platform::scheduler_timer::SchedulerTimer;

/// A timer whose time stands still.
pub struct FakeTimer {
    /// How often a slice was started.
    pub starts: Cell<usize>,
    /// How often the timer was armed.
    pub arms: Cell<usize>,
    /// The slice that was started last, in microseconds.
    pub slice: Cell<u32>,
    /// After how many questions the slice that runs is over; `None`: never.
    pub expires_after: Cell<Option<u32>>,
    /// What is left of the slice whenever it is asked for, in microseconds.
    pub remaining: Cell<u32>,
}

impl Default for FakeTimer {
    fn default() -> Self {
        FakeTimer {
            starts: Cell::new(0),
            arms: Cell::new(0),
            slice: Cell::new(0),
            expires_after: Cell::new(None),
            remaining: Cell::new(5_000),
        }
    }
}

impl SchedulerTimer for FakeTimer {
    fn start(&self, us: NonZeroU32) {
        self.starts.set(self.starts.get() + 1);
        self.slice.set(us.get());
    }

    fn reset(&self) {}

    fn arm(&self) {
        self.arms.set(self.arms.get() + 1);
    }

    fn disarm(&self) {}

    fn get_remaining_us(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.remaining.get())
    }

    fn has_expired(&self) -> bool {
        match self.expires_after.get() {
            None => false,
            Some(0) => {
                self.expires_after.set(None);
                true
            }
            Some(questions) => {
                self.expires_after.set(Some(questions - 1));
                false
            }
        }
    }
}
