//! The load profile: energy of each quarter of an hour with its status.

use crate::flags::Flags;
use crate::registers::EnergyTotals;

/// Length of an interval.
pub const INTERVAL_SECONDS: u64 = 900;

/// One interval of the load profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileEntry {
    /// End of the interval: Unix time in seconds, a multiple of 900; with
    /// [`Flags::CLOCK_INVALID`] a time that may be late by what an outage lasted, and that counts
    /// what was measured if the clock was never set.
    pub end: u64,
    /// Energy in the interval.
    pub energy: EnergyTotals,
    /// The registers at its end.
    pub registers: EnergyTotals,
    /// Scans measured in it; 5,882,352 when complete.
    pub scans: u32,
    /// What happened in it.
    pub flags: Flags,
}

/// What there is of a load profile when the meter starts.
#[derive(Clone, Copy, Debug)]
pub enum StoredProfile<'a> {
    /// No memory keeps it: the profile begins with this start.
    Nowhere,
    /// No interval has ended yet: all that is in the registers belongs to the first.
    Empty,
    /// This interval is the newest.
    Newest(&'a ProfileEntry),
}

/// The newest `N` intervals.
#[derive(Clone, Debug)]
pub struct ProfileLog<const N: usize> {
    entries: [ProfileEntry; N],
    pushed: usize,
}

impl<const N: usize> ProfileLog<N> {
    /// Makes a log that holds no interval.
    pub const fn new() -> Self {
        ProfileLog {
            entries: [ProfileEntry {
                end: 0,
                energy: EMPTY,
                registers: EMPTY,
                scans: 0,
                flags: Flags::NONE,
            }; N],
            pushed: 0,
        }
    }

    /// Adds an interval; the oldest goes when the log is full.
    pub fn push(&mut self, entry: ProfileEntry) {
        if N > 0 {
            self.entries[self.pushed % N] = entry;
            self.pushed = self.pushed.wrapping_add(1);
        }
    }

    /// Returns the number of intervals that the log holds.
    pub fn len(&self) -> usize {
        self.pushed.min(N)
    }

    /// Returns whether no interval is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Goes through the intervals, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &ProfileEntry> {
        (1..=self.len()).map(|back| &self.entries[(self.pushed - back) % N])
    }
}

impl<const N: usize> Default for ProfileLog<N> {
    fn default() -> Self {
        Self::new()
    }
}

const EMPTY: EnergyTotals = EnergyTotals {
    import_nwh: 0,
    export_nwh: 0,
    import_nvarh: 0,
    export_nvarh: 0,
};

/// Cuts time into intervals, at the first window end after each boundary.
///
/// An interval that a power cut leaves open is carried over: the next one begins with the registers
/// at the end of the newest that is stored, so that the intervals add up to the registers over any
/// cuts. Until it is known which that is, none ends.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Seconds at a time since start (microseconds): Unix time once the clock was set, before that
    /// a time that at least does not go back.
    clock: (u64, u64),
    clock_set: bool,
    interval: Option<u64>,
    /// The newest stored interval is known, or that there is none.
    resumed: bool,
    at_start: EnergyTotals,
    scans: u32,
    flags: Flags,
}

impl Profile {
    /// A profile that waits for [`Profile::resume`]. Time counts from `seconds`.
    pub(crate) const fn new(at_start: EnergyTotals, seconds: u64) -> Profile {
        Profile {
            clock: (seconds, 0),
            clock_set: false,
            interval: None,
            resumed: false,
            at_start,
            scans: 0,
            flags: Flags::NONE,
        }
    }

    /// The clock says `unix_seconds` at `time_us` since start.
    pub(crate) fn set_clock(&mut self, unix_seconds: u64, time_us: u64) {
        self.clock = (unix_seconds, time_us);
        self.clock_set = true;
        self.flags |= Flags::CLOCK_ADJUSTED;
    }

    /// Goes on after what is stored: from the registers of the newest interval, and, unless the
    /// clock was set meanwhile, from its end.
    pub(crate) fn resume(&mut self, stored: StoredProfile<'_>) {
        self.resumed = true;
        let newest = match stored {
            StoredProfile::Nowhere => return,
            StoredProfile::Empty => {
                self.at_start = EMPTY;
                return;
            }
            StoredProfile::Newest(newest) => newest,
        };
        self.at_start = newest.registers;
        if !self.clock_set && newest.end > self.clock.0 {
            self.clock.0 = newest.end;
            self.interval = None;
        }
    }

