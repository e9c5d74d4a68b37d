//! A block of scans as the meter_adc driver delivers it.

use drivers::meter_adc::Header;
pub use drivers::meter_adc::{SCANS_PER_BLOCK, SCAN_BYTES};

use crate::flags::Flags;

/// Bytes of the block header, which stands before the scans.
pub const BLOCK_HEADER_BYTES: usize = Header::BYTES;

/// The channels of a scan.
const VOLTAGE: usize = 0;
const LOW_GAIN: usize = 1;
const HIGH_GAIN: usize = 2;

/// What is wrong with the bytes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// Fewer bytes than a header.
    ShortHeader,
    /// Fewer bytes than the header's scan count asks for.
    ShortScans,
    /// More scans than a block has.
    TooManyScans,
}

/// A block of scans, borrowed from the bytes that the driver wrote
/// (docs/syscalls/80000001_meter_adc.md).
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Counts every block that the hardware filled, lost ones included.
    pub sequence: u32,
    /// Raw header flags.
    pub flags: u32,
    /// Time of the last scan in microseconds since start.
    pub time_us: u64,
    /// Scans lost since the previous delivered block.
    pub lost_scans: u32,
    /// Mean code of the reference.
    pub reference: i16,
    /// Hundredths of a degree Celsius, [`Header::NO_TEMPERATURE`] if not known.
    pub temperature: i16,
    scans: &'a [u8],
}

impl<'a> Block<'a> {
    /// Reads header and scans; bytes after the last scan are ignored.
    pub fn parse(bytes: &'a [u8]) -> Result<Block<'a>, BlockError> {
        let (header, rest) = bytes.split_first_chunk().ok_or(BlockError::ShortHeader)?;
        let header = Header::decode(header);
        let count = usize::try_from(header.scans)
            .ok()
            .filter(|count| *count <= SCANS_PER_BLOCK)
            .ok_or(BlockError::TooManyScans)?;
        Ok(Block {
            sequence: header.sequence,
            flags: header.flags,
            time_us: header.time_us,
            lost_scans: header.lost_scans,
            reference: header.reference,
            temperature: header.temperature,
            scans: rest
                .get(..count * SCAN_BYTES)
                .ok_or(BlockError::ShortScans)?,
        })
    }

    /// A block from its parts; `scans` are triples of i16, little endian. An
    /// incomplete triple at the end and what exceeds a block are ignored.
    pub fn from_parts(
        sequence: u32,
        flags: u32,
        time_us: u64,
        lost_scans: u32,
        scans: &'a [u8],
    ) -> Self {
        Block {
            sequence,
            flags,
            time_us,
            lost_scans,
            reference: 0,
            temperature: Header::NO_TEMPERATURE,
            scans,
        }
    }

    /// Returns the number of scans in the block.
    pub fn len(&self) -> usize {
        (self.scans.len() / SCAN_BYTES).min(SCANS_PER_BLOCK)
    }

    /// Returns whether the block has no scan.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The scans as bytes, whole triples.
    pub(crate) fn scan_bytes(&self) -> &'a [u8] {
        &self.scans[..self.len() * SCAN_BYTES]
    }

    /// Returns whether scans are missing between the previous block and this one.
    pub fn follows_a_gap(&self) -> bool {
        self.lost_scans != 0 || self.flags & Header::OVERRUN != 0
    }

    /// Whether a channel touched an end of its range.
    fn touches_an_end(&self, channel: usize) -> bool {
        self.flags & Header::range_end(channel) != 0
    }

    /// Returns whether the high-gain channel touched an end of its range.
    pub(crate) fn high_gain_saturated(&self) -> bool {
        self.touches_an_end(HIGH_GAIN)
    }

    /// Returns whether the channels may have changed places: then no scan of the block means
    /// anything.
    pub fn is_disordered(&self) -> bool {
        self.flags & Header::DISORDER != 0
    }

    /// The measurement flags that the header asks for; a clipped low-gain
    /// channel is a fact about the current, a clipped high-gain one is normal.
    pub(crate) fn status(&self) -> Flags {
        let mut status = Flags::NONE;
        if self.follows_a_gap() || self.is_disordered() {
            status |= Flags::MISSING_SAMPLES;
        }
        if self.touches_an_end(VOLTAGE) {
            status |= Flags::VOLTAGE_SATURATED;
        }
        if self.touches_an_end(LOW_GAIN) {
            status |= Flags::CURRENT_SATURATED;
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn header(scans: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [7u32, 0b1001, 0x1234_5678, 1, scans, 160, 0x8000_3555, 0] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_block_is_read_as_documented() {
        let mut bytes = header(2);
        bytes.extend_from_slice(&[0; 2 * SCAN_BYTES]);
        let block = Block::parse(&bytes).unwrap();
        assert_eq!(block.sequence, 7);
        assert_eq!(block.time_us, 0x1_1234_5678);
        assert_eq!(block.lost_scans, 160);
        assert_eq!((block.reference, block.temperature), (0x3555, i16::MIN));
        assert_eq!(block.len(), 2);
        assert!(block.follows_a_gap() && block.high_gain_saturated());
        assert_eq!(block.status(), Flags::MISSING_SAMPLES);
    }

    #[test]
    fn short_or_lying_blocks_are_refused() {
        assert_eq!(Block::parse(&[0; 31]).unwrap_err(), BlockError::ShortHeader);
        assert_eq!(
            Block::parse(&header(1)).unwrap_err(),
            BlockError::ShortScans
        );
        assert_eq!(
            Block::parse(&header(u32::MAX)).unwrap_err(),
            BlockError::TooManyScans
        );
    }
}
