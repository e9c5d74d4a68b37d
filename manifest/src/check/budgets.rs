//! No app can wear the flash out: every change that one may ask for has a budget, and the flash
//! lasts for all of them together.

use super::keys::{record_slots, VAULT_SLOTS};
use super::rules::{of_app, refuse_if, Refusal};
use crate::model::{App, Changes, Kind, Manifest, Operation};
use crate::place::Place;

/// Erases that a page of the part is rated for (nRF52840 PS, NVMC, electrical specification).
const ERASES: f64 = 10_000.0;
/// Banks of the key store, which are used in turn.
const BANKS: f64 = 2.0;
/// Slots of a bank, but for its header.
const BANK_SLOTS: usize = 382;
/// Weeks of a year.
const WEEKS: f64 = 365.25 / 7.0;
/// Lines that the capsule has accounts for. The generated table asserts it, and what follows.
pub(crate) const LINES: usize = 16;
/// Lines of one app, of which a ledger has room for as many.
pub(crate) const LINES_OF_AN_APP: usize = 8;
/// Blocks in which what is kept is given.
pub(crate) const BLOCKS: u16 = 8;
/// ShortIds of apps that have a ledger are lower.
pub(crate) const SHORT_IDS: u32 = 0x800;
/// Records that the energy store takes in the flash's life, of those that take most room
/// (docs/energy-store.md, records of which ten words change).
const ENERGY_RECORDS: u32 = 5_500_000;

/// Bytes of a line in a ledger.
pub(crate) const ENTRY: usize = 8;

/// Whether an operation changes the object in flash.
pub(crate) fn changes(operation: Operation) -> bool {
    match operation {
        Operation::Generate
        | Operation::Import
        | Operation::Store
        | Operation::Replace
        | Operation::Advance
        | Operation::Activate
        | Operation::Erase => true,
        Operation::PublicKey
        | Operation::Sign
        | Operation::Agree
        | Operation::Encrypt
        | Operation::Decrypt
        | Operation::Authenticate
        | Operation::Hmac
        | Operation::Wrap
        | Operation::Unwrap
        | Operation::Verify
        | Operation::Read => false,
    }
}

/// A line of the key store's budgets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Whose it is.
    pub app: &'a App,
    /// Of which key; of all others that the app may change, if none.
    pub key: Option<&'a str>,
    /// How much.
    pub changes: Changes,
}

/// Returns all lines: of each app those of single keys, then that of the others.
pub(crate) fn lines(manifest: &Manifest) -> Vec<Line<'_>> {
    let of_app = |app| {
        let App { keys, .. }: &App = app;
        let single = keys.iter().filter_map(move |(key, grant)| {
            let changes = grant.changes?;
            Some(Line {
                app,
                key: Some(key.as_str()),
                changes,
            })
        });
        let others = app.key_changes.map(|changes| Line {
            app,
            key: None,
            changes,
        });
        single.chain(others)
    };
    manifest.apps.iter().flat_map(of_app).collect()
}

/// Returns the erases of a bank that one change of a line costs at the most, the key store
/// being as full as it can be: the slots of the record and of its share of the ledger, and
/// for a key two changes of banks, because no copy of the one before may stay.
pub(crate) fn erases(manifest: &Manifest, line: &Line<'_>) -> f64 {
    let kinds: Vec<Kind> = match line.key {
        Some(key) => vec![manifest.keys[key].kind],
        None => line
            .app
            .keys
            .iter()
            .filter(|(_, grant)| grant.changes.is_none())
            .filter(|(_, grant)| grant.operations.iter().copied().any(changes))
            .map(|(key, _)| manifest.keys[key].kind)
            .collect(),
    };
    let free = (BANK_SLOTS - VAULT_SLOTS) as f64;
    let own = lines_of(manifest, line.app);
    let ledger = record_slots(ENTRY * own) as f64 / f64::from(block(line.changes));
    let cost = |kind: &Kind| {
        let secret = matches!(kind, Kind::P256 | Kind::Aes128 | Kind::Secret);
        let banks = if secret { 2.0 } else { 0.0 };
        banks + (record_slots(kind.bytes()) as f64 + ledger) / free
    };
    kinds.iter().map(cost).fold(0.0, f64::max)
}

/// Changes that the ledger gives at a time.
pub(crate) fn block(changes: Changes) -> u16 {
    (changes.most / BLOCKS).max(1)
}

/// Returns how many lines an app has.
pub(crate) fn lines_of(manifest: &Manifest, app: &App) -> usize {
    let lines = lines(manifest);
    lines
        .iter()
        .filter(|line| line.app.name == app.name)
        .count()
}

/// Returns how many erases of a bank the key store's pages are rated for.
pub(crate) fn erases_in_life() -> f64 {
    BANKS * ERASES
}

/// Returns the share of the key store's life that all changes of all lines take: of 1.
pub(crate) fn share_of_life(manifest: &Manifest) -> f64 {
    let lines = lines(manifest);
    let cost = |line: &Line<'_>| f64::from(line.changes.lifetime) * erases(manifest, line);
    lines.iter().map(cost).sum::<f64>() / erases_in_life()
}

