//! A record of the data accesses in a range of addresses.

use crate::time::Cycles;

/// One access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// When.
    pub at: Cycles,
    /// The instructions retired, this one among them.
    pub instruction: u64,
    /// The instruction's address.
    pub pc: u32,
    /// A write, or a read.
    pub write: bool,
    /// Where.
    pub address: u32,
    /// How many bytes.
    pub bytes: u8,
    /// What was written or read; none if the access faulted.
    pub value: Option<u32>,
}

/// The accesses of one range.
#[derive(Debug)]
pub struct Trace {
    /// First address.
    pub start: u32,
    /// Past the last address.
    pub end: u32,
    /// The records nobody took yet.
    pub records: Vec<TraceRecord>,
    /// Records dropped because nobody took them.
    pub dropped: u64,
}

/// The most records that are kept until somebody takes them.
const MOST: usize = 1 << 20;

impl Trace {
    /// Records accesses from `start` up to `end`.
    pub fn new(start: u32, end: u32) -> Self {
        Trace {
            start,
            end,
            records: Vec::new(),
            dropped: 0,
        }
    }

    /// Keeps an access if it touches the range.
    pub fn record(&mut self, record: TraceRecord) {
        let last = record.address.saturating_add(u32::from(record.bytes) - 1);
        if record.address >= self.end || last < self.start {
            return;
        }
        if self.records.len() < MOST {
            self.records.push(record);
        } else {
            self.dropped += 1;
        }
    }
}
