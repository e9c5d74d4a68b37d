//! How long the flash lasts, as a chapter of docs/isolation.md.

use super::isolation::{write_head, write_row};
use crate::check::budgets::{self, share_after, years};
use crate::model::Manifest;

/// Erases that a sector of the external NOR is rated for (docs/storage.md).
const NOR_ERASES: f64 = 100_000.0;
const SECTOR: u32 = 0x1000;
/// Bytes that a record takes beside its payload and the payload's length, and that a sector
/// begins with (docs/storage.md).
const SEAL: u32 = 36;
const LENGTH: u32 = 2;

/// Appends the chapter.
pub fn write_wear(out: &mut String, manifest: &Manifest) {
    out.push_str(
        "\n## Wear of the flash\n\n\
         Whoever writes flash wears it out, and one app could do so within hours. So each change \
         of an object, and each record, takes one from a budget, which earns so many a week, \
         keeps so many at the most, and ends for ever after so many in the meter's life. What \
         goes beyond is refused with RESERVE. A restart of the app or a reset renews nothing: \
         docs/key-store.md says how. The years are for an app that asks for all that it may, \
         always.\n",
    );
    write_keys(out, manifest);
    write_records(out, manifest);
}

fn write_keys(out: &mut String, manifest: &Manifest) {
    let lines = budgets::lines(manifest);
    if lines.is_empty() {
        return;
    }
    write_head(
        out,
        &[
            "changes by",
            "of",
            "a week",
            "kept",
            "in the life",
            "years",
            "of the flash's life",
        ],
    );
    for line in &lines {
        let changes = line.changes;
        let share = f64::from(changes.lifetime) * budgets::erases(manifest, line)
            / budgets::erases_in_life();
        let object = match line.key {
            Some(key) => key.to_owned(),
            None => "each other key, together".to_owned(),
        };
        write_row(
            out,
            &[
                line.app.name.clone(),
                object,
                changes.per_week.to_string(),
                changes.most.to_string(),
                changes.lifetime.to_string(),
                format!("{:.1}", years(changes.lifetime.into(), changes.per_week)),
                format!("{:.1} %", share * 100.0),
            ],
        );
    }
    let _ = std::fmt::Write::write_fmt(
        out,
        format_args!(
            "\nAll of them in the meter's life take {:.0} % of what the key store's pages are rated \
             for, the store being as full as it can be: whatever apps do, it is not worn out. After 20 \
             years in which every app asked for all that it may, {:.0} % are used.\n",
            budgets::share_of_life(manifest) * 100.0,
            share_after(manifest, 20.0) * 100.0
        ),
    );
    let counters: Vec<_> = manifest
        .keys_by_number()
        .into_iter()
        .filter(|(name, _)| lines.iter().any(|line| line.key == Some(name)))
        .filter(|(_, key)| key.kind == crate::model::Kind::Counter)
        .collect();
    for (name, key) in counters {
        let _ = std::fmt::Write::write_fmt(
            out,
            format_args!(
                "{name} rises by {} at the most in one call, and so never comes to its end.\n",
                key.counter_step()
            ),
        );
    }
}

fn write_records(out: &mut String, manifest: &Manifest) {
    write_head(
        out,
        &[
            "records in",
            "by",
            "a week",
            "kept",
            "at a start",
            "in the life",
            "years",
        ],
    );
    if let Some(store) = manifest.energy_store {
        let records = store.records;
        let writers: Vec<&str> = manifest
            .apps
            .iter()
            .filter(|app| app.may_call("energy_store", "append"))
            .map(|app| app.name.as_str())
            .collect();
        write_row(
            out,
            &[
                "energy store".to_owned(),
                writers.join(", "),
                records.per_week.to_string(),
                records.most.to_string(),
                (records.most / 4).to_string(),
                records.lifetime.to_string(),
                format!("{:.1}", years(records.lifetime.into(), records.per_week)),
            ],
        );
    }
    for (name, partition) in manifest.partitions_by_number() {
        let content = (u32::from(partition.record) + LENGTH).next_multiple_of(4);
        let slots = (SECTOR - SEAL) / (content + SEAL);
        let records = NOR_ERASES * f64::from(partition.size / SECTOR) * f64::from(slots);
        // Record numbers have 32 bits.
        let records = records.min(f64::from(u32::MAX));
        write_row(
            out,
            &[
                name.to_owned(),
                partition.owner.clone(),
                partition.appends.per_week.to_string(),
                partition.appends.most.to_string(),
                (partition.appends.most / 4).to_string(),
                format!("{records:.0}"),
                format!("{:.0}", years(records, partition.appends.per_week)),
            ],
        );
    }
}
