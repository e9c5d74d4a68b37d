//! Partitions that fit on the NOR, with apps that may call for them.

use drivers::storage::{Command, DRIVER};

use super::memory::{disjoint_within, whole_pages, PAGE};
use super::rules::{check_name, distinct_numbers, known_apps, named, refuse_if, Refusal};
use crate::model::Manifest;
use crate::place::Place;

/// Bytes of the largest record.
const RECORD_MAXIMUM: u16 = 1024;
/// Sectors of the smallest ring: one is written, one erased, one keeps records.
const SECTORS_MINIMUM: u32 = 3;

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    let storage = Place::at("storage");
    distinct_numbers(
        &storage,
        "storage",
        manifest
            .storage
            .iter()
            .map(|(name, partition)| (name, u32::from(partition.number))),
    )?;
    let regions: Vec<_> = manifest
        .storage
        .iter()
        .map(|(name, partition)| (format!("storage.{name}"), partition.region()))
        .collect();
    disjoint_within(
        &regions,
        manifest.external_nor.storage,
        "external_nor.storage",
    )?;
    for (name, partition) in &manifest.storage {
        let place = storage.key(name);
        check_name(&place, "partition", name)?;
        let entry = format!("storage.{name}");
        whole_pages(&entry, partition.region())?;
        refuse_if!(
            partition.size / PAGE < SECTORS_MINIMUM,
            place,
            "{entry} needs {SECTORS_MINIMUM} sectors of {PAGE:#x} bytes at the least"
        );
        refuse_if!(
            !(1..=RECORD_MAXIMUM).contains(&partition.record),
            place,
            "{entry}: record must be 1 to {RECORD_MAXIMUM} bytes"
        );
        known_apps(manifest, &place, &entry, std::iter::once(&partition.owner))?;
        known_apps(manifest, &place, &entry, partition.readers.iter())?;
        refuse_if!(
            partition.readers.contains(&partition.owner),
            place,
            "{entry}: its owner {} reads anyway and is no reader",
            partition.owner
        );
    }
    for (number, app) in manifest.apps.iter().enumerate() {
        let name = &app.name;
        let owns = manifest.storage.values().any(|p| p.owner == *name);
        let reads = owns || manifest.storage.values().any(|p| p.readers.contains(name));
        let may = |command: Command| app.may_call(DRIVER.name, command.name());
        for command in Command::ALL {
            let (partitioned, role) = match command {
                Command::Append => (owns, "owns"),
                Command::Exists | Command::Read | Command::Range | Command::Capacity => {
                    (reads, "may read")
                }
            };
            refuse_if!(
                may(*command) && !partitioned,
                named("app", number),
                "app {name}: storage.{} is granted, but it {role} no partition",
                command.name()
            );
        }
        refuse_if!(
            owns && !may(Command::Append),
            named("app", number),
            "app {name}: it owns a partition, but is not granted storage.append"
        );
        refuse_if!(
            reads && !owns && !may(Command::Read),
            named("app", number),
            "app {name}: it reads a partition, but is not granted storage.read"
        );
    }
    Ok(())
}