/// Returns the share of the key store's life that is used after some years in which every app
/// asked for all that it might: of 1.
pub(crate) fn share_after(manifest: &Manifest, years: f64) -> f64 {
    let lines = lines(manifest);
    let cost = |line: &Line<'_>| {
        let Changes {
            per_week,
            most,
            lifetime,
        } = line.changes;
        let earned = f64::from(most) + f64::from(per_week) * years * WEEKS;
        earned.min(lifetime.into()) * erases(manifest, line)
    };
    lines.iter().map(cost).sum::<f64>() / erases_in_life()
}

/// Returns for how many years a number of changes lasts at so many a week.
pub(crate) fn years(lifetime: f64, per_week: u32) -> f64 {
    lifetime / f64::from(per_week) / WEEKS
}

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    for (number, app) in manifest.apps.iter().enumerate() {
        check_app(manifest, number, app)?;
    }
    refuse_if!(
        lines(manifest).len() > LINES,
        Place::default(),
        "the key store keeps {LINES} budgets, not {}",
        lines(manifest).len()
    );
    let share = share_of_life(manifest);
    refuse_if!(
        share > 1.0,
        Place::default(),
        "the budgets for changes of keys take {:.0} % of the life of the key store's flash",
        share * 100.0
    );
    check_energy_store(manifest)?;
    for (name, partition) in &manifest.storage {
        check_rate(
            &Place::at("storage").key(name),
            &format!("storage.{name}: appends"),
            partition.appends.per_week,
            partition.appends.most,
        )?;
    }
    Ok(())
}

fn check_app(manifest: &Manifest, number: usize, app: &App) -> Result<(), Refusal> {
    let name = &app.name;
    for (key, grant) in &app.keys {
        let place = of_app(number, "keys").key(key);
        let changing = grant.operations.iter().copied().find(|it| changes(*it));
        let entry = format!("app {name}: key {key}");
        match (changing, grant.changes) {
            (None, Some(_)) => {
                return Err(Refusal {
                    place,
                    message: format!("{entry}: it has a budget of changes, but may not change it"),
                })
            }
            (Some(operation), None) => refuse_if!(
                app.key_changes.is_none(),
                place,
                "{entry}: {operation} writes flash, which needs a budget: changes = {{ per_week = .., most = .., lifetime = .. }}, or key_changes of the app"
            ),
            (_, Some(budget)) => check_changes(&place, &entry, budget)?,
            (None, None) => {}
        }
    }
    if let Some(budget) = app.key_changes {
        let entry = format!("app {name}: key_changes");
        check_changes(&of_app(number, "key_changes"), &entry, budget)?;
    }
    let own = lines_of(manifest, app);
    refuse_if!(
        own > LINES_OF_AN_APP,
        of_app(number, "name"),
        "app {name}: it has {own} budgets, of {LINES_OF_AN_APP} at the most"
    );
    refuse_if!(
        own > 0 && app.short_id >= SHORT_IDS,
        of_app(number, "short_id"),
        "app {name}: an app that changes keys has a short_id below {SHORT_IDS:#x}"
    );
    Ok(())
}

fn check_changes(place: &Place, entry: &str, changes: Changes) -> Result<(), Refusal> {
    check_rate(place, entry, changes.per_week, changes.most)?;
    refuse_if!(
        changes.lifetime < u32::from(changes.most),
        place.clone(),
        "{entry}: the lifetime is less than the most that is kept"
    );
    Ok(())
}

fn check_rate(place: &Place, entry: &str, per_week: u32, most: u16) -> Result<(), Refusal> {
    refuse_if!(
        per_week == 0 || most == 0,
        place.clone(),
        "{entry}: per_week and most are 1 at the least"
    );
    Ok(())
}

fn check_energy_store(manifest: &Manifest) -> Result<(), Refusal> {
    let appends = manifest
        .apps
        .iter()
        .any(|app| app.may_call("energy_store", "append"));
    let place = Place::at("energy_store");
    let Some(store) = manifest.energy_store else {
        refuse_if!(
            appends,
            Place::default(),
            "an app may append to the energy store, which needs a budget: [energy_store] records = {{ per_week = .., most = .., lifetime = .. }}"
        );
        return Ok(());
    };
    let place = place.key("records");
    check_changes(&place, "energy_store.records", store.records)?;
    refuse_if!(
        store.records.lifetime > ENERGY_RECORDS,
        place,
        "energy_store.records: lifetime is {}, and the flash takes {ENERGY_RECORDS}",
        store.records.lifetime
    );
    Ok(())
}

/// Checks how far a counter goes in one step, and that its budget ends before it does.
///
/// # Errors
/// A refusal of the counter, if its steps could use it up.
pub(super) fn check_steps(manifest: &Manifest) -> Result<(), Refusal> {
    for (name, key) in &manifest.keys {
        let place = Place::at("keys").key(name);
        refuse_if!(
            key.step.is_some() && key.kind != Kind::Counter,
            place,
            "keys.{name}: a {} has no step",
            key.kind
        );
        refuse_if!(
            key.step == Some(0),
            place,
            "keys.{name}: a step is 1 at the least"
        );
        let advances: u64 = lines(manifest)
            .iter()
            .filter(|line| line.key == Some(name.as_str()))
            .map(|line| u64::from(line.changes.lifetime))
            .sum();
        refuse_if!(
            key.kind == Kind::Counter
                && advances.saturating_mul(u64::from(key.counter_step())) > u64::from(u32::MAX),
            place,
            "keys.{name}: {advances} steps of {} would use the counter up, and with it all that counts by it",
            key.counter_step()
        );
    }
    Ok(())
}
