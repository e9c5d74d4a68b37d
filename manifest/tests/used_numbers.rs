//! Numbers of apps, objects, channels and partitions are never used twice, and none is given another name.

use std::collections::BTreeMap;
use std::fs;

use manifest::checkout::{self, METER};
use manifest::Manifest;
use serde::Deserialize;

/// Path of the list from the top of the checkout.
const USED: &str = "manifest/used-numbers.toml";

type Numbers = BTreeMap<String, u32>;

/// All numbers that were ever used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    apps: Numbers,
    keys: Numbers,
    channels: Numbers,
    storage: Numbers,
}

/// The numbers of a manifest, in the sections of the list.
fn present(manifest: &Manifest) -> Used {
    let Manifest {
        apps,
        keys,
        channels,
        storage,
        ..
    } = manifest;
    Used {
        apps: numbers(apps.iter().map(|app| (&app.name, app.short_id))),
        keys: numbers(keys.iter().map(|(name, key)| (name, key.number))),
        channels: numbers(channels.iter().map(|(name, entry)| (name, entry.number))),
        storage: numbers(storage.iter().map(|(name, entry)| (name, entry.number))),
    }
}

fn numbers<'a, Number: Into<u32>>(of: impl Iterator<Item = (&'a String, Number)>) -> Numbers {
    of.map(|(name, number)| (name.clone(), number.into()))
        .collect()
}

/// What a manifest and the list say of each other, one line for each contradiction.
fn contradictions(used: &Used, manifest: &Manifest) -> Vec<String> {
    let present = present(manifest);
    [
        ("apps", &used.apps, &present.apps),
        ("keys", &used.keys, &present.keys),
        ("channels", &used.channels, &present.channels),
        ("storage", &used.storage, &present.storage),
    ]
    .into_iter()
    .flat_map(|(section, used, present)| {
        let twice = used_twice(section, used);
        twice.into_iter().chain(of_section(section, used, present))
    })
    .collect()
}

/// Numbers that the list itself gives to two names.
fn used_twice(section: &str, used: &Numbers) -> Vec<String> {
    let mut names: BTreeMap<u32, &String> = BTreeMap::new();
    let again = |(name, number): (_, &u32)| {
        let other = names.insert(*number, name)?;
        Some(format!(
            "{section}: {USED} gives {number:#x} to {other} and to {name}"
        ))
    };
    used.iter().filter_map(again).collect()
}

fn of_section(section: &str, used: &Numbers, present: &Numbers) -> Vec<String> {
    let contradicts = |(name, number): (&String, &u32)| {
        let owner = used.iter().find(|(_, taken)| *taken == number);
        match (used.get(name), owner) {
            (Some(before), _) if before == number => None,
            (Some(before), _) => Some(format!(
                "{section}: {name} is {before:#x} for ever, and not {number:#x}"
            )),
            (None, Some((other, _))) => Some(format!(
                "{section}: {number:#x} is {other} for ever, and not {name}"
            )),
            (None, None) => Some(format!(
                "{section}: {name} = {number:#x} is new; add it to {USED}"
            )),
        }
    };
    present.iter().filter_map(contradicts).collect()
}

/// The list and the text of meter.toml, as they are in the checkout.
fn checkout() -> (Used, String) {
    let root = checkout::root().expect("tests run in the checkout");
    let read = |path| fs::read_to_string(root.join(path)).expect("in the checkout");
    let used = toml::from_str(&read(USED)).expect("a list of names and numbers");
    (used, read(METER))
}

/// What is said when these pieces of meter.toml read otherwise.
fn said(changes: &[(&str, &str)]) -> Vec<String> {
    let (used, meter) = checkout();
    let text = changes.iter().fold(meter, |text, (from, to)| {
        assert!(text.contains(from), "the manifest no longer holds {from:?}");
        text.replacen(from, to, 1)
    });
    contradictions(&used, &Manifest::parse(&text).expect("still sound"))
}

#[test]
fn every_number_of_the_meter_is_what_it_always_was() {
    assert_eq!(said(&[]), [""; 0]);
}

#[test]
fn numbers_that_changed_places_are_named() {
    let swapped = said(&[
        (
            "dlms_signing            = { number = 0x103,",
            "dlms_signing            = { number = 0x105,",
        ),
        (
            "update_agreement        = { number = 0x105,",
            "update_agreement        = { number = 0x103,",
        ),
    ]);
    assert_eq!(
        swapped,
        [
            "keys: dlms_signing is 0x103 for ever, and not 0x105",
            "keys: update_agreement is 0x105 for ever, and not 0x103",
        ]
    );
}

#[test]
fn a_number_with_another_name_is_named_and_so_is_a_new_one() {
    let renamed = said(&[("[storage.event_log]", "[storage.events]")]);
    assert_eq!(
        renamed,
        ["storage: 0x2 is event_log for ever, and not events"]
    );
    let new = said(&[(
        "[channels.readings]\nnumber = 1",
        "[channels.tariffs]\nnumber = 9",
    )]);
    assert_eq!(
        new,
        [format!("channels: tariffs = 0x9 is new; add it to {USED}")]
    );
}

#[test]
fn a_number_that_is_gone_stays_in_use() {
    let (mut used, meter) = checkout();
    used.channels.insert("gone".into(), 2);
    let manifest = Manifest::parse(&meter).expect("sound");
    assert_eq!(contradictions(&used, &manifest), [""; 0]);
    used.channels.insert("again".into(), 2);
    let twice = contradictions(&used, &manifest);
    assert!(
        twice[0].contains("gives 0x2 to again and to gone"),
        "{twice:?}"
    );
}
