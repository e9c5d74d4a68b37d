//! How many changes of which object an app may still ask for: the flash's life, shared out.
//!
//! The policy has a line for each app and object, or for an app and all its other objects:
//! how many changes it earns in a week, how many it keeps, how many it has in the meter's life.
//! What an app has left is kept in flash as changes themselves are, or a reset would renew it;
//! but not for each change, which would double the wear. So changes are taken in *blocks*: the
//! app's [ledger](LEDGERS) says how many it was given, and a block is entered there before the
//! first change of it. What of a block is not used when the power fails is lost.
//!
//! A ledger is an object of the key store's own, one for each app: for each line 8 bytes, the
//! object (2), what is in hand (2) and what was given in the meter's life (4), little endian.

use core::cell::Cell;

use capsules_support::allowance::Allowance;
use kernel::ErrorCode;

use crate::OVER_BUDGET;

use super::policy::{Budget, Policy, RESERVED};

/// Lines that a policy can have.
pub const PLACES: usize = 16;
/// Lines that it can have for one app.
pub const PLACES_OF_AN_APP: usize = 8;
/// Number of the ledger of the app with ShortId 0; the others follow. Below are the versions of
/// the apps.
pub const LEDGERS: u16 = RESERVED + 0x800;
/// ShortIds go up to here, this one excluded.
pub const SHORT_IDS: u32 = 0x800;

const ENTRY: usize = 8;
/// Bytes of the longest ledger.
pub const LEDGER_BYTES: usize = ENTRY * PLACES_OF_AN_APP;

/// What is known of one line.
struct Account {
    /// Whether the ledger was read since the start.
    known: Cell<bool>,
    allowance: Allowance,
    /// What was given in the meter's life.
    given: Cell<u32>,
    /// What of the last block is left.
    left: Cell<u16>,
}

/// What the next change of an object takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// It was taken: the change can be made.
    Taken,
    /// The app's ledger has to be written first, with this content.
    Ledger(Ledger),
}

/// A ledger that is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Its object.
    pub object: u16,
    /// The line of which it gives a block.
    line: usize,
    bytes: [u8; LEDGER_BYTES],
    length: usize,
}

impl Ledger {
    /// Its content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The accounts of all lines of a policy.
pub struct Budgets([Account; PLACES]);

impl Default for Budgets {
    fn default() -> Self {
        Self::new()
    }
}

impl Budgets {
    /// Makes accounts of which nothing is known yet.
    pub const fn new() -> Self {
        Self(
            [const {
                Account {
                    known: Cell::new(false),
                    allowance: Allowance::new(0),
                    given: Cell::new(0),
                    left: Cell::new(0),
                }
            }; PLACES],
        )
    }

    /// Checks that an app may ask for one more change of an object; `read` reads an object of
    /// the key store's own.
    ///
    /// # Errors
    /// Fails with [`OVER_BUDGET`] if it may not now, or never more, and with the error with
    /// which its ledger cannot be read.
    pub fn check(
        &self,
        policy: &Policy,
        app: Option<u32>,
        object: u16,
        read: impl FnOnce(u16, &mut [u8]) -> Result<usize, ErrorCode>,
    ) -> Result<(), ErrorCode> {
        let (line, budget) = line_of(policy, app, object).ok_or(OVER_BUDGET)?;
        self.know(policy, budget.app, read)?;
        let account = &self.0[line];
        let may = account.left.get() > 0 || next_block(account, budget).is_some();
        may.then_some(()).ok_or(OVER_BUDGET)
    }

    /// Takes one change of an object out of the app's budget, or tells what has to be written
    /// before.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn take(
        &self,
        policy: &Policy,
        app: Option<u32>,
        object: u16,
        read: impl FnOnce(u16, &mut [u8]) -> Result<usize, ErrorCode>,
    ) -> Result<Take, ErrorCode> {
        let (line, budget) = line_of(policy, app, object).ok_or(OVER_BUDGET)?;
        self.know(policy, budget.app, read)?;
        let account = &self.0[line];
        if let Some(left) = account.left.get().checked_sub(1) {
            account.left.set(left);
            return Ok(Take::Taken);
        }
        let block = next_block(account, budget).ok_or(OVER_BUDGET)?;
        let mut ledger = Ledger {
            object: LEDGERS + (budget.app % SHORT_IDS) as u16,
            line,
            bytes: [0; LEDGER_BYTES],
            length: 0,
        };
        for (other, entry) in lines(policy).filter(|(_, entry)| entry.app == budget.app) {
            let account = &self.0[other];
            let taken = if other == line { block } else { 0 };
            let level = account.allowance.level().saturating_sub(taken);
            let given = account.given.get().saturating_add(taken.into());
            let place = ledger.bytes.get_mut(ledger.length..ledger.length + ENTRY);
            let place = place.ok_or(ErrorCode::FAIL)?;
            place[..2].copy_from_slice(&entry.object.to_le_bytes());
            place[2..4].copy_from_slice(&level.to_le_bytes());
            place[4..].copy_from_slice(&given.to_le_bytes());
            ledger.length += ENTRY;
        }
        Ok(Take::Ledger(ledger))
    }

