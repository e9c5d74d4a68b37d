//! When the energy registers are written to the energy store.
//!
//! A power cut loses the energy since the last save, so saves should be
//! frequent; flash wears, so they must be few. Hence a budget:
//!
//! - A token buys a save. One comes every [`TOKEN_SECONDS`]; at most
//!   [`MOST_TOKENS`] are kept, and a start brings [`FIRST_TOKENS`].
//! - While there is a token, registers that have grown by
//!   [`STEP_NWH`] are saved [`SPACING_SECONDS`] after the last save.
//! - Registers that have grown less are saved after [`TOKEN_SECONDS`].
//! - Registers that have not grown are not saved.
//!
//! When the supply begins to fall the registers are saved at once, from a budget
//! of its own that a supply which bounces cannot overdraw: one such save comes
//! every [`WARNING_SECONDS`]; at most [`MOST_WARNINGS`] are kept, and a start
//! brings as many. Once they are spent a warning takes a token, if there is one.
//!
//! In 20 years a meter under constant load writes
//!
//! ```text
//! 20 * 31_557_600 s / TOKEN_SECONDS   = 5.26 million records
//! 20 * 31_557_600 s / WARNING_SECONDS = 0.18 million, if its supply bounces
//! ```
//!
//! and [`FIRST_TOKENS`] and [`MOST_WARNINGS`] more for each start.
//! docs/energy-store.md has the number that the store can take.

use metrology::EnergyTotals;

/// Seconds for which a save is due on average.
pub const TOKEN_SECONDS: u32 = 120;
/// Most tokens that can be kept: four hours' worth.
pub const MOST_TOKENS: u32 = 120;
/// Tokens at start.
pub const FIRST_TOKENS: u32 = 24;
/// Least seconds from save to save.
pub const SPACING_SECONDS: u32 = 10;
/// Seconds for which a warning of the supply may cost a save, on average.
pub const WARNING_SECONDS: u32 = 3_600;
/// Most saves for warnings that can be kept, and those at start.
pub const MOST_WARNINGS: u32 = 4;
/// Growth of any register that is worth a token: 0.1 Wh.
pub const STEP_NWH: u64 = 100_000_000;

/// The budget and the last save.
#[derive(Clone, Debug)]
pub struct SaveBudget {
    saved: EnergyTotals,
    tokens: u32,
    /// Seconds towards the next token.
    earned: u32,
    /// Seconds since the last save.
    since_save: u32,
    /// Saves that warnings of the supply may still cost.
    warnings: u32,
    /// Seconds towards the next one.
    earned_warning: u32,
}

impl SaveBudget {
    /// A budget at start, when `saved` is in the store.
    pub fn new(saved: EnergyTotals) -> Self {
        SaveBudget {
            saved,
            tokens: FIRST_TOKENS,
            earned: 0,
            since_save: 0,
            warnings: MOST_WARNINGS,
            earned_warning: 0,
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
        self.earned_warning += 1;
        if self.earned_warning >= WARNING_SECONDS {
            self.earned_warning = 0;
            self.warnings = (self.warnings + 1).min(MOST_WARNINGS);
        }
        if self.tokens == 0 || self.since_save < SPACING_SECONDS {
            return false;
        }
        let growth = largest(&now.since(&self.saved));
        growth >= STEP_NWH || (growth > 0 && self.since_save >= TOKEN_SECONDS)
    }

    /// The supply begins to fall. Whether `now` is to be saved at once.
    pub fn warned(&self, now: &EnergyTotals) -> bool {
        (self.warnings > 0 || self.tokens > 0) && largest(&now.since(&self.saved)) > 0
    }

    /// A save was started because the supply begins to fall.
    pub fn started_by_warning(&mut self) {
        self.since_save = 0;
        match self.warnings.checked_sub(1) {
            Some(left) => self.warnings = left,
            None => self.tokens = self.tokens.saturating_sub(1),
        }
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
        let mut budget = SaveBudget::new(import(0));
        let (mut saves, mut worst) = (0, 0);
        for second in 1..=seconds {
            let now = import(second * nwh_a_second);
            worst = worst.max(budget.at_risk(&now).import_nwh);
            if budget.second(&now) {
                saves += 1;
                budget.started();
                budget.saved(now);
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
        let mut budget = SaveBudget::new(import(0));
        let mut last = 0;
        for second in 1..=1_000u32 {
            if budget.second(&import(u64::from(second) * 1_000_000_000)) {
                assert!(last == 0 || second - last >= SPACING_SECONDS);
                last = second;
                budget.started();
            }
        }
        assert!(last > 0);
    }

    #[test]
    fn a_supply_that_bounces_keeps_the_budget() {
        const HOURS: u32 = 48;
        let mut budget = SaveBudget::new(import(0));
        let mut saves = 0;
        for second in 1..=HOURS * 3_600 {
            // Ten warnings a second, each with something to save.
            for tenth in 0..10u64 {
                let now = import(u64::from(second) * 1_000_000_000 + tenth);
                if budget.warned(&now) {
                    saves += 1;
                    budget.started_by_warning();
                    budget.saved(now);
                }
            }
            let now = import(u64::from(second) * 1_000_000_000 + 10);
            if budget.second(&now) {
                saves += 1;
                budget.started();
                budget.saved(now);
            }
        }
        let most = HOURS * 3_600 / TOKEN_SECONDS + FIRST_TOKENS + HOURS + MOST_WARNINGS;
        assert!(saves <= most, "{saves} of {most}");
        assert!(saves >= most - 2);
    }

    #[test]
    fn a_warning_is_saved_whatever_came_before() {
        let mut budget = SaveBudget::new(import(0));
        while budget.tokens > 0 {
            budget.started();
        }
        assert!(!budget.warned(&import(0)), "nothing to save");
        assert!(budget.warned(&import(1)));
        for _ in 0..MOST_WARNINGS {
            assert!(budget.warned(&import(1)));
            budget.started_by_warning();
        }
        assert!(!budget.warned(&import(1)));
        for _ in 0..TOKEN_SECONDS {
            assert!(!budget.second(&import(0)));
        }
        assert!(budget.warned(&import(1)), "a token serves as well");
    }
}
