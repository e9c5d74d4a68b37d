//! The storage partitions' table, as Rust constants.

use std::fmt::Write;

use super::{short_ids, MARK};
use crate::check::PAGE;
use crate::model::Manifest;

/// Returns the Rust source of `PARTITIONS`, a slice of
/// `capsules_trust::storage::policy::Partition`.
#[must_use]
pub fn storage_table(manifest: &Manifest) -> String {
    let mut out = format!(
        "// {MARK}\n\n\
         use capsules_trust::storage::policy::{{Partition, Rate}};\n\n\
         /// Bytes of the external NOR.\n\
         pub const EXTERNAL_NOR_SIZE: u32 = {:#x};\n\n\
         /// The partitions of meter.toml, by number.\n\
         pub const PARTITIONS: &[Partition] = &[\n",
        manifest.external_nor.size
    );
    for (name, partition) in manifest.partitions_by_number() {
        let _ = writeln!(
            out,
            "    // {name}: of {}\n    Partition {{\n        \
             number: {},\n        owner: {},\n        readers: &[{}],\n        \
             record: {},\n        rate: Rate {{ per_week: {}, most: {} }},\n        first_sector: {:#x},\n        sectors: {:#x},\n    }},",
            partition.owner,
            partition.number,
            manifest.short_id(&partition.owner),
            short_ids(manifest, &partition.readers),
            partition.record,
            partition.appends.per_week,
            partition.appends.most,
            partition.start / PAGE,
            partition.size / PAGE,
        );
    }
    out.push_str("];\n");
    out
}
