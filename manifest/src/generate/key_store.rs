//! The key store's policy table, as Rust constants.

use std::fmt::Write;

use super::MARK;
use crate::check::budgets::{self, BLOCKS, LINES, LINES_OF_AN_APP, SHORT_IDS};
use crate::check::keys::{NONCE_COUNTERS, VAULT_OBJECTS, VAULT_SLOTS};
use crate::model::{App, Key, KeyGrant, Kind, Manifest, Operation};

/// Returns the Rust source of `KEY_STORE`, a `capsules_trust::key_store::policy::Policy`. It
/// compiles only with a capsule that has the limits against which meter.toml was checked.
#[must_use]
pub fn key_store_table(manifest: &Manifest) -> String {
    let mut out = format!(
        "// {MARK}\n\n\
         use capsules_trust::key_store::policy::{{\n    \
         Budget, Grant, Kind, Object, Operations, Policy, Rate, SessionShare, State, States, Transition,\n\
         }};\n\n\
         /// The keys of meter.toml, and who may do what with each.\n\
         pub const KEY_STORE: Policy = Policy {{\n    objects: &[\n"
    );
    for (name, key) in manifest.keys_by_number() {
        let _ = writeln!(
            out,
            "        // {name}\n        Object {{ number: {:#x}, kind: Kind::{:?}, nonces: {}, step: {} }},",
            key.number,
            key.kind,
            nonces(manifest, key),
            step(key)
        );
    }
    out.push_str("    ],\n    grants: &[\n");
    for app in &manifest.apps {
        for (name, key) in manifest.keys_by_number() {
            if let Some(grant) = app.keys.get(name) {
                write_grant(&mut out, app, name, key.number, grant);
            }
        }
    }
    out.push_str("    ],\n    transitions: &[\n");
    for step in &manifest.transitions {
        let _ = writeln!(
            out,
            "        // {}\n        Transition {{ app: {}, from: State::{:?}, to: State::{:?} }},",
            step.app,
            manifest.short_id(&step.app),
            step.from,
            step.to
        );
    }
    out.push_str("    ],\n    shares: &[\n");
    for app in manifest.apps.iter().filter(|app| app.session_slots > 0) {
        let _ = writeln!(
            out,
            "        // {}\n        SessionShare {{ app: {}, slots: {} }},",
            app.name, app.short_id, app.session_slots
        );
    }
    out.push_str("    ],\n    budgets: &[\n");
    for line in budgets::lines(manifest) {
        let (what, object) = match line.key {
            Some(key) => (key, format!("{:#x}", manifest.keys[key].number)),
            None => ("the others", "Budget::OTHERS".to_owned()),
        };
        let _ = writeln!(
            out,
            "        // {}: {what}\n        Budget {{\n            app: {},\n            \
             object: {object},\n            \
             rate: Rate {{ per_week: {}, most: {} }},\n            lifetime: {},\n        }},",
            line.app.name,
            line.app.short_id,
            line.changes.per_week,
            line.changes.most,
            line.changes.lifetime
        );
    }
    out.push_str("    ],\n};\n");
    write_limits(&mut out);
    out
}

fn write_limits(out: &mut String) {
    out.push_str("\n// The limits of the capsule against which meter.toml was checked.\n");
    for (name, limit) in [
        ("vault::index::MAX_OBJECTS", VAULT_OBJECTS),
        ("vault::format::LIVE_SLOTS", VAULT_SLOTS),
        ("nonces::PLACES", NONCE_COUNTERS),
        ("budgets::PLACES", LINES),
        ("budgets::PLACES_OF_AN_APP", LINES_OF_AN_APP),
        ("budgets::SHORT_IDS as usize", SHORT_IDS as usize),
        ("policy::Budget::BLOCKS as usize", BLOCKS.into()),
    ] {
        let _ = writeln!(
            out,
            "const _: () = assert!(capsules_trust::key_store::{name} == {limit});"
        );
    }
}

fn write_grant(out: &mut String, app: &App, name: &str, number: u16, grant: &KeyGrant) {
    let _ = writeln!(
        out,
        "        // {}: {name}\n        Grant {{\n            \
         app: {},\n            object: {number:#x},\n            \
         operations: {},\n            session: {},\n            states: {},\n        }},",
        app.name,
        app.short_id,
        operations(&grant.operations),
        operations(&grant.session),
        union(
            "States",
            grant.states.iter().map(|s| s.name().to_uppercase())
        ),
    );
}

fn operations(operations: &[Operation]) -> String {
    union(
        "Operations",
        operations
            .iter()
            .map(|operation| operation.name().to_uppercase()),
    )
}

/// A constant expression for a set of the capsule's type `set`.
fn union(set: &str, members: impl Iterator<Item = String>) -> String {
    members.fold(format!("{set}::NONE"), |sum, member| {
        if sum.ends_with("::NONE") {
            format!("{set}::{member}")
        } else {
            format!("{sum}.union({set}::{member})")
        }
    })
}

/// By how much an app may raise a counter in one call; 0 of other kinds.
fn step(key: &Key) -> u32 {
    match key.kind {
        Kind::Counter => key.counter_step(),
        _ => 0,
    }
}

/// The counter that the nonces of a key are bound to.
fn nonces(manifest: &Manifest, key: &Key) -> String {
    let counter = key.nonce_counter.as_ref();
    counter.map_or("None".into(), |counter| {
        format!("Some({:#x})", manifest.keys[counter].number)
    })
}
