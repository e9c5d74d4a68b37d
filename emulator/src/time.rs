//! Virtual time: cycles of the 64 MHz core clock, and conversions exact to the cycle.

use std::time::Duration;

/// Cycles of the 64 MHz clock since the machine's first power-up. One
/// instruction is one cycle; idle time and flash stalls count too.
pub type Cycles = u64;

/// The core clock in Hz.
pub const CORE_HZ: u64 = 64_000_000;

/// A deadline that never comes.
pub const NEVER: Cycles = u64::MAX;

/// Cycles in a microsecond.
pub const MICROSECOND: Cycles = CORE_HZ / 1_000_000;

/// Cycles in a millisecond.
pub const MILLISECOND: Cycles = CORE_HZ / 1_000;

/// Nanoseconds at `cycles` (15.625 ns each), rounded down.
pub const fn nanoseconds(cycles: Cycles) -> u64 {
    // 125 / 8 nanoseconds a cycle; split so that no run overflows.
    cycles / 8 * 125 + cycles % 8 * 125 / 8
}

/// The first cycle at or after `nanoseconds`.
pub const fn cycles_at(nanoseconds: u64) -> Cycles {
    nanoseconds / 125 * 8 + (nanoseconds % 125 * 8).div_ceil(125)
}

/// Cycles of a duration, rounded up; saturates.
pub fn cycles_of(duration: Duration) -> Cycles {
    cycles_at(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// Seconds at `cycles`.
pub fn seconds(cycles: Cycles) -> f64 {
    cycles as f64 / CORE_HZ as f64
}

/// The low-frequency clock in Hz.
pub const LOW_FREQUENCY_HZ: u64 = 32_768;

/// Ticks of the 32,768 Hz clock that have passed at `cycles`.
pub const fn low_frequency_ticks(cycles: Cycles) -> u64 {
    // 1953.125 cycles a tick, which is 15625 / 8.
    cycles / 15_625 * 8 + cycles % 15_625 * 8 / 15_625
}

/// The first cycle at which `ticks` ticks of the 32,768 Hz clock have passed.
pub const fn low_frequency_cycle(ticks: u64) -> Cycles {
    ticks / 8 * 15_625 + (ticks % 8 * 15_625).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_and_cycles_agree() {
        assert_eq!(nanoseconds(CORE_HZ), 1_000_000_000);
        for cycles in [0, 1, 7, 8, 9, 63_999_999, 1 << 50] {
            assert_eq!(cycles_at(nanoseconds(cycles)), cycles, "cycle {cycles}");
        }
        assert_eq!(cycles_of(Duration::from_micros(1)), MICROSECOND);
    }

    #[test]
    fn low_frequency_ticks_fall_on_their_cycles() {
        for tick in [0u64, 1, 7, 8, 32_768, 1 << 40] {
            let cycle = low_frequency_cycle(tick);
            assert_eq!(low_frequency_ticks(cycle), tick);
            if cycle > 0 {
                assert_eq!(low_frequency_ticks(cycle - 1), tick - 1);
            }
        }
    }
}