    /// A ledger is durable: the block that it gives can be used, and its first change is
    /// taken.
    pub fn written(&self, policy: &Policy, ledger: &Ledger) {
        let (Some(account), Some(budget)) =
            (self.0.get(ledger.line), policy.budgets.get(ledger.line))
        else {
            return;
        };
        let block = block_of(budget);
        if account.allowance.take(block) {
            account
                .given
                .set(account.given.get().saturating_add(block.into()));
            account.left.set(block - 1);
        }
    }

    /// Time has passed, in seconds. An account of which nothing is known yet earns nothing.
    pub fn earn(&self, policy: &Policy, seconds: u32) {
        for (line, budget) in lines(policy) {
            if self.0[line].known.get() {
                self.0[line].allowance.earn(budget.rate, seconds);
            }
        }
    }

    /// Reads the ledger of an app, once.
    fn know(
        &self,
        policy: &Policy,
        app: u32,
        read: impl FnOnce(u16, &mut [u8]) -> Result<usize, ErrorCode>,
    ) -> Result<(), ErrorCode> {
        let own = || lines(policy).filter(|(_, budget)| budget.app == app);
        if own().all(|(line, _)| self.0[line].known.get()) {
            return Ok(());
        }
        let mut bytes = [0; LEDGER_BYTES];
        let length = match read(LEDGERS + (app % SHORT_IDS) as u16, &mut bytes) {
            Ok(length) => length,
            Err(ErrorCode::UNINSTALLED) => 0,
            Err(error) => return Err(error),
        };
        for (line, budget) in own() {
            let account = &self.0[line];
            let entry = bytes[..length]
                .chunks_exact(ENTRY)
                .find(|entry| entry[..2] == budget.object.to_le_bytes());
            let (level, given) = match entry {
                Some([_, _, a, b, c, d, e, f]) => (
                    u16::from_le_bytes([*a, *b]).min(budget.rate.most),
                    u32::from_le_bytes([*c, *d, *e, *f]),
                ),
                _ => (budget.rate.most, 0),
            };
            account.allowance.set_level(level);
            account.given.set(given);
            account.known.set(true);
        }
        Ok(())
    }
}

/// The lines that there are accounts for.
fn lines(policy: &Policy) -> impl Iterator<Item = (usize, &'static Budget)> {
    policy.budgets.iter().enumerate().take(PLACES)
}

/// The line for an app and an object, or for the app and its other objects.
fn line_of(policy: &Policy, app: Option<u32>, object: u16) -> Option<(usize, &'static Budget)> {
    let of = |object| {
        lines(policy).find(|(_, budget)| Some(budget.app) == app && budget.object == object)
    };
    of(object).or_else(|| of(Budget::OTHERS))
}

/// Changes that the ledger gives at a time.
fn block_of(budget: &Budget) -> u16 {
    (budget.rate.most / Budget::BLOCKS).max(1)
}

