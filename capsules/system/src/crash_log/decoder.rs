//! Reader of the crash log, from a copy of its bytes.

use super::layout::{
    AREA_BYTES, ENTRIES, ENTRY_WORDS, HEADER_BOOTS, HEADER_RESET_REASON, RECORDS, RECORD_WORDS,
    RING_START, SIGNATURE, TABLE_START,
};
use super::record::{CrashRecord, ProcessEntry};

/// Why there is no log in these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Fewer bytes than the area has.
    TooShort,
    /// Magic, version or geometry is not that of this layout: the kernel has
    /// not run since power-on, or it is another layout.
    NoLog,
}

/// The log's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Starts since power-on.
    pub boots: u32,
    /// POWER.RESETREAS as the present boot found it.
    pub reset_reason: u32,
    /// Process table, in the kernel's order.
    pub processes: [Option<ProcessEntry>; ENTRIES],
    /// Valid crash records, oldest first, without gaps.
    pub records: [Option<CrashRecord>; RECORDS],
}

/// Decodes a copy of the log's area; bytes past it are ignored. Records that are torn or
/// damaged are left out of the report.
///
/// # Errors
/// Fails with `TooShort` if `bytes` is shorter than the area, and with `NoLog` if no log of
/// this layout stands there.
pub fn decode(bytes: &[u8]) -> Result<Report, DecodeError> {
    let bytes = bytes.get(..AREA_BYTES).ok_or(DecodeError::TooShort)?;
    let word = |index: usize| {
        let at = index * 4;
        u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
    };
    if (0..)
        .zip(SIGNATURE)
        .any(|(index, expected)| word(index) != expected)
    {
        return Err(DecodeError::NoLog);
    }
    let mut records: [Option<CrashRecord>; RECORDS] = core::array::from_fn(|slot| {
        let start = RING_START + slot * RECORD_WORDS;
        CrashRecord::from_words(&core::array::from_fn(|index| word(start + index)))
    });
    records.sort_unstable_by_key(|record| match record {
        Some(record) => (false, record.sequence),
        None => (true, 0),
    });
    Ok(Report {
        boots: word(HEADER_BOOTS),
        reset_reason: word(HEADER_RESET_REASON),
        processes: core::array::from_fn(|entry| {
            let start = TABLE_START + entry * ENTRY_WORDS;
            ProcessEntry::from_words(&core::array::from_fn(|index| word(start + index)))
        }),
        records,
    })
}
