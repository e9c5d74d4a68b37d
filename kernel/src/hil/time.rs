//! Counters, alarms and timers, of any width and frequency.

use crate::errorcode::ErrorCode;
use crate::utilities::math::divide;
use core::cmp::Ordering;
use core::fmt;

/// A number of ticks, as wide as the counter that counts them: it wraps where
/// the counter wraps.
pub trait Ticks: Clone + Copy + From<u32> + fmt::Debug + Ord + PartialOrd + Eq {
    /// Returns how many bits the counter has.
    fn width() -> u32;

    /// Converts to `usize`; bits beyond its width are lost.
    fn into_usize(self) -> usize;

    /// Converts to `u32`; bits beyond its width are lost.
    fn into_u32(self) -> u32;

    /// Returns how many bits a `u32` has more than the counter.
    fn u32_padding() -> u32 {
        u32::BITS.saturating_sub(Self::width())
    }

    /// Returns the ticks shifted up so that they wrap where a `u32` wraps. Apps get
    /// ticks in this form.
    fn into_u32_left_justified(self) -> u32 {
        self.into_u32() << Self::u32_padding()
    }

    /// Returns the frequency, in hertz, of left-justified ticks of a counter of
    /// frequency `F`.
    fn u32_left_justified_scale_freq<F: Frequency>() -> u32 {
        F::frequency() << Self::u32_padding()
    }

    /// Returns the sum, which wraps where the counter wraps.
    fn wrapping_add(self, other: Self) -> Self;

    /// Returns the difference, which wraps where the counter wraps.
    fn wrapping_sub(self, other: Self) -> Self;

    /// Returns whether a counter that goes up from `start` reaches this value
    /// before `end`.
    fn within_range(self, start: Self, end: Self) -> bool;

    /// Returns the counter's last value.
    fn max_value() -> Self;

    /// Returns half the counter's last value.
    fn half_max_value() -> Self;

    /// Returns `val` as ticks, or the counter's last value when `val` is beyond it.
    fn from_or_max(val: u64) -> Self;

    /// Returns the ticks times `numerator` over `denominator`, or `u32::MAX` when
    /// that is more.
    fn saturating_scale(self, numerator: u32, denominator: u32) -> u32;
}

/// How fast a counter counts.
pub trait Frequency {
    /// Returns the frequency in hertz.
    fn frequency() -> u32;
}

/// Something that tells the time.
pub trait Time {
    /// How fast.
    type Frequency: Frequency;
    /// How wide.
    type Ticks: Ticks;

    /// Returns the present time.
    fn now(&self) -> Self::Ticks;
}

/// Conversion between ticks and units of time.
pub trait ConvertTicks<T: Ticks> {
    /// Converts `s` seconds to ticks, at most to the counter's last value.
    fn ticks_from_seconds(&self, s: u32) -> T;
    /// Converts `ms` milliseconds to ticks, rounded down, at most to the counter's
    /// last value.
    fn ticks_from_ms(&self, ms: u32) -> T;
    /// Converts `us` microseconds to ticks, rounded down, at most to the counter's
    /// last value.
    fn ticks_from_us(&self, us: u32) -> T;
    /// Converts ticks to seconds, rounded down, at most to `u32::MAX`.
    fn ticks_to_seconds(&self, tick: T) -> u32;
    /// Converts ticks to milliseconds, rounded down, at most to `u32::MAX`.
    fn ticks_to_ms(&self, tick: T) -> u32;
    /// Converts ticks to microseconds, rounded down, at most to `u32::MAX`.
    fn ticks_to_us(&self, tick: T) -> u32;
}

/// `count` units, of which `per_second` make a second, in ticks of `T`.
fn ticks_from<T: Time + ?Sized>(count: u32, per_second: u32) -> T::Ticks {
    let frequency = u64::from(T::Frequency::frequency());
    T::Ticks::from_or_max(divide(u64::from(count) * frequency, per_second))
}

impl<T: Time + ?Sized> ConvertTicks<<T as Time>::Ticks> for T {
    #[inline]
    fn ticks_from_seconds(&self, s: u32) -> <T as Time>::Ticks {
        ticks_from::<T>(s, 1)
    }

    #[inline]
    fn ticks_from_ms(&self, ms: u32) -> <T as Time>::Ticks {
        ticks_from::<T>(ms, 1_000)
    }

    #[inline]
    fn ticks_from_us(&self, us: u32) -> <T as Time>::Ticks {
        ticks_from::<T>(us, 1_000_000)
    }

    #[inline]
    fn ticks_to_seconds(&self, tick: <T as Time>::Ticks) -> u32 {
        tick.saturating_scale(1, T::Frequency::frequency())
    }

    #[inline]
    fn ticks_to_ms(&self, tick: <T as Time>::Ticks) -> u32 {
        tick.saturating_scale(1_000, T::Frequency::frequency())
    }

    #[inline]
    fn ticks_to_us(&self, tick: <T as Time>::Ticks) -> u32 {
        tick.saturating_scale(1_000_000, T::Frequency::frequency())
    }
}

