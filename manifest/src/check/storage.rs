//! Partitions that fit on the NOR, with apps that may call for them.

use super::memory::{disjoint_within, whole_pages, PAGE};
use super::{check_name, distinct_numbers, known_apps, refuse_if, ManifestError};
use crate::model::Manifest;

/// Bytes of the largest record.
const RECORD_MAXIMUM: u16 = 1024;
/// Sectors of the smallest ring: one is written, one erased, one keeps records.
const SECTORS_MINIMUM: u32 = 3;

pub fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    distinct_numbers(
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
        check_name("partition", name)?;
        let entry = format!("storage.{name}");
        whole_pages(&entry, partition.region())?;
        refuse_if!(
            partition.size / PAGE < SECTORS_MINIMUM,
            "{entry} needs {SECTORS_MINIMUM} sectors of {PAGE:#x} bytes at the least"
        );
        refuse_if!(
            !(1..=RECORD_MAXIMUM).contains(&partition.record),
            "{entry}: record must be 1 to {RECORD_MAXIMUM} bytes"
        );
        known_apps(manifest, &entry, std::iter::once(&partition.owner))?;
        known_apps(manifest, &entry, partition.readers.iter())?;
        refuse_if!(
            partition.readers.contains(&partition.owner),
            "{entry}: its owner {} reads anyway and is no reader",
            partition.owner
        );
    }
    for app in &manifest.apps {
        let name = &app.name;
        let owns = manifest.storage.values().any(|p| p.owner == *name);
        let reads = owns || manifest.storage.values().any(|p| p.readers.contains(name));
        for command in ["append", "read", "range", "capacity"] {
            let (partitioned, role) = if command == "append" {
                (owns, "owns")
            } else {
                (reads, "may read")
            };
            refuse_if!(
                app.may_call("storage", command) && !partitioned,
                "app {name}: storage.{command} is granted, but it {role} no partition"
            );
        }
        refuse_if!(
            owns && !app.may_call("storage", "append"),
            "app {name}: it owns a partition, but is not granted storage.append"
        );
        refuse_if!(
            reads && !owns && !app.may_call("storage", "read"),
            "app {name}: it reads a partition, but is not granted storage.read"
        );
    }
    Ok(())
}
