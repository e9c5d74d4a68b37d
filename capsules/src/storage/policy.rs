//! The partitions of the external flash, who owns each and who may read it: data that the board hands over.
//!
//! Applications are named by the ShortId that the kernel gave them after it had
//! verified their signature. The tables are generated from `meter.toml`.

/// One partition: a ring of records in a run of whole sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The number in system calls, bound into every sealed record; unique in a table.
    pub number: u16,
    /// ShortId of the only application that may append, under whose key the records are sealed.
    pub owner: u32,
    /// ShortIds of the other applications that may read.
    pub readers: &'static [u32],
    /// Payload of a record, in bytes; a shorter one takes up as much flash.
    pub record: u16,
    /// The first sector of the partition, counted from the start of the flash.
    pub first_sector: u32,
    /// Sectors of the partition; at least 3.
    pub sectors: u32,
}
