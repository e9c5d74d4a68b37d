//! Filled blocks that wait for the app, and the account of those that were lost.

use drivers::meter_adc::Header;
use meter_hil::front_end::ScanBlock;

/// Filled blocks that can wait: 160 ms.
pub const QUEUE_BLOCKS: usize = 8;

/// A filled block with what its header says.
pub struct QueuedBlock {
    buffer: &'static mut [u8],
    sequence: u32,
    saturated: u8,
    last_scan_us: u64,
    scans: u32,
    lost_scans: u32,
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
        overrun | Header::range_ends(self.saturated)
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
            scans: self.scans,
            lost_scans: self.lost_scans,
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
        }
    }

    /// Starts to count anew, for a new owner. The queue must be empty.
    ///
    /// - `epoch_us`: the hardware's time that the new owner sees as 0
    pub fn restart(&mut self, epoch_us: u64) {
        self.next_sequence = 0;
        self.epoch_us = epoch_us;
    }

    /// Returns how many blocks wait for the app.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Adds a filled block. Gives back the buffer of the oldest when it had to
    /// make room.
    pub fn push(&mut self, block: ScanBlock) -> Option<&'static mut [u8]> {
        let mut lost_scans = block.lost_blocks.saturating_mul(self.scans_per_block);
        let mut freed = None;
        if self.waiting == QUEUE_BLOCKS {
            if let Some(dropped) = self.take_oldest() {
                let lost = dropped.lost_scans.saturating_add(dropped.scans);
                match self.blocks[self.oldest]
                    .as_mut()
                    .filter(|_| self.waiting > 0)
                {
                    Some(next) => next.lost_scans = next.lost_scans.saturating_add(lost),
                    None => lost_scans = lost_scans.saturating_add(lost),
                }
                freed = Some(dropped.buffer);
            }
        }
        let sequence = self.next_sequence.wrapping_add(block.lost_blocks);
        self.next_sequence = sequence.wrapping_add(1);
        self.blocks[(self.oldest + self.waiting) % QUEUE_BLOCKS] = Some(QueuedBlock {
            buffer: block.buffer,
            sequence,
            saturated: block.saturated,
            last_scan_us: block.last_scan_us.saturating_sub(self.epoch_us),
            scans: block.scans,
            lost_scans,
        });
        self.waiting += 1;
        freed
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
