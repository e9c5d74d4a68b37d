//! Continuous scans of the mains voltage and the current: driver 0x80000001.

crate::definition::driver! {
    "meter_adc" = 0x8000_0001;
    commands {
        /// Start the scans at a period in microseconds, and own them.
        1 = Start "start": BUSY ALREADY INVAL;
        /// Stop the scans, and release them.
        2 = Stop "stop": RESERVE;
        /// Microseconds from scan to scan, and scans in a block.
        3 = Geometry "geometry":;
        /// Copy the oldest block to the buffer; tells its bytes.
        4 = TakeBlock "take_block": FAIL RESERVE SIZE NOMEM;
    }
    upcalls {
        /// A block waits: (blocks waiting, sequence of the newest, flags of the newest).
        0 = BLOCK;
    }
    read_only {}
    read_write {
        /// Where to put a block: a [`Header`](super::Header), then the scans.
        0 = BLOCK;
    }
}

/// Channels of a scan: voltage, current at low gain, current at high gain.
pub const CHANNELS: usize = 3;
/// Bytes of a scan: an `i16`, little endian, of each channel.
pub const SCAN_BYTES: usize = 2 * CHANNELS;
/// Microseconds from scan to scan: 6,536 scans a second, which is no multiple of a mains
/// frequency, so that a waveform passes every position against the scans within a second.
pub const SCAN_PERIOD_US: u32 = 153;
/// Scans in a full block, which lasts 19.6 ms.
pub const SCANS_PER_BLOCK: usize = 128;
/// Scans after a gap in which the driver's filter still holds what was before it.
pub const SETTLING_SCANS: usize = 8;
/// Bytes of a full block with its header.
pub const BLOCK_BYTES: usize = Header::BYTES + SCANS_PER_BLOCK * SCAN_BYTES;

/// The header before the scans of a block, of 32 bytes, little endian:
///
/// | offset | type | |
/// |---|---|---|
/// | 0 | u32 | sequence |
/// | 4 | u32 | flags |
/// | 8 | u64 | time of the last scan |
/// | 16 | u32 | scans |
/// | 20 | u32 | scans lost |
/// | 24 | i16 | reference |
/// | 26 | i16 | temperature |
/// | 28 | 4 bytes | zero |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of the block since the start, lost ones counted, from 0.
    pub sequence: u32,
    /// [`Header::OVERRUN`], [`Header::range_end`] of each channel, [`Header::DISORDER`].
    pub flags: u32,
    /// Time of the last scan of the block, in microseconds since the start.
    pub time_us: u64,
    /// Scans in this block.
    pub scans: u32,
    /// Scans lost between the block delivered before and this one.
    pub lost_scans: u32,
    /// Mean code of the reference, which is converted after the channels of each scan.
    pub reference: i16,
    /// Temperature of the part in hundredths of a degree Celsius; [`Header::NO_TEMPERATURE`]
    /// while nobody measures it.
    pub temperature: i16,
}

impl Header {
    /// Bytes of a header.
    pub const BYTES: usize = 32;

    /// The temperature is not known.
    pub const NO_TEMPERATURE: i16 = i16::MIN;

    /// Flag: blocks were lost before this one.
    pub const OVERRUN: u32 = 1 << 0;

    /// Flag: this channel touched an end of its range in this block.
    pub const fn range_end(channel: usize) -> u32 {
        1 << (1 + channel)
    }

    /// Flag: the reference was not where it has to be, so the channels may have changed places.
    pub const DISORDER: u32 = 1 << (1 + CHANNELS);

    /// Flags of the channels whose bits are set in `channels`, channel 0 in bit 0.
    pub const fn range_ends(channels: u8) -> u32 {
        (channels as u32 & ((1 << CHANNELS) - 1)) << 1
    }

    /// The bytes that the driver writes before the scans.
    pub fn encode(&self) -> [u8; Header::BYTES] {
        let mut bytes = [0; Header::BYTES];
        bytes[0..4].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.flags.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time_us.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.scans.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.lost_scans.to_le_bytes());
        bytes[24..26].copy_from_slice(&self.reference.to_le_bytes());
        bytes[26..28].copy_from_slice(&self.temperature.to_le_bytes());
        bytes
    }

    /// The header of these bytes.
    pub fn decode(bytes: &[u8; Header::BYTES]) -> Header {
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Header {
            sequence: word(0),
            flags: word(4),
            time_us: u64::from(word(8)) | u64::from(word(12)) << 32,
            scans: word(16),
            lost_scans: word(20),
            reference: word(24) as i16,
            temperature: (word(24) >> 16) as i16,
        }
    }
}
