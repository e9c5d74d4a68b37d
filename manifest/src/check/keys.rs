//! Keys are used as their kind allows, by apps that may call for it, while the state allows it.

use std::collections::BTreeSet;

use drivers::key_store::{Command, DRIVER, FIRST_RESERVED_OBJECT as RESERVED, SLOTS};

use super::budgets;
use super::rules::{check_name, distinct_numbers, named, of_app, refuse_if, Refusal};
use crate::model::{App, Holder, Key, KeyGrant, Kind, Manifest, Operation, State};
use crate::place::Place;

/// Objects that the vault holds, a successor being one more. The generated table
/// asserts that the capsule has these limits.
pub(crate) const VAULT_OBJECTS: usize = 64;
/// The vault's slots of 32 bytes for what the objects contain.
pub(crate) const VAULT_SLOTS: usize = 256;
/// Counters that nonces can be bound to.
pub(crate) const NONCE_COUNTERS: usize = 4;
/// Key-store commands that no key or transition has to justify.
const HARMLESS: [Command; 1] = [Command::State];

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    let keys = Place::at("keys");
    distinct_numbers(
        &keys,
        "keys",
        manifest
            .keys
            .iter()
            .map(|(name, key)| (name, u32::from(key.number))),
    )?;
    for (name, key) in &manifest.keys {
        let place = keys.key(name);
        check_name(&place, "key", name)?;
        refuse_if!(
            key.number == 0 || key.number >= RESERVED,
            place,
            "keys.{name}: number must be 0x1 to {:#x}; those from {RESERVED:#x} on are the key store's own",
            RESERVED - 1
        );
        refuse_if!(
            key.holder == Holder::Kernel && key.kind != Kind::Counter,
            place,
            "keys.{name}: the kernel holds counters only"
        );
    }
    check_transitions(manifest)?;
    budgets::check_steps(manifest)?;
    check_nonce_counters(manifest)?;
    for (number, app) in manifest.apps.iter().enumerate() {
        for (name, grant) in &app.keys {
            let place = of_app(number, "keys").key(name);
            let Some(key) = manifest.keys.get(name) else {
                return Err(Refusal {
                    place,
                    message: format!("app {}: there is no key {name}", app.name),
                });
            };
            check_grant(&place, &format!("app {}: key {name}", app.name), key, grant)?;
        }
        check_nonces(manifest, number, app)?;
        check_commands(manifest, number, app)?;
    }
    check_session_slots(manifest)?;
    check_capacity(manifest)
}

/// The vault has room for everything at a time: it is never full.
fn check_capacity(manifest: &Manifest) -> Result<(), Refusal> {
    let activates = |name: &str| {
        let mut grants = manifest.apps.iter().filter_map(|app| app.keys.get(name));
        grants.any(|grant| grant.operations.contains(&Operation::Activate))
    };
    // The version of each app is a counter.
    let versions = manifest.apps.iter().map(|_| Kind::Counter);
    // So is what each app has left of its budgets.
    let of_ledgers: Vec<usize> = manifest
        .apps
        .iter()
        .map(|app| budgets::lines_of(manifest, app))
        .filter(|lines| *lines > 0)
        .map(|lines| record_slots(budgets::ENTRY * lines))
        .collect();
    let ledgers = of_ledgers.len();
    let contents: Vec<Kind> = manifest
        .keys
        .iter()
        .flat_map(|(name, key)| {
            let copies = 1 + usize::from(activates(name));
            std::iter::repeat_n(key.kind, copies)
        })
        .chain(versions)
        .collect();
    refuse_if!(
        contents.len() + ledgers > VAULT_OBJECTS,
        Place::default(),
        "the key store holds {VAULT_OBJECTS} objects, not {}: keys, their successors, and the versions and ledgers of apps",
        contents.len() + ledgers
    );
    // The state is a record without content.
    let slots = record_slots(0)
        + of_ledgers.iter().sum::<usize>()
        + contents
            .iter()
            .map(|kind| record_slots(kind.bytes()))
            .sum::<usize>();
    refuse_if!(
        slots > VAULT_SLOTS,
        Place::default(),
        "the key store has {VAULT_SLOTS} slots, not {slots}: keys, their successors, the versions and ledgers of apps, and the state"
    );
    Ok(())
}

