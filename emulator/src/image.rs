//! Reads flash images: raw binaries and 32-bit ARM ELF files.

use crate::bus::map::{CODE_RAM_BASE, FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE};
use crate::peripherals::nor::NOR_SIZE;
use crate::peripherals::qspi::WINDOW_BASE;
use std::fmt;

/// Bytes for one place of the part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where they go.
    pub address: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What is loaded into the part before it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// In the order in which they are placed; later ones win.
    pub segments: Vec<Segment>,
}

/// Why a file is no image, and where in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageError {
    /// The offset in the file at which it shows.
    pub offset: u64,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for ImageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at offset {:#x}: {}", self.offset, self.reason)
    }
}

impl std::error::Error for ImageError {}

fn error<T>(offset: u64, reason: impl Into<String>) -> Result<T, ImageError> {
    Err(ImageError {
        offset,
        reason: reason.into(),
    })
}

const MAGIC: [u8; 4] = [0x7F, b'E', b'L', b'F'];
const HEADER_SIZE: usize = 52;
const SEGMENT_HEADER_SIZE: usize = 32;
const MACHINE_ARM: u16 = 40;
const LOADED: u32 = 1;
/// More program headers than any linker writes.
const MOST_SEGMENTS: u16 = 256;

/// Whether bytes begin as an ELF file does.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Whether bytes begin with a record of Intel HEX. No stack pointer of a raw
/// image looks like one.
fn is_intel_hex(bytes: &[u8]) -> bool {
    bytes.len() > 10 && bytes[0] == b':' && bytes[1..11].iter().all(u8::is_ascii_hexdigit)
}

impl Image {
    /// A file's bytes: ELF if they begin as one, else raw flash from address 0.
    pub fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        if is_elf(bytes) {
            Self::from_elf(bytes)
        } else {
            Self::from_raw(bytes)
        }
    }

    /// Raw flash content from address 0 on.
    pub fn from_raw(bytes: &[u8]) -> Result<Self, ImageError> {
        if bytes.is_empty() {
            return error(0, "the image is empty");
        }
        if is_intel_hex(bytes) {
            return error(0, "Intel HEX: give the raw bytes or the ELF file instead");
        }
        if bytes.len() > FLASH_SIZE as usize {
            return error(
                u64::from(FLASH_SIZE),
                format!(
                    "the raw image has {} bytes, the flash {FLASH_SIZE}",
                    bytes.len()
                ),
            );
        }
        if bytes.len() < 8 {
            return error(
                bytes.len() as u64,
                "the raw image ends inside the first two vectors",
            );
        }
        Ok(Image {
            segments: vec![Segment {
                address: 0,
                bytes: bytes.to_vec(),
            }],
        })
    }

    /// The loaded segments of a 32-bit little-endian ARM ELF file, by their
    /// physical addresses.
    pub fn from_elf(bytes: &[u8]) -> Result<Self, ImageError> {
        let file = Reader { bytes };
        if !is_elf(bytes) {
            return error(0, "not an ELF file");
        }
        if bytes.len() < HEADER_SIZE {
            return error(bytes.len() as u64, "the file ends inside the ELF header");
        }
        match bytes[4] {
            1 => {}
            other => return error(4, format!("not a 32-bit ELF file (class {other})")),
        }
        if bytes[5] != 1 {
            return error(5, format!("not little endian (data {})", bytes[5]));
        }
        let machine = file.half(18)?;
        if machine != MACHINE_ARM {
            return error(18, format!("not built for ARM (machine {machine})"));
        }
        let table = file.word(28)?;
        let (size, count) = (file.half(42)?, file.half(44)?);
        if count == 0 {
            return error(44, "no program headers: nothing to load");
        }
        if count > MOST_SEGMENTS {
            return error(44, format!("{count} program headers are too many"));
        }
        if usize::from(size) < SEGMENT_HEADER_SIZE {
            return error(42, format!("program headers of {size} bytes are too small"));
        }
        let mut image = Image::default();
        for index in 0..u64::from(count) {
            let at = u64::from(table) + index * u64::from(size);
            if let Some(segment) = file.segment(at)? {
                image.segments.push(segment);
            }
        }
        if image.segments.is_empty() {
            return error(u64::from(table), "no segment has anything to load");
        }
        if let Some((first, second)) = image.overlap() {
            return error(
                u64::from(table),
                format!("the segments for {first:#010x} and {second:#010x} overlap"),
            );
        }
        Ok(image)
    }

    /// The addresses of two segments that share bytes, if there are any.
    fn overlap(&self) -> Option<(u32, u32)> {
        let mut ranges: Vec<(u64, u64)> = self
            .segments
            .iter()
            .map(|segment| (u64::from(segment.address), segment.bytes.len() as u64))
            .collect();
        ranges.sort_unstable();
        ranges
            .windows(2)
            .find(|pair| pair[0].0 + pair[0].1 > pair[1].0)
            .map(|pair| (pair[0].0 as u32, pair[1].0 as u32))
    }

    /// The segments of `other` after (over) these.
    pub fn overlay(&mut self, other: Image) {
        self.segments.extend(other.segments);
    }
}

