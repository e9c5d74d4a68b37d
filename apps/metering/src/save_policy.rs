//! When the energy registers are written to the energy store.
//!
//! A power cut loses the energy since the last save, so saves should be
//! frequent; flash wears, so they must be few. The policy spends a budget:
//!
//! - A token buys a save. One comes every [`TOKEN_SECONDS`]; at most
//!   [`MOST_TOKENS`] are kept, and a start brings [`FIRST_TOKENS`].
//! - While there is a token, registers that have grown by
//!   [`STEP_NWH`] are saved [`SPACING_SECONDS`] after the last save.
//! - Registers that have grown less are saved after [`TOKEN_SECONDS`].
//! - Registers that have not grown are not saved.
//!
//! In 20 years a meter under constant load writes
//!
//! ```text
//! 20 * 31_557_600 s / TOKEN_SECONDS = 5.3 million records
//! ```
//!
//! and [`FIRST_TOKENS`] more for each start. docs/energy-store.md has the
//! number that the store can take.

use metrology::EnergyTotals;

/// Seconds for which a save is due on average.
pub const TOKEN_SECONDS: u32 = 120;
/// Most tokens that can be kept: four hours' worth.
pub const MOST_TOKENS: u32 = 120;
/// Tokens at start.
pub const FIRST_TOKENS: u32 = 24;
/// Least seconds from save to save.
pub const SPACING_SECONDS: u32 = 10;
/// Growth of any register that is worth a token: 0.1 Wh.
pub const STEP_NWH: u64 = 100_000_000;

/// The budget and the last save.
#[derive(Clone, Debug)]
pub struct SavePolicy {
    saved: EnergyTotals,
    tokens: u32,
    /// Seconds towards the next token.
    earned: u32,
    /// Seconds since the last save.
    since_save: u32,
}

impl SavePolicy {
    /// A policy at start, when `saved` is in the store.
    pub fn new(saved: EnergyTotals) -> Self {
        SavePolicy {
            saved,
            tokens: FIRST_TOKENS,
            earned: 0,
            since_save: 0,
        }
    }

    /// A second has passed. Whether `now` is to be saved.
    pub fn second(&mut self, now: &EnergyTotals) -> bool {
        self.since_save = self.since_save.saturating_add(1);
        self.earned += 1;
        if self.earned >= TOKEN_SECONDS {
            self.earned = 0;
            self.tokens = (self.tokens + 1).min(MOST_TOKENS);
        }
        if self.tokens == 0 || self.since_save < SPACING_SECONDS {
            return false;
        }
        let growth = largest(&now.since(&self.saved));
        growth >= STEP_NWH || (growth > 0 && self.since_save >= TOKEN_SECONDS)
    }

    /// A save of `saved` was started.
    pub fn started(&mut self) {
        self.tokens = self.tokens.saturating_sub(1);
        self.since_save = 0;
    }

    /// `saved` is durable.
    pub fn saved(&mut self, saved: EnergyTotals) {
        self.saved = saved;
    }

    /// Growth since the last durable save: what a power cut now would cost.
    pub fn at_risk(&self, now: &EnergyTotals) -> EnergyTotals {
        now.since(&self.saved)
    }
}

fn largest(totals: &EnergyTotals) -> u64 {
    totals
        .import_nwh
        .max(totals.export_nwh)
        .max(totals.import_nvarh)
        .max(totals.export_nvarh)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(import_nwh: u64) -> EnergyTotals {
        EnergyTotals {
            import_nwh,
            ..EnergyTotals::default()
        }
    }

    /// Saves in `seconds` under a constant load, and the most energy at risk.
    fn simulate(seconds: u64, nwh_a_second: u64) -> (u64, u64) {
        let mut policy = SavePolicy::new(import(0));
        let (mut saves, mut worst) = (0, 0);
        for second in 1..=seconds {
            let now = import(second * nwh_a_second);
            worst = worst.max(policy.at_risk(&now).import_nwh);
            if policy.second(&now) {
                saves += 1;
                policy.started();
                policy.saved(now);
            }
        }
        (saves, worst)
    }

    #[test]
    fn a_day_at_full_load_keeps_the_budget() {
        // 13.8 kW.
        let (saves, worst) = simulate(86_400, 3_833_333_333);
        assert!(saves <= 86_400 / u64::from(TOKEN_SECONDS) + u64::from(FIRST_TOKENS));
        assert!(saves >= 86_400 / u64::from(TOKEN_SECONDS));
        assert!(worst <= u64::from(TOKEN_SECONDS) * 3_833_333_333);
    }

    #[test]
    fn a_short_run_is_saved_every_ten_seconds() {
        let (saves, worst) = simulate(120, 255_650_000);
        assert_eq!(saves, 12);
        assert_eq!(worst, 10 * 255_650_000);
    }

    #[test]
    fn without_a_load_nothing_is_written() {
        assert_eq!(simulate(1_000_000, 0).0, 0);
    }

    #[test]
    fn a_small_load_is_saved_now_and_then() {
        // 4.6 W for an hour, 0.1 Wh every 78 s: every step while tokens last.
        let (saves, _) = simulate(3_600, 1_277_777);
        assert!((30..=46).contains(&saves), "{saves}");
        // A milliwatt makes no step in an hour.
        let (saves, _) = simulate(3_600, 277);
        assert_eq!(saves, 3_600 / u64::from(TOKEN_SECONDS));
    }

    #[test]
    fn saves_keep_their_distance_even_when_the_store_fails() {
        let mut policy = SavePolicy::new(import(0));
        let mut last = 0;
        for second in 1..=1_000u32 {
            if policy.second(&import(u64::from(second) * 1_000_000_000)) {
                assert!(last == 0 || second - last >= SPACING_SECONDS);
                last = second;
                policy.started();
            }
        }
        assert!(last > 0);
    }
}
