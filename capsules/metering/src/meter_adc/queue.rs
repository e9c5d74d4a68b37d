//! Decimated blocks that wait for the app, and the account of those that were lost.

use drivers::meter_adc::{Header, SCAN_BYTES};
use meter_hil::front_end::REFERENCE_CODES;

use decimation::Reference;

/// Blocks that can wait: 156 ms.
pub const QUEUE_BLOCKS: usize = 8;

/// What is known of a block when the hardware has filled it.
#[derive(Clone, Copy)]
pub struct Arrival {
    /// Time of its last scan, on the hardware's time base, in microseconds.
    pub last_scan_us: u64,
    /// Blocks that the hardware had no buffer for, between the one before and this.
    pub lost_blocks: u32,
    /// A bit for each channel that touched an end of its range.
    pub saturated: u8,
    /// What the reference read.
    pub reference: Reference,
}

/// A block with what its header says.
pub struct QueuedBlock {
    buffer: &'static mut [u8],
    sequence: u32,
    saturated: u8,
    last_scan_us: u64,
    lost_scans: u32,
    reference: Reference,
}

impl QueuedBlock {
    /// Returns the scans as bytes: for each the samples of all channels, little-endian.
    pub fn scans(&self) -> &[u8] {
        self.buffer
    }

    /// Returns the flags as they stand in the block header.
    pub fn flags(&self) -> u32 {
        let overrun = if self.lost_scans > 0 {
            Header::OVERRUN
        } else {
            0
        };
        let Reference { least, most, .. } = self.reference;
        let ordered = REFERENCE_CODES.contains(&least) && REFERENCE_CODES.contains(&most);
        let disorder = if ordered { 0 } else { Header::DISORDER };
        overrun | disorder | Header::range_ends(self.saturated)
    }

    /// Returns the sequence of the block, which also counts the blocks that were lost.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The header that goes to the app before the scans.
    pub fn header(&self) -> Header {
        Header {
            sequence: self.sequence,
            flags: self.flags(),
            time_us: self.last_scan_us,
            scans: (self.buffer.len() / SCAN_BYTES) as u32,
            lost_scans: self.lost_scans,
            reference: self.reference.mean,
            temperature: Header::NO_TEMPERATURE,
        }
    }
}

/// First in, first out; when it is full the oldest block makes room, and the
/// next one delivered says how many scans are missing before it.
pub struct BlockQueue {
    blocks: [Option<QueuedBlock>; QUEUE_BLOCKS],
    oldest: usize,
    waiting: usize,
    next_sequence: u32,
    scans_per_block: u32,
    epoch_us: u64,
    /// Lost with dropped blocks that no other followed yet.
    dropped_scans: u32,
}

impl BlockQueue {
    /// An empty queue.
    ///
    /// - `scans_per_block`: scans that are lost with a block that the hardware missed
    pub const fn new(scans_per_block: u32) -> Self {
        BlockQueue {
            blocks: [const { None }; QUEUE_BLOCKS],
            oldest: 0,
            waiting: 0,
            next_sequence: 0,
            scans_per_block,
            epoch_us: 0,
            dropped_scans: 0,
        }
    }

    /// Starts to count anew, for a new owner. The queue must be empty.
    ///
    /// - `epoch_us`: the hardware's time that the new owner sees as 0
    pub fn restart(&mut self, epoch_us: u64) {
        self.next_sequence = 0;
        self.epoch_us = epoch_us;
        self.dropped_scans = 0;
    }

    /// Returns how many blocks wait for the app.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Adds a block to a queue that is not full; [`BlockQueue::make_room`] sees to that.
    pub fn push(&mut self, buffer: &'static mut [u8], arrival: &Arrival) {
        let missed = arrival.lost_blocks.saturating_mul(self.scans_per_block);
        let sequence = self.next_sequence.wrapping_add(arrival.lost_blocks);
        self.next_sequence = sequence.wrapping_add(1);
        self.blocks[(self.oldest + self.waiting) % QUEUE_BLOCKS] = Some(QueuedBlock {
            buffer,
            sequence,
            saturated: arrival.saturated,
            last_scan_us: arrival.last_scan_us.saturating_sub(self.epoch_us),
            lost_scans: missed.saturating_add(core::mem::take(&mut self.dropped_scans)),
            reference: arrival.reference,
        });
        self.waiting += 1;
    }

    /// Drops the oldest block of a full queue, whose scans the next block's header will tell as
    /// lost, and gives its buffer back.
    pub fn make_room(&mut self) -> Option<&'static mut [u8]> {
        if self.waiting < QUEUE_BLOCKS {
            return None;
        }
        let dropped = self.take_oldest()?;
        let lost = dropped.lost_scans.saturating_add(self.scans_per_block);
        match self.blocks[self.oldest].as_mut() {
            Some(next) => next.lost_scans = next.lost_scans.saturating_add(lost),
            None => self.dropped_scans = self.dropped_scans.saturating_add(lost),
        }
        Some(dropped.buffer)
    }

    /// Returns the oldest block that waits, if there is any.
    pub fn front(&self) -> Option<&QueuedBlock> {
        self.blocks[self.oldest].as_ref()
    }

    /// Returns the newest block that waits, if there is any.
    pub fn newest(&self) -> Option<&QueuedBlock> {
        let last = self.waiting.checked_sub(1)?;
        self.blocks[(self.oldest + last) % QUEUE_BLOCKS].as_ref()
    }

    /// Takes the oldest block out and gives back its buffer.
    pub fn pop(&mut self) -> Option<&'static mut [u8]> {
        self.take_oldest().map(|block| block.buffer)
    }

    fn take_oldest(&mut self) -> Option<QueuedBlock> {
        let block = self.blocks[self.oldest].take()?;
        self.oldest = (self.oldest + 1) % QUEUE_BLOCKS;
        self.waiting -= 1;
        Some(block)
    }
}
