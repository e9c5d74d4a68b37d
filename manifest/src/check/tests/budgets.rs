//! Budgets that are missing, of no use, or more than the flash takes.

use super::{says, METER};
use crate::check::budgets::{share_after, share_of_life};
use crate::Manifest;

const COUNTER: &str = "changes = { per_week = 168, most = 48, lifetime = 200_000 }";

#[test]
fn whatever_writes_flash_needs_a_budget() {
    says(
        &format!(", {COUNTER}"),
        "",
        "app dlms: key dlms_invocation: advance writes flash, which needs a budget",
    );
    says(
        "key_changes = { per_week = 70, most = 64, lifetime = 400 }\n",
        "",
        "app factory: key ",
    );
    says(
        "[energy_store]\nrecords = { per_week = 5_300, most = 160, lifetime = 5_500_000 }\n",
        "",
        "an app may append to the energy store, which needs a budget",
    );
    says(
        "appends = { per_week = 1_000, most = 400 }\n",
        "",
        "missing field `appends`",
    );
}

#[test]
fn a_budget_of_what_is_never_changed_is_refused() {
    says(
        "server_ca               = { operations = [\"verify\", \"read\"], states = [\"operational\"] }",
        "server_ca               = { operations = [\"verify\", \"read\"], states = [\"operational\"], changes = { per_week = 1, most = 1, lifetime = 1 } }",
        "app tls: key server_ca: it has a budget of changes, but may not change it",
    );
}

#[test]
fn budgets_that_are_nothing_are_refused() {
    for (budget, what) in [
        (
            "per_week = 0, most = 48, lifetime = 200_000",
            "1 at the least",
        ),
        (
            "per_week = 168, most = 0, lifetime = 200_000",
            "1 at the least",
        ),
        (
            "per_week = 168, most = 48, lifetime = 47",
            "less than the most",
        ),
    ] {
        says(COUNTER, &format!("changes = {{ {budget} }}"), what);
    }
    says("most = 400", "most = 0", "storage.load_profile: appends");
    says("per_week = 5_300", "per_week = 0", "energy_store.records");
}

#[test]
fn the_flash_lasts_for_all_budgets_together() {
    says(
        "lifetime = 200_000",
        "lifetime = 400_000",
        "of the life of the key store's flash",
    );
    says(
        "lifetime = 5_500_000",
        "lifetime = 5_500_001",
        "and the flash takes 5500000",
    );
    let manifest = Manifest::parse(METER).expect("meter.toml is sound");
    let share = share_of_life(&manifest);
    assert!((0.5..=1.0).contains(&share), "{share}");
    let used = share_after(&manifest, 20.0);
    assert!((0.5..=share).contains(&used), "{used}");
    assert!(share_after(&manifest, 1.0) < 0.2);
}

#[test]
fn a_counter_is_not_used_up_by_its_budget() {
    let counter = "dlms_invocation         = { number = 0x503, kind = \"counter\"";
    says(
        counter,
        &format!("{counter}, step = 21_475"),
        "keys.dlms_invocation: 200000 steps of 21475 would use the counter up",
    );
    says(counter, &format!("{counter}, step = 0"), "1 at the least");
    says(
        "kind = \"trust_anchor\"",
        "kind = \"trust_anchor\", step = 5",
        "has no step",
    );
    let most = METER.replacen(counter, &format!("{counter}, step = 21_474"), 1);
    Manifest::parse(&most).expect("just not used up");
}

#[test]
fn there_are_accounts_for_all_budgets() {
    let more = ", changes = { per_week = 1, most = 1, lifetime = 1 } }";
    let factory = METER.find("name = \"factory\"").expect("an app");
    let (before, after) = METER.split_at(factory);
    let mut text = before.to_owned();
    let mut added = 0;
    for line in after.lines() {
        match line.strip_suffix("states = [\"factory\"] }") {
            Some(start) if added < 8 => {
                text += &format!("{start}states = [\"factory\"]{more}");
                added += 1;
            }
            _ => text += line,
        }
        text += "\n";
    }
    assert_eq!(added, 8);
    let error = Manifest::parse(&text).expect_err("nine lines").0;
    assert!(
        error.contains("app factory: it has 9 budgets, of 8"),
        "{error}"
    );
}