/// Slots of a record with so many bytes of content (docs/key-store.md).
pub(crate) fn record_slots(content: usize) -> usize {
    (11 + content.div_ceil(4)).div_ceil(8)
}

/// The slots of each app are there whatever the others do.
fn check_session_slots(manifest: &Manifest) -> Result<(), Refusal> {
    let total: u32 = manifest
        .apps
        .iter()
        .map(|app| u32::from(app.session_slots))
        .sum();
    refuse_if!(
        total > SLOTS as u32,
        Place::default(),
        "the session_slots of all apps are {total}, but there are {SLOTS}"
    );
    for (number, app) in manifest.apps.iter().enumerate() {
        let (name, slots) = (&app.name, app.session_slots);
        let sessions = app.makes_sessions();
        refuse_if!(
            sessions && slots == 0,
            named("app", number),
            "app {name}: it makes session keys, but has no session_slots"
        );
        refuse_if!(
            !sessions && slots > 0,
            of_app(number, "session_slots"),
            "app {name}: session_slots = {slots}, but no key of it makes session keys"
        );
    }
    Ok(())
}

/// Nonces are bound to counters that there are.
fn check_nonce_counters(manifest: &Manifest) -> Result<(), Refusal> {
    let mut counters = BTreeSet::new();
    for (name, key) in &manifest.keys {
        let Some(counter) = &key.nonce_counter else {
            continue;
        };
        let entry = format!("keys.{name}: nonce_counter");
        let place = Place::at("keys").key(name);
        refuse_if!(
            !matches!(key.kind, Kind::Aes128 | Kind::P256),
            place,
            "{entry}: a {} has no nonces",
            key.kind
        );
        let known = manifest.keys.get(counter);
        refuse_if!(
            known.is_none_or(|known| known.kind != Kind::Counter),
            place,
            "{entry}: there is no counter {counter}"
        );
        counters.insert(counter);
    }
    refuse_if!(
        counters.len() > NONCE_COUNTERS,
        Place::default(),
        "nonce_counter: nonces can be bound to {NONCE_COUNTERS} counters, not to {}",
        counters.len()
    );
    Ok(())
}

/// Who encrypts with nonces that are bound must be able to raise their counter.
fn check_nonces(manifest: &Manifest, number: usize, app: &App) -> Result<(), Refusal> {
    for (name, grant) in &app.keys {
        let mut both = grant.operations.iter().chain(&grant.session);
        let encrypts = both.any(|operation| *operation == Operation::Encrypt);
        let counter = manifest.keys[name].nonce_counter.as_ref();
        let Some(counter) = counter.filter(|_| encrypts) else {
            continue;
        };
        let counts = app.keys.get(counter);
        refuse_if!(
            !counts.is_some_and(|grant| grant.operations.contains(&Operation::Advance)),
            of_app(number, "keys").key(name),
            "app {}: key {name}: encrypt takes nonces of {counter}, which it may not advance",
            app.name
        );
    }
    Ok(())
}

fn check_transitions(manifest: &Manifest) -> Result<(), Refusal> {
    for (index, step) in manifest.transitions.iter().enumerate() {
        let entry = format!("transition {} -> {} by {}", step.from, step.to, step.app);
        let place = Place::at("transition").item(index).key("app");
        refuse_if!(
            manifest.app(&step.app).is_none(),
            place,
            "{entry}: there is no such app"
        );
        refuse_if!(
            step.from >= step.to,
            place,
            "{entry}: the meter's life goes one way, factory -> operational -> decommissioned"
        );
        refuse_if!(
            manifest.transitions[..index].iter().any(|earlier| (
                &earlier.app,
                earlier.from,
                earlier.to
            ) == (
                &step.app, step.from, step.to
            )),
            place,
            "{entry} is declared twice"
        );
    }
    Ok(())
}