/// A moment, whose `now` does not change.
pub trait Timestamp: Time {}

/// Is told when a counter wrapped.
pub trait OverflowClient {
    /// The counter went from its last value to 0.
    fn overflow(&self);
}

/// A counter that can be started and stopped.
pub trait Counter<'a>: Time {
    /// Starts the counter. It returns OFF when the counter's clock is not there,
    /// FAIL when the counter did not start.
    fn start(&self) -> Result<(), ErrorCode>;

    /// Stops the counter. It returns BUSY when somebody needs it, FAIL when it did
    /// not stop.
    fn stop(&self) -> Result<(), ErrorCode>;

    /// Sets the counter to 0. It returns FAIL when the counter cannot be set.
    fn reset(&self) -> Result<(), ErrorCode>;

    /// Returns whether the counter runs.
    fn is_running(&self) -> bool;
}

/// A counter that tells when it wraps.
pub trait CounterOverflow<'a>: Counter<'a> {
    /// Sets who is told when it wraps.
    fn set_overflow_client(&self, client: &'a dyn OverflowClient);
}

/// Is told when an alarm is due.
pub trait AlarmClient {
    /// The time has come; the alarm is off and may be set again from here.
    fn alarm(&self);
}

/// A callback at a moment.
pub trait Alarm<'a>: Time {
    /// Sets the object that is told when the alarm is due.
    fn set_alarm_client(&self, client: &'a dyn AlarmClient);

    /// Sets the alarm to `dt` after `reference`. The reference lies in the past:
    /// when now is `dt` or more after it the alarm is due at once. It never comes
    /// early.
    fn set_alarm(&self, reference: Self::Ticks, dt: Self::Ticks);

    /// Returns the moment for which the alarm was set last.
    fn get_alarm(&self) -> Self::Ticks;

    /// Turns the alarm off. It returns FAIL when the callback comes all the same.
    fn disarm(&self) -> Result<(), ErrorCode>;

    /// Returns whether the alarm is on.
    fn is_armed(&self) -> bool;

    /// Returns the least `dt` in ticks; a smaller one is raised to it.
    fn minimum_dt(&self) -> Self::Ticks;
}

/// Is told when an interval has passed.
pub trait TimerClient {
    /// The interval has passed.
    fn timer(&self);
}

/// A callback after an interval, once or again and again.
pub trait Timer<'a>: Time {
    /// Sets the object that is told when an interval has passed.
    fn set_timer_client(&self, client: &'a dyn TimerClient);

    /// Starts one interval in place of any other, and returns its real length,
    /// which is not less than `interval`.
    fn oneshot(&self, interval: Self::Ticks) -> Self::Ticks;

    /// Starts intervals that follow each other, in place of any other, and returns
    /// their real length, which is not less than `interval`.
    fn repeating(&self, interval: Self::Ticks) -> Self::Ticks;

    /// Returns the interval that was asked for last, if there was one.
    fn interval(&self) -> Option<Self::Ticks>;

    /// Returns whether a single interval was asked for last.
    fn is_oneshot(&self) -> bool;

    /// Returns whether repeated intervals were asked for last.
    fn is_repeating(&self) -> bool;

    /// Returns the ticks until the callback, or `None` when none is to come.
    fn time_remaining(&self) -> Option<Self::Ticks>;

    /// Returns whether a callback is to come.
    fn is_enabled(&self) -> bool;

    /// Ends the intervals. It returns FAIL when a callback comes all the same.
    fn cancel(&self) -> Result<(), ErrorCode>;
}

macro_rules! frequencies {
    ($($(#[$doc:meta])* $name:ident = $hertz:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl Frequency for $name {
                fn frequency() -> u32 {
                    $hertz
                }
            }
        )*
    };
}

frequencies! {
    /// 100 MHz.
    Freq100MHz = 100_000_000;
    /// 16 MHz.
    Freq16MHz = 16_000_000;
    /// 10 MHz.
    Freq10MHz = 10_000_000;
    /// 1 MHz.
    Freq1MHz = 1_000_000;
    /// 32.768 kHz.
    Freq32KHz = 32_768;
    /// 16 kHz.
    Freq16KHz = 16_000;
    /// 1 kHz.
    Freq1KHz = 1_000;
}

/// `ticks * numerator / denominator`, or `u32::MAX`.
fn scale(ticks: u64, numerator: u32, denominator: u32) -> u32 {
    // The product has up to 96 bits. Where it does not fit in 64, the quotient does
    // not in 32.
    let upper = (ticks >> 32) * u64::from(numerator);
    let lower = (ticks & u64::from(u32::MAX)) * u64::from(numerator);
    if upper >= u64::from(denominator) {
        return u32::MAX;
    }
    (upper << 32)
        .checked_add(lower)
        .and_then(|product| u32::try_from(divide(product, denominator)).ok())
        .unwrap_or(u32::MAX)
}

/// Defines a `Ticks` of `$width` bits in a `$store`, whose higher bits are kept 0.
macro_rules! ticks {
    ($(#[$doc:meta])* $name:ident, $store:ty, $width:literal, $mask:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name($store);

        impl $name {
            const MASK: $store = $mask;
        }

        impl From<u32> for $name {
            fn from(val: u32) -> Self {
                $name(<$store>::from(val) & Self::MASK)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.0.cmp(&other.0)
            }
        }

        impl Ticks for $name {
            #[inline]
            fn width() -> u32 {
                $width
            }

            #[inline]
            fn into_usize(self) -> usize {
                self.0 as usize
            }

            #[inline]
            fn into_u32(self) -> u32 {
                self.0 as u32
            }

            #[inline]
            fn wrapping_add(self, other: Self) -> Self {
                $name(self.0.wrapping_add(other.0) & Self::MASK)
            }

            #[inline]
            fn wrapping_sub(self, other: Self) -> Self {
                $name(self.0.wrapping_sub(other.0) & Self::MASK)
            }

            #[inline]
            fn within_range(self, start: Self, end: Self) -> bool {
                self.wrapping_sub(start) < end.wrapping_sub(start)
            }

            #[inline]
            fn max_value() -> Self {
                $name(Self::MASK)
            }

            #[inline]
            fn half_max_value() -> Self {
                $name(1 + Self::MASK / 2)
            }

            fn from_or_max(val: u64) -> Self {
                $name(<$store>::try_from(val).map_or(Self::MASK, |val| val.min(Self::MASK)))
            }

            fn saturating_scale(self, numerator: u32, denominator: u32) -> u32 {
                scale(u64::from(self.0), numerator, denominator)
            }
        }
    };
}

ticks!(
    /// Ticks of a 24-bit counter.
    Ticks24,
    u32,
    24,
    0x00FF_FFFF
);
ticks!(
    /// Ticks of a 32-bit counter.
    Ticks32,
    u32,
    32,
    u32::MAX
);
ticks!(
    /// Ticks of a 64-bit counter.
    Ticks64,
    u64,
    64,
    u64::MAX
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_as_wider_numbers_do() {
        let edges = [0, 1, 2, 1_000, 32_768, 64_000_000, 1 << 31, u32::MAX];
        for (upper, lower) in edges.into_iter().flat_map(|u| edges.map(|l| (u, l))) {
            let ticks = u64::from(upper) << 32 | u64::from(lower);
            for (numerator, denominator) in edges.into_iter().flat_map(|n| edges.map(|d| (n, d))) {
                if denominator == 0 {
                    continue;
                }
                let exact = u128::from(ticks) * u128::from(numerator) / u128::from(denominator);
                assert_eq!(
                    scale(ticks, numerator, denominator),
                    u32::try_from(exact).unwrap_or(u32::MAX),
                    "{ticks} * {numerator} / {denominator}"
                );
            }
        }
    }

    #[test]
    fn ticks_wrap_where_the_counter_wraps() {
        let late = Ticks24::from(0xFF_FFF0);
        let wrapped = late.wrapping_add(Ticks24::from(0x20));
        assert_eq!(wrapped.into_u32(), 0x10);
        assert_eq!(wrapped.wrapping_sub(late).into_u32(), 0x20);
        assert!(Ticks24::from(5).within_range(late, wrapped));
        assert!(!Ticks24::from(0x11).within_range(late, wrapped));
        assert_eq!(Ticks24::from(0x0300_0001).into_u32(), 1);
        assert_eq!(
            Ticks24::max_value().wrapping_add(Ticks24::from(1)),
            Ticks24::from(0)
        );
    }

    #[test]
    fn left_justified_ticks_wrap_with_a_u32() {
        assert_eq!(
            Ticks24::from(0x80_0001).into_u32_left_justified(),
            0x8000_0100
        );
        assert_eq!(
            Ticks24::u32_left_justified_scale_freq::<Freq32KHz>(),
            32_768 << 8
        );
        assert_eq!(Ticks32::from(7).into_u32_left_justified(), 7);
        assert_eq!(Ticks64::u32_padding(), 0);
    }

    #[test]
    fn saturates() {
        assert_eq!(Ticks24::from_or_max(1 << 40), Ticks24::max_value());
        assert_eq!(Ticks24::from_or_max(1 << 24), Ticks24::max_value());
        assert_eq!(Ticks32::from(u32::MAX).saturating_scale(1_000, 1), u32::MAX);
        assert_eq!(
            Ticks24::from(32_768).saturating_scale(1_000_000, 32_768),
            1_000_000
        );
    }

    struct Clock;

    impl Time for Clock {
        type Frequency = Freq32KHz;
        type Ticks = Ticks24;

        fn now(&self) -> Ticks24 {
            Ticks24::from(0)
        }
    }

    #[test]
    fn converts() {
        assert_eq!(Clock.ticks_from_ms(250), Ticks24::from(8_192));
        assert_eq!(Clock.ticks_from_us(1_000_000), Ticks24::from(32_768));
        assert_eq!(Clock.ticks_from_seconds(1_000_000), Ticks24::max_value());
        assert_eq!(Clock.ticks_to_ms(Ticks24::from(8_192)), 250);
    }
}