    /// Seconds at `time_us` since start, and whether the clock was set.
    pub(crate) fn clock(&self, time_us: u64) -> (u64, bool) {
        let (from, at_us) = self.clock;
        let since = time_us.saturating_sub(at_us) / 1_000_000;
        (from.saturating_add(since), self.clock_set)
    }

    /// Marks the present interval.
    pub(crate) fn mark(&mut self, flags: Flags) {
        self.flags |= flags;
    }

    /// The registers were replaced: what they gained by it is no energy of the
    /// present interval.
    pub(crate) fn rebase(&mut self, registers: EnergyTotals) {
        self.at_start = registers;
    }

    /// A window ended at `time_us` with `registers`.
    pub(crate) fn window(
        &mut self,
        time_us: u64,
        registers: &EnergyTotals,
        scans: u32,
        flags: Flags,
    ) -> Option<ProfileEntry> {
        let (seconds, set) = self.clock(time_us);
        if !set {
            self.flags |= Flags::CLOCK_INVALID;
        }
        self.flags |= flags;
        self.scans = self.scans.saturating_add(scans);
        let now = seconds / INTERVAL_SECONDS;
        let before = *self.interval.get_or_insert(now);
        if now == before || !self.resumed {
            return None;
        }
        let entry = ProfileEntry {
            end: (before + 1).saturating_mul(INTERVAL_SECONDS),
            energy: registers.since(&self.at_start),
            registers: *registers,
            scans: self.scans,
            flags: self.flags,
        };
        self.interval = Some(now);
        self.at_start = *registers;
        self.scans = 0;
        self.flags = Flags::NONE;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn totals(import_nwh: u64) -> EnergyTotals {
        EnergyTotals {
            import_nwh,
            ..EMPTY
        }
    }

    #[test]
    fn intervals_are_aligned_to_the_clock() {
        let mut profile = Profile::new(totals(100), 0);
        profile.resume(StoredProfile::Nowhere);
        profile.set_clock(1_700_000_000, 0);
        profile.mark(Flags::POWER_FAIL);
        let mut log = ProfileLog::<4>::new();
        for second in 1..=3_000u64 {
            if let Some(entry) = profile.window(
                second * 1_000_000,
                &totals(100 + second),
                4_000,
                Flags::NONE,
            ) {
                log.push(entry);
            }
        }
        let entries: Vec<_> = log.newest_first().collect();
        assert_eq!(entries.len(), 4);
        assert!(entries.iter().all(|entry| entry.end % 900 == 0));
        assert_eq!(entries[0].energy, totals(900));
        assert_eq!(entries[0].scans, 3_600_000);
        assert_eq!(entries[0].flags, Flags::NONE);
        assert!(entries[3]
            .flags
            .contains(Flags::POWER_FAIL | Flags::CLOCK_ADJUSTED));
        assert_eq!(entries[3].registers.since(&totals(100)), entries[3].energy);
    }

    #[test]
    fn without_a_clock_intervals_count_from_start() {
        let mut profile = Profile::new(EMPTY, 0);
        profile.resume(StoredProfile::Nowhere);
        assert_eq!(profile.window(1_000_000, &EMPTY, 4_000, Flags::NONE), None);
        let entry = profile
            .window(900_000_000, &totals(5), 4_000, Flags::MISSING_SAMPLES)
            .unwrap();
        assert_eq!(entry.end, 900);
        assert_eq!(entry.flags, Flags::CLOCK_INVALID | Flags::MISSING_SAMPLES);
    }

    #[test]
    fn a_full_log_drops_the_oldest() {
        let mut log = ProfileLog::<2>::new();
        for end in 1..=5 {
            log.push(ProfileEntry {
                end,
                ..ProfileEntry::default()
            });
        }
        let ends: Vec<u64> = log.newest_first().map(|entry| entry.end).collect();
        assert_eq!(ends, [5, 4]);
    }
}