fn check_grant(place: &Place, entry: &str, key: &Key, grant: &KeyGrant) -> Result<(), Refusal> {
    let at = || place.clone();
    refuse_if!(grant.operations.is_empty(), at(), "{entry}: no operations");
    refuse_if!(grant.states.is_empty(), at(), "{entry}: no states");
    no_repetition(place, entry, &grant.operations)?;
    no_repetition(place, entry, &grant.states)?;
    no_repetition(place, entry, &grant.session)?;
    for operation in &grant.operations {
        refuse_if!(
            !key.kind.list_of_operations().contains(operation),
            at(),
            "{entry}: a {} has no operation {operation}",
            key.kind
        );
        refuse_if!(
            key.holder == Holder::Kernel && *operation != Operation::Read,
            at(),
            "{entry}: {operation} is the kernel's alone"
        );
        refuse_if!(
            *operation == Operation::Import && grant.states != [State::Factory],
            at(),
            "{entry}: import is for the factory state only"
        );
        refuse_if!(
            operation.touches_a_secret() && grant.states.contains(&State::Decommissioned),
            at(),
            "{entry}: {operation} in the decommissioned state, which has no keys"
        );
    }
    let makes_sessions = grant.operations.contains(&Operation::Agree)
        || grant.operations.contains(&Operation::Unwrap);
    refuse_if!(
        grant.operations.contains(&Operation::Agree) && grant.session.is_empty(),
        at(),
        "{entry}: agree without a session list makes a key that is good for nothing"
    );
    refuse_if!(
        !grant.session.is_empty() && !makes_sessions,
        at(),
        "{entry}: a session list, but neither agree nor unwrap to make a session key"
    );
    for operation in &grant.session {
        refuse_if!(
            !Operation::SESSION.contains(operation),
            at(),
            "{entry}: a session key has no operation {operation}"
        );
    }
    Ok(())
}

/// The driver's commands and the keys' operations must say the same.
fn check_commands(manifest: &Manifest, number: usize, app: &App) -> Result<(), Refusal> {
    let name = &app.name;
    let needed = key_store_commands(manifest, app);
    for (command, reason) in &needed {
        refuse_if!(
            !app.may_call(DRIVER.name, command.name()),
            named("app", number),
            "app {name}: {reason} needs key_store.{}, which is not granted",
            command.name()
        );
    }
    let sessions = app.makes_sessions();
    let known: BTreeSet<&str> = needed
        .iter()
        .map(|(command, _)| *command)
        .chain(HARMLESS)
        .chain(sessions.then_some(Command::Close))
        .chain(sessions.then_some(Command::Erase))
        .map(Command::name)
        .collect();
    for command in app.drivers.get(DRIVER.name).into_iter().flatten() {
        refuse_if!(
            !known.contains(command.as_str()),
            named("app", number),
            "app {name}: key_store.{command} is granted, but no key or transition of it needs that"
        );
    }
    Ok(())
}

/// The key-store commands that the app's keys and transitions call for, each
/// with what calls for it.
fn key_store_commands(manifest: &Manifest, app: &App) -> Vec<(Command, String)> {
    let mut needed = Vec::new();
    for (name, grant) in &app.keys {
        let kind = manifest.keys[name].kind;
        for operation in &grant.operations {
            needed.push((
                operation.command(kind),
                format!("{operation} of key {name}"),
            ));
        }
        for operation in &grant.session {
            let reason = format!("{operation} with a session key of {name}");
            // Session keys are of this kind.
            needed.push((operation.command(Kind::Aes128), reason));
        }
    }
    if manifest.transitions.iter().any(|step| step.app == app.name) {
        needed.push((Command::AdvanceState, "its transition".into()));
    }
    needed
}

fn no_repetition<T: PartialEq + std::fmt::Display>(
    place: &Place,
    entry: &str,
    list: &[T],
) -> Result<(), Refusal> {
    for (index, item) in list.iter().enumerate() {
        refuse_if!(
            list[..index].contains(item),
            place.clone(),
            "{entry}: {item} stands twice"
        );
    }
    Ok(())
}
