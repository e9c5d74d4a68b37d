//! Status flags of measurements and load-profile intervals.

use core::ops::{BitOr, BitOrAssign};

/// A set of status flags; no flag is the normal state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// Nothing to report.
    pub const NONE: Flags = Flags(0);
    /// Scans were lost; their energy is not counted.
    pub const MISSING_SAMPLES: Flags = Flags(1 << 0);
    /// The voltage channel touched an end of its range.
    pub const VOLTAGE_SATURATED: Flags = Flags(1 << 1);
    /// The current was beyond the low-gain range.
    pub const CURRENT_SATURATED: Flags = Flags(1 << 2);
    /// No mains frequency could be measured (no voltage, or outside 40 to 70 Hz).
    pub const NO_FREQUENCY: Flags = Flags(1 << 3);
    /// The calibration was changed.
    pub const CALIBRATION_CHANGED: Flags = Flags(1 << 4);
    /// The meter was without power (intervals only).
    pub const POWER_FAIL: Flags = Flags(1 << 5);
    /// The clock is not set, or doubtful after an outage (intervals only).
    pub const CLOCK_INVALID: Flags = Flags(1 << 6);
    /// The clock was set, so the interval is not of the full length (intervals only).
    pub const CLOCK_ADJUSTED: Flags = Flags(1 << 7);

    /// Returns whether every flag of `other` is set.
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns whether no flag is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}
