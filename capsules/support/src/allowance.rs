//! Allowances: how many changes of flash something may ask for, by the week, with some in hand.
//!
//! Flash wears by being written, and one app alone could wear it out within hours. So each
//! change takes one from an allowance, which earns so many a week and keeps at most a few.
//! Time is what a running counter tells by its overflows: nothing is earned while the power is
//! off, so resets and power cuts never make more of it.

use core::cell::Cell;

use kernel::hil::time::OverflowClient;

/// How fast an allowance earns, and how much it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Changes that it earns in a week.
    pub per_week: u32,
    /// Changes that it keeps at most.
    pub most: u16,
}

/// Seconds of a week.
const WEEK: u64 = 7 * 24 * 3_600;

/// What is in hand.
#[derive(Debug, Default)]
pub struct Allowance {
    level: Cell<u16>,
    /// Parts of the next change that have been earned: of [`WEEK`].
    earned: Cell<u32>,
}

impl Allowance {
    /// Makes an allowance with so many changes in hand.
    pub const fn new(level: u16) -> Self {
        Self {
            level: Cell::new(level),
            earned: Cell::new(0),
        }
    }

    /// Returns how many changes are in hand.
    pub fn level(&self) -> u16 {
        self.level.get()
    }

    /// Puts so many in hand, whatever was there.
    pub fn set_level(&self, level: u16) {
        self.level.set(level);
    }

    /// Takes some, and returns whether they were there; if not, none is taken.
    pub fn take(&self, changes: u16) -> bool {
        let left = self.level.get().checked_sub(changes);
        left.inspect(|left| self.level.set(*left)).is_some()
    }

    /// Earns what a number of seconds brings.
    pub fn earn(&self, rate: Rate, seconds: u32) {
        let brought = u64::from(rate.per_week) * u64::from(seconds);
        let parts = u64::from(self.earned.get()) + brought;
        let level = u64::from(self.level.get()) + parts / WEEK;
        if level >= u64::from(rate.most) {
            self.level.set(rate.most.max(self.level.get()));
            self.earned.set(0);
        } else {
            self.level.set(level as u16);
            self.earned.set((parts % WEEK) as u32);
        }
    }
}

/// Hears that time has passed.
pub trait Earner {
    /// So many seconds have passed since it heard last.
    fn earn(&self, seconds: u32);
}

/// Hands the overflows of a counter on: to those who earn, and to one who counts them.
pub struct OverflowClock<'a, const EARNERS: usize> {
    seconds: u32,
    earners: [Option<&'a dyn Earner>; EARNERS],
    next: &'a dyn OverflowClient,
}

impl<'a, const EARNERS: usize> OverflowClock<'a, EARNERS> {
    /// A clock by a counter that overflows every so many seconds. The caller makes it the
    /// counter's overflow client.
    pub const fn new(
        seconds: u32,
        earners: [Option<&'a dyn Earner>; EARNERS],
        next: &'a dyn OverflowClient,
    ) -> Self {
        Self {
            seconds,
            earners,
            next,
        }
    }
}

impl<const EARNERS: usize> OverflowClient for OverflowClock<'_, EARNERS> {
    fn overflow(&self) {
        for earner in self.earners.iter().flatten() {
            earner.earn(self.seconds);
        }
        self.next.overflow();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_week: 100,
        most: 30,
    };

    #[test]
    fn what_is_taken_was_there() {
        let allowance = Allowance::new(3);
        assert!(allowance.take(2));
        assert!(!allowance.take(2));
        assert!(allowance.take(1));
        assert!(!allowance.take(1));
        assert_eq!(allowance.level(), 0);
    }

    #[test]
    fn a_week_brings_what_the_rate_says_in_whatever_steps_it_passes() {
        for step in [1, 7, 512, 3_600] {
            let allowance = Allowance::new(0);
            let mut taken = 0;
            for _ in 0..WEEK as u32 / step {
                allowance.earn(RATE, step);
                taken += u32::from(allowance.take(1));
            }
            assert!((99..=100).contains(&taken), "{taken} in steps of {step}");
        }
    }

    #[test]
    fn no_more_is_kept_than_the_most() {
        let allowance = Allowance::new(29);
        for _ in 0..1_000 {
            allowance.earn(RATE, u32::MAX);
        }
        assert_eq!(allowance.level(), 30);
        // What was in hand beyond is not taken away.
        let provisioned = Allowance::new(50);
        provisioned.earn(RATE, u32::MAX);
        assert_eq!(provisioned.level(), 50);
    }

    #[test]
    fn the_clock_tells_all_and_the_one_behind() {
        struct Told(Cell<u32>);
        impl Earner for Told {
            fn earn(&self, seconds: u32) {
                self.0.set(self.0.get() + seconds);
            }
        }
        impl OverflowClient for Told {
            fn overflow(&self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let told = [Told(Cell::new(0)), Told(Cell::new(0)), Told(Cell::new(0))];
        let clock = OverflowClock::new(512, [Some(&told[0] as _), None, Some(&told[1])], &told[2]);
        clock.overflow();
        clock.overflow();
        assert_eq!(
            [0, 1, 2].map(|at: usize| told[at].0.get()),
            [1_024, 1_024, 2]
        );
    }
}
