//! The pages in docs/syscalls say what the definitions say: numbers, names, errors.
//!
//! A page is read by its tables, which are known by their first columns: `number | name`
//! has the commands, `error | commands` which of them may answer it, `upcall | name` and
//! `allow | number | name` the rest.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use drivers::description::Slot;
use drivers::key_store::{Kind, Operation};
use drivers::{Driver, Named, ALL, FIRST_OWN_NUMBER};

/// The folder of the pages, wherever the repository was copied to since this was built.
fn folder() -> PathBuf {
    let start = std::env::current_dir().expect("a current folder");
    let has_pages = |folder: &&Path| folder.join("docs/syscalls").is_dir();
    let root = start.ancestors().find(has_pages);
    root.expect("run within the repository")
        .join("docs/syscalls")
}

fn page_of(driver: &Driver) -> String {
    let name = format!("{:x}_{}.md", driver.number, driver.name);
    fs::read_to_string(folder().join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(str::trim).collect()
}

/// The rows of all tables whose first columns have these heads.
fn rows<'t>(page: &'t str, heads: &[&str]) -> Vec<Vec<&'t str>> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with('|') {
            continue;
        }
        let is_wanted = cells(line).starts_with(heads);
        lines.next();
        // To the end of the table.
        let body: Vec<_> = lines
            .by_ref()
            .take_while(|line| line.starts_with('|'))
            .map(cells)
            .collect();
        if is_wanted {
            found.extend(body);
        }
    }
    found
}

fn number(cell: &str) -> u32 {
    let digits = cell.replace(',', "");
    digits
        .parse()
        .unwrap_or_else(|_| panic!("{cell:?} is no number"))
}

/// The numbers of a list such as `1, 4 to 6`.
fn numbers(cell: &str) -> BTreeSet<u32> {
    let ranges = cell.split(", ").map(|part| match part.split_once(" to ") {
        Some((first, last)) => number(first)..=number(last),
        None => number(part)..=number(part),
    });
    ranges.flatten().collect()
}

#[test]
fn every_own_driver_has_a_page_and_every_page_a_driver() {
    let own = ALL.into_iter();
    let own = own.filter(|driver| driver.number >= FIRST_OWN_NUMBER);
    let expected: BTreeSet<String> = own
        .clone()
        .map(|driver| format!("{:x}_{}.md", driver.number, driver.name))
        .collect();
    let entries = fs::read_dir(folder()).expect("the folder of the pages");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let found: BTreeSet<String> = names
        .map(|name| name.into_string().expect("a plain name"))
        .collect();
    assert_eq!(found, expected);
    for driver in own {
        let title = format!("# {} (driver {:#x})", driver.name, driver.number);
        assert_eq!(page_of(driver).lines().next(), Some(title.as_str()));
    }
}

/// What all own drivers have, each with its page.
fn own_drivers() -> impl Iterator<Item = (&'static Driver, String)> {
    let own = ALL.into_iter();
    let own = own.filter(|driver| driver.number >= FIRST_OWN_NUMBER);
    own.map(|driver| (driver, page_of(driver)))
}

#[test]
fn commands() {
    for (driver, page) in own_drivers() {
        let told: Vec<_> = rows(&page, &["number", "name"])
            .iter()
            .map(|row| (number(row[0]), row[1].to_owned()))
            .collect();
        let defined: Vec<_> = driver
            .commands
            .iter()
            .map(|command| (command.number, command.name.to_owned()))
            .collect();
        assert_eq!(told, defined, "commands of {}", driver.name);
    }
}

#[test]
fn errors() {
    for (driver, page) in own_drivers() {
        let told: BTreeSet<_> = rows(&page, &["error", "commands"])
            .iter()
            .flat_map(|row| {
                let error = row[0].to_owned();
                numbers(row[1])
                    .into_iter()
                    .map(move |of| (of, error.clone()))
            })
            .collect();
        let defined: BTreeSet<_> = driver
            .commands
            .iter()
            .flat_map(|command| {
                let errors = command.errors.iter();
                errors.map(|error| (command.number, format!("{error:?}")))
            })
            .collect();
        let differing: Vec<_> = told.symmetric_difference(&defined).collect();
        assert!(
            differing.is_empty(),
            "errors of {}: {differing:?}",
            driver.name
        );
    }
}

/// The names of constants as pages write them.
fn in_words(slots: &[Slot]) -> BTreeSet<(u32, String)> {
    let named = slots.iter();
    named
        .map(|slot| (slot.number, slot.name.to_lowercase()))
        .collect()
}

#[test]
fn upcalls_and_allows() {
    for (driver, page) in own_drivers() {
        // An upcall with several meanings has a row for each.
        let upcalls: BTreeSet<_> = rows(&page, &["upcall", "name"])
            .iter()
            .map(|row| (number(row[0]), row[1].to_owned()))
            .collect();
        assert_eq!(
            upcalls,
            in_words(driver.upcalls),
            "upcalls of {}",
            driver.name
        );
        let allows = rows(&page, &["allow", "number", "name"]);
        for (sort, defined) in [
            ("read-only", driver.read_only),
            ("read-write", driver.read_write),
        ] {
            let told: BTreeSet<_> = allows
                .iter()
                .filter(|row| row[0] == sort)
                .map(|row| (number(row[1]), row[2].to_owned()))
                .collect();
            assert_eq!(told, in_words(defined), "{sort} allows of {}", driver.name);
        }
        let known = ["read-only", "read-write"];
        assert!(allows.iter().all(|row| known.contains(&row[0])));
    }
}

/// What can be done with a key of each kind.
#[test]
fn kinds_of_objects() {
    let page = page_of(&drivers::key_store::DRIVER);
    let told: Vec<(String, BTreeSet<&str>)> = rows(&page, &["kind", "operations"])
        .iter()
        .map(|row| {
            let (kind, _) = row[0].split_once(':').expect("a kind, and what it is");
            (kind.to_owned(), row[1].split(", ").collect())
        })
        .collect();
    let defined: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| {
            let operations = kind.list_of_operations().iter();
            let names = operations.map(|operation: &Operation| operation.name());
            (kind.name().to_owned(), names.collect())
        })
        .collect();
    assert_eq!(told, defined);
}

#[test]
fn kinds_of_records() {
    let page = page_of(&drivers::energy_store::DRIVER);
    let told: Vec<_> = rows(&page, &["kind"])
        .iter()
        .map(|row| (number(row[0]), row[1].to_owned()))
        .collect();
    let defined: Vec<_> = <drivers::energy_store::Kind as Named>::ALL
        .iter()
        .map(|kind| (kind.number().into(), kind.name().to_owned()))
        .collect();
    assert_eq!(told, defined);
}