/// The next block, if the app may have it.
fn next_block(account: &Account, budget: &Budget) -> Option<u16> {
    let block = block_of(budget);
    let given = account.given.get().checked_add(block.into())?;
    let may = account.allowance.level() >= block && given <= budget.lifetime;
    may.then_some(block)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::vec::Vec;

    use capsules_support::allowance::Rate;

    use super::*;

    const A: u32 = 1;
    const B: u32 = 2;
    const OBJECT: u16 = 0x101;
    const OTHER: u16 = 0x102;

    const fn budget(app: u32, object: u16, most: u16, lifetime: u32) -> Budget {
        Budget {
            app,
            object,
            rate: Rate { per_week: 7, most },
            lifetime,
        }
    }

    static POLICY: Policy = Policy {
        objects: &[],
        grants: &[],
        transitions: &[],
        shares: &[],
        budgets: &[
            budget(A, OBJECT, 16, 100),
            budget(A, Budget::OTHERS, 3, 1_000),
            budget(B, OBJECT, 1, 5),
        ],
    };
    const DAY: u32 = 24 * 3_600;

    /// The ledgers in flash, and the accounts of a run.
    #[derive(Default)]
    struct Meter {
        flash: BTreeMap<u16, Vec<u8>>,
        budgets: Budgets,
        ledgers: usize,
    }

    impl Meter {
        fn change(&mut self, app: u32, object: u16) -> Result<(), ErrorCode> {
            let flash = &self.flash;
            let read = |object: u16, bytes: &mut [u8]| {
                let content = flash.get(&object).ok_or(ErrorCode::UNINSTALLED)?;
                bytes[..content.len()].copy_from_slice(content);
                Ok(content.len())
            };
            let checked = self.budgets.check(&POLICY, Some(app), object, read);
            let taken = self.budgets.take(&POLICY, Some(app), object, read);
            assert_eq!(checked, taken.map(|_| ()));
            if let Take::Ledger(ledger) = taken? {
                self.flash.insert(ledger.object, ledger.bytes().to_vec());
                self.budgets.written(&POLICY, &ledger);
                self.ledgers += 1;
            }
            Ok(())
        }

        fn changes(&mut self, app: u32, object: u16) -> usize {
            (0..)
                .take_while(|_| self.change(app, object).is_ok())
                .count()
        }

        fn reset(&mut self) {
            self.budgets = Budgets::new();
        }
    }

    #[test]
    fn what_is_in_hand_is_used_up_and_earned_again() {
        let mut meter = Meter::default();
        assert_eq!(meter.changes(A, OBJECT), 16);
        assert_eq!(meter.ledgers, 8, "two changes a block");
        assert_eq!(meter.change(A, OBJECT), Err(OVER_BUDGET));
        meter.budgets.earn(&POLICY, DAY);
        assert_eq!(meter.changes(A, OBJECT), 0, "half a block");
        meter.budgets.earn(&POLICY, DAY);
        assert_eq!(meter.changes(A, OBJECT), 2);
    }

    #[test]
    fn a_reset_renews_nothing() {
        let mut meter = Meter::default();
        assert_eq!(meter.changes(A, OBJECT), 16);
        for _ in 0..10 {
            meter.reset();
            assert_eq!(meter.changes(A, OBJECT), 0);
        }
        // Nor does one in the middle of a block, which loses the rest of it.
        let mut meter = Meter::default();
        let mut changes = 0;
        while meter.change(A, OBJECT).is_ok() {
            changes += 1;
            meter.reset();
        }
        assert_eq!(changes, 8);
    }

    #[test]
    fn the_lifetime_ends_for_ever() {
        let mut meter = Meter::default();
        let mut changes = 0;
        for _ in 0..100 {
            changes += meter.changes(B, OBJECT);
            meter.reset();
            assert_eq!(meter.changes(B, OBJECT), 0);
            meter.budgets.earn(&POLICY, 7 * DAY);
        }
        assert_eq!(changes, 5);
    }

    #[test]
    fn lines_and_apps_do_not_touch_each_other() {
        let mut meter = Meter::default();
        assert_eq!(meter.changes(A, OBJECT), 16);
        assert_eq!(meter.changes(A, OTHER), 3);
        assert_eq!(meter.changes(A, OTHER + 1), 0, "all others have one line");
        assert_eq!(meter.changes(B, OBJECT), 1);
        assert_eq!(meter.change(B, OTHER), Err(OVER_BUDGET), "no line");
        meter.reset();
        for (app, object) in [(A, OBJECT), (A, OTHER), (B, OBJECT)] {
            assert_eq!(meter.changes(app, object), 0);
        }
    }

    #[test]
    fn a_ledger_that_cannot_be_read_lets_nothing_through() {
        let budgets = Budgets::new();
        let read = |_: u16, _: &mut [u8]| Err(ErrorCode::FAIL);
        assert_eq!(
            budgets.check(&POLICY, Some(A), OBJECT, read),
            Err(ErrorCode::FAIL)
        );
        assert_eq!(
            budgets.take(&POLICY, Some(A), OBJECT, read),
            Err(ErrorCode::FAIL)
        );
        assert_eq!(
            budgets.take(&POLICY, None, OBJECT, read),
            Err(OVER_BUDGET),
            "nobody has no line"
        );
    }
}
