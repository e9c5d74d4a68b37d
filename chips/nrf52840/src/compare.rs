//! Arithmetic of compare registers on counters that wrap and do not wait.
//!
//! A compare register fires when the counter *becomes* equal to it. Written with
//! a value that the counter has just reached or is about to reach it stays silent
//! until the counter comes round again, so an alarm must keep a margin and check
//! after writing that the margin held. Expiries further away than half a turn are
//! reached in steps, so that "before" and "after" can always be told apart.

/// A counter's width and the distance at which its compare registers surely fire.
#[derive(Clone, Copy)]
pub struct Compare {
    /// Largest value of the counter: a power of two less one.
    pub mask: u32,
    /// The smallest distance from counter to compare register that surely fires.
    pub margin: u32,
}

/// One write of a compare register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The counter when the step was computed.
    pub from: u32,
    /// Value for the compare register.
    pub compare: u32,
    /// Ticks from `from` to the expiry.
    pub left: u32,
}

impl Compare {
    /// Returns the ticks from `earlier` to `later`.
    pub fn since(self, earlier: u32, later: u32) -> u32 {
        later.wrapping_sub(earlier) & self.mask
    }

    /// Ticks from `now` until `reference + dt`; 0 when that has passed.
    pub fn left(self, reference: u32, dt: u32, now: u32) -> u32 {
        (dt & self.mask).saturating_sub(self.since(reference, now))
    }

    /// What to write at `now` to come nearer to an expiry `left` ticks away.
    pub fn step(self, left: u32, now: u32) -> Step {
        // One tick more than the margin: the counter may advance before the write lands.
        let distance = left.clamp(self.margin + 1, self.mask / 2);
        Step {
            from: now,
            compare: now.wrapping_add(distance) & self.mask,
            left,
        }
    }

    /// Will the step fire, seen after its write when the counter stands at `now`?
    pub fn holds(self, step: Step, now: u32) -> bool {
        self.since(step.from, now) + self.margin <= self.since(step.from, step.compare)
    }

    /// Ticks left at `now` of what the step was made for; 0 when it is due.
    pub fn left_after(self, step: Step, now: u32) -> u32 {
        step.left.saturating_sub(self.since(step.from, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTC: Compare = Compare {
        mask: 0x00FF_FFFF,
        margin: 2,
    };

    /// Does a counter that passes `start, start + 1, ...` fire `compare` within a turn,
    /// by the rule that a value less than two ticks ahead when written is missed?
    fn fires(counter_at_write: u32, compare: u32) -> bool {
        RTC.since(counter_at_write, compare) >= 2
    }

    #[test]
    fn every_short_distance_fires_even_when_a_tick_passes_during_the_write() {
        for start in [0, 1, 0x7F_FFFF, 0xFF_FFFD, 0xFF_FFFE, 0xFF_FFFF] {
            for dt in 0..6 {
                let step = RTC.step(RTC.left(start, dt, start), start);
                for delay in 0..3 {
                    let at_write = start.wrapping_add(delay) & RTC.mask;
                    if RTC.holds(step, at_write) {
                        assert!(fires(at_write, step.compare), "{start} {dt} {delay}");
                    }
                }
                assert!(RTC.holds(step, start));
                assert!(RTC.holds(step, start.wrapping_add(1) & RTC.mask));
                // Never early.
                assert!(RTC.since(start, step.compare) >= dt);
            }
        }
    }

    #[test]
    fn a_write_that_came_too_late_is_noticed() {
        let step = RTC.step(3, 100);
        assert_eq!(step.compare, 103);
        assert!(!RTC.holds(step, 102));
        assert!(!RTC.holds(step, 103));
        assert!(!RTC.holds(step, 5000));
    }

    #[test]
    fn a_passed_expiry_is_due_at_once() {
        assert_eq!(RTC.left(100, 50, 150), 0);
        assert_eq!(RTC.left(100, 50, 149), 1);
        assert_eq!(RTC.left(100, 50, 99), 0);
        assert_eq!(RTC.left(0xFF_FFF0, 0x20, 0x05), 0x0B);
        assert_eq!(RTC.left(100, 0, 100), 0);
    }

    #[test]
    fn the_longest_alarm_is_reached_in_steps() {
        let (start, dt) = (1234, 0x00FF_FFFF);
        let mut now = start;
        let mut left = RTC.left(start, dt, now);
        let mut steps = 0;
        while left > 0 {
            let step = RTC.step(left, now);
            assert!(RTC.holds(step, now));
            // The handler runs a few ticks after the match.
            now = step.compare.wrapping_add(5) & RTC.mask;
            left = RTC.left_after(step, now);
            steps += 1;
            assert!(steps < 5);
        }
        // The second handler ran past the whole turn: counted from the start again.
        assert!(RTC.since(start, now) < 10);
        assert!(steps >= 2);
    }

    #[test]
    fn a_match_of_the_old_value_is_seen_to_be_early() {
        let step = RTC.step(1000, 500);
        assert_eq!(RTC.left_after(step, 502), 998);
        assert_eq!(RTC.left_after(step, 1500), 0);
    }
}
