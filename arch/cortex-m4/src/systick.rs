//! SysTick as the scheduler's timer: the length of a process's time slice.
//!
//! The timer counts down 24 bits at the CPU's clock. COUNTFLAG says that it
//! went through zero, and is lost by *reading* the control register; so only
//! [`SchedulerTimer::get_remaining_us`] and [`SchedulerTimer::has_expired`]
//! read it, and the others write constants. Remaining microseconds are one
//! hardware division when the clock is a whole number of MHz, as it is on this
//! part.

use core::num::NonZeroU32;

use kernel::platform::scheduler_timer::SchedulerTimer;
use kernel::utilities::math::divide;

use crate::registers::{SYST_CALIB, SYST_CSR, SYST_CVR, SYST_RVR};

const CSR_ENABLE: u32 = 1 << 0;
const CSR_TICKINT: u32 = 1 << 1;
/// Counts at the CPU's clock.
const CSR_CLKSOURCE: u32 = 1 << 2;
const CSR_COUNTFLAG: u32 = 1 << 16;
const COUNTER_MASK: u32 = 0x00FF_FFFF;

/// The SysTick timer.
pub struct SysTick {
    /// Counts a second.
    hertz: u32,
    /// Counts a microsecond, 0 if that is not a whole number.
    per_microsecond: u32,
    /// Whole microseconds that the counter can hold, if `per_microsecond` is not 0.
    longest_us: u32,
    /// CLKSOURCE, or nothing for the external reference clock.
    source: u32,
}

impl SysTick {
    /// The timer at the rate that the part's calibration register states.
    ///
    /// # Safety
    ///
    /// There must be only one user of the timer.
    pub unsafe fn new() -> SysTick {
        let ticks_in_10_ms = SYST_CALIB.get() & COUNTER_MASK;
        Self::at(ticks_in_10_ms * 100, CSR_CLKSOURCE)
    }

    /// The timer at the CPU's clock of `hertz`.
    ///
    /// # Safety
    ///
    /// There must be only one user of the timer.
    pub const unsafe fn new_with_calibration(hertz: u32) -> SysTick {
        Self::at(hertz, CSR_CLKSOURCE)
    }

    /// The timer at the external reference clock of `hertz`.
    ///
    /// # Safety
    ///
    /// There must be only one user of the timer.
    pub const unsafe fn new_with_calibration_and_external_clock(hertz: u32) -> SysTick {
        Self::at(hertz, 0)
    }

    const fn at(hertz: u32, source: u32) -> SysTick {
        let per_microsecond = if hertz.is_multiple_of(1_000_000) {
            hertz / 1_000_000
        } else {
            0
        };
        SysTick {
            hertz,
            per_microsecond,
            longest_us: match per_microsecond {
                0 => 0,
                counts => COUNTER_MASK / counts,
            },
            source,
        }
    }

    /// Counts in `us` microseconds, at least 1, limited to what the timer can hold.
    #[inline]
    fn counts(&self, us: NonZeroU32) -> u32 {
        match self.per_microsecond {
            0 => {
                let counts = divide(u64::from(us.get()) * u64::from(self.hertz), 1_000_000);
                counts.clamp(1, u64::from(COUNTER_MASK)) as u32
            }
            per_microsecond => us.get().min(self.longest_us) * per_microsecond,
        }
    }

    /// Microseconds in `counts`, at least 1.
    #[inline]
    fn microseconds(&self, counts: u32) -> NonZeroU32 {
        let us = match self.per_microsecond {
            0 if self.hertz == 0 => 1,
            0 => divide(u64::from(counts) * 1_000_000, self.hertz) as u32,
            per_microsecond => counts / per_microsecond,
        };
        NonZeroU32::new(us).unwrap_or(NonZeroU32::MIN)
    }
}

impl SchedulerTimer for SysTick {
    fn start(&self, us: NonZeroU32) {
        SYST_CSR.set(0);
        SYST_RVR.set(self.counts(us));
        SYST_CVR.set(0);
        SYST_CSR.set(self.source | CSR_ENABLE);
    }

    /// Stops the timer; what it counted is set anew by the next start.
    fn reset(&self) {
        SYST_CSR.set(0);
    }

    #[inline]
    fn arm(&self) {
        SYST_CSR.set(self.source | CSR_TICKINT | CSR_ENABLE);
    }

    #[inline]
    fn disarm(&self) {
        SYST_CSR.set(self.source | CSR_ENABLE);
    }

    #[inline]
    fn get_remaining_us(&self) -> Option<NonZeroU32> {
        if SYST_CSR.get() & CSR_COUNTFLAG != 0 {
            None
        } else {
            Some(self.microseconds(SYST_CVR.get()))
        }
    }

    #[inline]
    fn has_expired(&self) -> bool {
        SYST_CSR.get() & CSR_COUNTFLAG != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(us: u32) -> NonZeroU32 {
        NonZeroU32::new(us).expect("not 0")
    }

    #[test]
    fn microseconds_and_counts_agree() {
        for hertz in [64_000_000, 16_000_000, 32_768, 12_345_678] {
            // SAFETY: no hardware on the host; only arithmetic is used.
            let timer = unsafe { SysTick::new_with_calibration(hertz) };
            for us in [1_000, 10_000, 20_000, 100_000, 200_000] {
                let back = timer.microseconds(timer.counts(whole(us))).get();
                let step = 1_000_000 / hertz + 1;
                assert!(
                    back <= us && us - back <= step,
                    "{hertz} Hz, {us} us: {back}"
                );
            }
        }
    }

    #[test]
    fn longest_slice_is_the_counter() {
        // SAFETY: as above.
        let timer = unsafe { SysTick::new_with_calibration(64_000_000) };
        // The last 63 counts are no whole microsecond.
        assert_eq!(timer.counts(NonZeroU32::MAX), COUNTER_MASK & !63);
        assert_eq!(timer.counts(whole(262_142)), 262_142 * 64);
        assert_eq!(timer.counts(NonZeroU32::MIN), 64);
        assert_eq!(timer.microseconds(0).get(), 1);
        // SAFETY: as above.
        let odd = unsafe { SysTick::new_with_calibration(32_768) };
        assert_eq!(odd.counts(NonZeroU32::MAX), COUNTER_MASK);
        assert_eq!(odd.counts(NonZeroU32::MIN), 1);
    }
}
