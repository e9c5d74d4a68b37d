//! Offsets, sizes and magic numbers of the crash log's area. All in 32-bit words unless named otherwise.

/// Size of the whole area in bytes.
pub const AREA_BYTES: usize = 2048;
/// Size of the whole area in words.
pub const AREA_WORDS: usize = AREA_BYTES / 4;

/// First word of a valid area: the bytes `WLOG`.
pub const AREA_MAGIC: u32 = u32::from_le_bytes(*b"WLOG");
/// Version of the layout.
pub const VERSION: u16 = 1;
/// Length of the header.
pub const HEADER_WORDS: usize = 8;

/// Header: starts since power-on.
pub const HEADER_BOOTS: usize = 5;
/// Header: POWER.RESETREAS as this boot found it.
pub const HEADER_RESET_REASON: usize = 6;

/// First word of the process table.
pub const TABLE_START: usize = HEADER_WORDS;
/// Length of one entry of the process table.
pub const ENTRY_WORDS: usize = 12;
/// Entries of the process table.
pub const ENTRIES: usize = 10;

/// First word of the ring of crash records.
pub const RING_START: usize = TABLE_START + ENTRY_WORDS * ENTRIES;
/// Length of one crash record.
pub const RECORD_WORDS: usize = 32;
/// Crash records in the ring.
pub const RECORDS: usize = 12;

/// First word of a valid record: the bytes `CRSH`.
pub const RECORD_MAGIC: u32 = u32::from_le_bytes(*b"CRSH");
/// Word of a record that holds the CRC-32 of those before it.
pub const RECORD_CRC: usize = RECORD_WORDS - 1;

/// Bytes of a name.
pub const NAME_BYTES: usize = 16;
/// Bytes of a kernel panic's message.
pub const MESSAGE_BYTES: usize = 20;

/// Two 16-bit fields in one word, the first at the lower address.
const fn pair(first: usize, second: usize) -> u32 {
    (first as u32) | ((second as u32) << 16)
}

/// The words 0 to 4 of a valid area: magic, version and geometry.
pub const SIGNATURE: [u32; 5] = [
    AREA_MAGIC,
    pair(VERSION as usize, HEADER_WORDS * 4),
    pair(TABLE_START * 4, RING_START * 4),
    pair(ENTRY_WORDS * 4, ENTRIES),
    pair(RECORD_WORDS * 4, RECORDS),
];

const _: () = assert!(RING_START + RECORD_WORDS * RECORDS == AREA_WORDS);
