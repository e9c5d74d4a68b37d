//! A moment on a counter that wraps, told safely from the past.

use kernel::hil::time::Ticks;

/// A moment that is `dt` after a reference.
///
/// A counter that wraps shows only the time since the reference modulo its
/// range, so a moment almost a whole range away cannot be told from one that has
/// just passed unless it is looked at in time. A distance of more than half the
/// range is therefore gone in two steps: whoever watches the deadline then has
/// half a range, 256 s on a 24-bit 32.768 kHz counter, to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline<T: Ticks> {
    /// A moment in the past.
    reference: T,
    /// How long after it the deadline, or its first step, is.
    dt: T,
    /// The second step; 0 when there is none.
    rest: T,
}

impl<T: Ticks> Deadline<T> {
    /// `dt` after `reference`, which is not later than now.
    #[inline]
    pub(crate) fn new(reference: T, dt: T) -> Self {
        let half = T::half_max_value();
        if dt > half {
            Deadline {
                reference,
                dt: half,
                rest: dt.wrapping_sub(half),
            }
        } else {
            Deadline {
                reference,
                dt,
                rest: T::from(0),
            }
        }
    }

    /// Ticks until the deadline must be looked at again, or `None` when it has
    /// come.
    #[inline]
    pub(crate) fn poll(&mut self, now: T) -> Option<T> {
        loop {
            let elapsed = now.wrapping_sub(self.reference);
            if elapsed < self.dt {
                return Some(self.dt.wrapping_sub(elapsed));
            }
            if self.rest == T::from(0) {
                return None;
            }
            self.reference = self.reference.wrapping_add(self.dt);
            self.dt = self.rest;
            self.rest = T::from(0);
        }
    }

    /// The moment itself.
    #[inline]
    pub(crate) fn moment(&self) -> T {
        self.reference.wrapping_add(self.dt).wrapping_add(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::hil::time::Ticks24;

    fn ticks(ticks: u32) -> Ticks24 {
        Ticks24::from(ticks)
    }

    #[test]
    fn counts_down_across_the_wrap() {
        let mut deadline = Deadline::new(ticks(0xFF_FFF0), ticks(0x20));
        assert_eq!(deadline.moment(), ticks(0x10));
        assert_eq!(deadline.poll(ticks(0xFF_FFF0)), Some(ticks(0x20)));
        assert_eq!(deadline.poll(ticks(0xF)), Some(ticks(1)));
        assert_eq!(deadline.poll(ticks(0x10)), None);
        assert_eq!(deadline.poll(ticks(0x1000)), None);
    }

    #[test]
    fn zero_has_come() {
        assert_eq!(Deadline::new(ticks(5), ticks(0)).poll(ticks(5)), None);
    }

    #[test]
    fn the_longest_distance_survives_a_late_look() {
        let mut deadline = Deadline::new(ticks(100), Ticks24::max_value());
        assert_eq!(deadline.moment(), ticks(99));
        assert_eq!(deadline.poll(ticks(100)), Some(Ticks24::half_max_value()));
        // The first step is looked at a second late.
        let look = ticks(100)
            .wrapping_add(Ticks24::half_max_value())
            .wrapping_add(ticks(32_768));
        let left = deadline.poll(look).unwrap();
        assert_eq!(look.wrapping_add(left), ticks(99));
        assert_eq!(deadline.poll(ticks(98)), Some(ticks(1)));
        // And so is the second one.
        assert_eq!(deadline.poll(ticks(99 + 32_768)), None);
    }
}
