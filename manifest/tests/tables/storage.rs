// Generated from meter.toml; do not edit.

use capsules::storage::policy::Partition;

/// Bytes of the external NOR.
pub const EXTERNAL_NOR_SIZE: u32 = 0x800000;

/// The partitions of meter.toml, by number.
pub const PARTITIONS: &[Partition] = &[
    // load_profile: of metering
    Partition {
        number: 1,
        owner: 2,
        readers: &[1, 3],
        record: 64,
        first_sector: 0x200,
        sectors: 0x400,
    },
    // event_log: of metering
    Partition {
        number: 2,
        owner: 2,
        readers: &[1, 3],
        record: 64,
        first_sector: 0x600,
        sectors: 0x100,
    },
];
