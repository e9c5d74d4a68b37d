//! The partitions of the external flash, who owns each and who may read it: data that the board hands over.
//!
//! Applications are named by the ShortId that the kernel gave them after it had
//! verified their signature. The tables are generated from `meter.toml`.

use super::layout::{slot_bytes, slots_per_sector, HEADER_BYTES};
pub use capsules_support::allowance::Rate;
use meter_hil::sector_flash::SECTOR_SIZE;

/// One partition: a ring of records in a run of whole sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The number in system calls, bound into every sealed record; unique in a table.
    pub number: u16,
    /// ShortId of the only application that may append, under whose key the records are sealed.
    pub owner: u32,
    /// ShortIds of the other applications that may read.
    pub readers: &'static [u32],
    /// Payload of a record, in bytes; a shorter one takes up as much flash. At
    /// most [`MAX_RECORD`].
    pub record: u16,
    /// How often the owner may append.
    pub rate: Rate,
    /// The first sector of the partition, counted from the start of the flash.
    pub first_sector: u32,
    /// Sectors of the partition; at least 3.
    pub sectors: u32,
}

/// Partitions that a table can have.
pub const PLACES: usize = 8;

/// The largest payload of a record.
pub const MAX_RECORD: u16 = 1_024;

impl Partition {
    /// Bytes of a record with all that seals it.
    pub(super) const fn slot(&self) -> u32 {
        slot_bytes(self.record)
    }

    /// Records in a sector.
    pub(super) const fn slots(&self) -> u32 {
        slots_per_sector(self.record)
    }

    /// The newest records that the ring always keeps.
    pub const fn capacity(&self) -> u32 {
        (self.sectors - 1) * self.slots()
    }
}

/// Bytes of the buffer that the storage of a table needs: its largest slot.
pub const fn buffer_size(partitions: &[Partition]) -> usize {
    let mut bytes = HEADER_BYTES;
    let mut index = 0;
    while index < partitions.len() {
        let slot = partitions[index].slot() as usize;
        if slot > bytes {
            bytes = slot;
        }
        index += 1;
    }
    bytes
}

/// Whether a table can be carried out on a flash of `capacity` bytes: every
/// partition in the flash and apart from the others, no number twice, and no more than
/// [`PLACES`] of them.
pub const fn is_consistent(partitions: &[Partition], capacity: u32) -> bool {
    if partitions.len() > PLACES {
        return false;
    }
    let mut index = 0;
    while index < partitions.len() {
        let partition = &partitions[index];
        if partition.owner == 0 || partition.record > MAX_RECORD || partition.sectors < 3 {
            return false;
        }
        let end = partition.first_sector as u64 + partition.sectors as u64;
        if end * SECTOR_SIZE as u64 > capacity as u64 {
            return false;
        }
        let mut other = 0;
        while other < index {
            let before = &partitions[other];
            let apart = before.first_sector as u64 + before.sectors as u64
                <= partition.first_sector as u64
                || end <= before.first_sector as u64;
            if !apart || before.number == partition.number {
                return false;
            }
            other += 1;
        }
        index += 1;
    }
    true
}