/// Reads numbers at offsets, each inside the file.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&self, offset: u64) -> Result<[u8; N], ImageError> {
        usize::try_from(offset)
            .ok()
            .and_then(|start| self.bytes.get(start..start.checked_add(N)?))
            .and_then(|bytes| bytes.try_into().ok())
            .map_or_else(|| error(offset, "past the end of the file"), Ok)
    }

    fn half(&self, offset: u64) -> Result<u16, ImageError> {
        self.take(offset).map(u16::from_le_bytes)
    }

    fn word(&self, offset: u64) -> Result<u32, ImageError> {
        self.take(offset).map(u32::from_le_bytes)
    }

    /// The segment whose program header is at `at`, if it loads anything.
    fn segment(&self, at: u64) -> Result<Option<Segment>, ImageError> {
        let kind = self.word(at)?;
        let (from, address, length) = (
            u64::from(self.word(at + 4)?),
            self.word(at + 12)?,
            self.word(at + 16)?,
        );
        if kind != LOADED || length == 0 {
            return Ok(None);
        }
        let end = from + u64::from(length);
        if end > self.bytes.len() as u64 {
            return error(
                at + 16,
                format!(
                    "the segment for {address:#010x} has bytes up to {end:#x}, the file only {:#x}",
                    self.bytes.len()
                ),
            );
        }
        if !fits(address, length) {
            return error(
                at + 12,
                format!("{length} bytes at {address:#010x} are outside every memory of the part"),
            );
        }
        let bytes = self.bytes[from as usize..end as usize].to_vec();
        Ok(Some(Segment { address, bytes }))
    }
}

/// Whether a range lies inside one memory of the part.
fn fits(address: u32, length: u32) -> bool {
    [
        (0, FLASH_SIZE),
        (RAM_BASE, RAM_SIZE),
        (CODE_RAM_BASE, RAM_SIZE),
        (UICR_BASE, PAGE_SIZE),
        (WINDOW_BASE, NOR_SIZE),
    ]
    .into_iter()
    .any(|(start, size)| {
        address >= start
            && u64::from(address) + u64::from(length) <= u64::from(start) + u64::from(size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with one segment of `bytes` at `address`.
    fn elf(address: u32, bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0; HEADER_SIZE + SEGMENT_HEADER_SIZE];
        file[..4].copy_from_slice(&MAGIC);
        file[4] = 1;
        file[5] = 1;
        file[18] = MACHINE_ARM as u8;
        file[28] = HEADER_SIZE as u8;
        file[42] = SEGMENT_HEADER_SIZE as u8;
        file[44] = 1;
        let header = HEADER_SIZE;
        file[header] = LOADED as u8;
        file[header + 4] = (HEADER_SIZE + SEGMENT_HEADER_SIZE) as u8;
        file[header + 8..header + 12].copy_from_slice(&0x2000_0000u32.to_le_bytes());
        file[header + 12..header + 16].copy_from_slice(&address.to_le_bytes());
        file[header + 16..header + 20].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        file.extend_from_slice(bytes);
        file
    }

    #[test]
    fn segments_go_to_their_physical_address() {
        let image = Image::parse(&elf(0x1000, &[1, 2, 3])).expect("well formed");
        assert_eq!(
            image.segments,
            [Segment {
                address: 0x1000,
                bytes: vec![1, 2, 3]
            }]
        );
    }

    #[test]
    fn malformed_files_say_where() {
        let good = elf(0x1000, &[1, 2, 3]);
        let at = |bytes: &[u8]| Image::parse(bytes).expect_err("malformed").offset;
        for length in 4..good.len() {
            assert!(Image::parse(&good[..length]).is_err(), "cut to {length}");
        }
        let with = |offset: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[offset] = value;
            bytes
        };
        assert_eq!(at(&with(4, 2)), 4);
        assert_eq!(at(&with(5, 2)), 5);
        assert_eq!(at(&with(18, 62)), 18);
        assert_eq!(at(&with(44, 0)), 44);
        assert_eq!(at(&with(42, 8)), 42);
        assert_eq!(at(&with(HEADER_SIZE + 15, 0x60)), (HEADER_SIZE + 12) as u64);
        assert_eq!(at(&with(HEADER_SIZE + 17, 0xFF)), (HEADER_SIZE + 16) as u64);
        assert_eq!(at(&[]), 0);
        assert_eq!(at(b":020000040000FA\r\n:10000000"), 0);
        assert_eq!(at(&vec![0; FLASH_SIZE as usize + 1]), u64::from(FLASH_SIZE));
    }
    #[test]
    fn segments_of_one_file_do_not_overlap() {
        let place = |address| Segment {
            address,
            bytes: vec![0; 16],
        };
        let image = |addresses: &[u32]| Image {
            segments: addresses.iter().copied().map(place).collect(),
        };
        assert_eq!(image(&[0x100, 0x110, 0xF0]).overlap(), None);
        assert_eq!(image(&[0x100, 0x10F]).overlap(), Some((0x100, 0x10F)));
        assert_eq!(
            image(&[0x10F, 0x300, 0x100]).overlap(),
            Some((0x100, 0x10F))
        );
    }
}
