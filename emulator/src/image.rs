//! Reads flash images: raw binaries and 32-bit ARM ELF files.

mod kinds;

use crate::bus::map::{CODE_RAM_BASE, FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE};
use crate::peripherals::nor::NOR_SIZE;
use crate::peripherals::qspi::WINDOW_BASE;
use kinds::other_kind;
use object::elf::{FileHeader32, ProgramHeader32, ELFCLASS32, ELFDATA2LSB, ELFMAG};
use object::elf::{EM_ARM, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, ReadRef};
use std::fmt;
use std::mem::offset_of;

type Header = FileHeader32<LittleEndian>;
type SegmentHeader = ProgramHeader32<LittleEndian>;

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

/// Bytes of a program header.
const SEGMENT_HEADER_SIZE: usize = size_of::<SegmentHeader>();
/// More program headers than any linker writes.
const MOST_SEGMENTS: u16 = 256;

/// Returns whether bytes begin as an ELF file does.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(&ELFMAG)
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
        if let Some(kind) = other_kind(bytes) {
            return error(0, kind);
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
        if !is_elf(bytes) {
            let kind = other_kind(bytes).map_or(String::new(), |kind| format!(", but {kind}"));
            return error(0, format!("not an ELF file{kind}"));
        }
        let Ok(header) = bytes.read_at::<Header>(0) else {
            return error(bytes.len() as u64, "the file ends inside the ELF header");
        };
        check_header(header)?;
        let table = u64::from(header.e_phoff(LittleEndian));
        let Ok(headers) = header.program_headers(LittleEndian, bytes) else {
            return error(table, "the program headers lie past the end of the file");
        };
        let mut image = Image::default();
        for (header, at) in headers.iter().zip((table..).step_by(SEGMENT_HEADER_SIZE)) {
            if let Some(segment) = segment(header, at, bytes)? {
                image.segments.push(segment);
            }
        }
        if image.segments.is_empty() {
            return error(table, "no segment has anything to load");
        }
        if let Some((first, second)) = image.overlap() {
            return error(
                table,
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

    /// Refuses an image without the two vectors from which the core starts: what lies at
    /// address 0 is blank.
    ///
    /// # Errors
    /// Nothing but ones is at the stack pointer and the reset vector.
    pub fn expect_vectors(&self) -> Result<(), ImageError> {
        let mut vectors = [0xFF; 8];
        for segment in &self.segments {
            let bytes = segment.bytes.iter().zip(segment.address..);
            for (byte, address) in bytes.take_while(|(_, address)| *address < 8) {
                vectors[address as usize] = *byte;
            }
        }
        if vectors != [0xFF; 8] {
            return Ok(());
        }
        let first = self.segments.iter().map(|segment| segment.address).min();
        error(
            0,
            format!(
                "nothing at address 0, where the core finds its stack and its first \
                 instruction: the first bytes are for {:#010x}, as in a kernel that a \
                 bootloader starts. Give the whole flash image, or lay this file over one \
                 with --elf",
                first.unwrap_or(0)
            ),
        )
    }

    /// The segments of `other` after (over) these.
    pub fn overlay(&mut self, other: Image) {
        self.segments.extend(other.segments);
    }
}

/// Refuses a file unless its header says that it is for the part and loads something.
fn check_header(header: &Header) -> Result<(), ImageError> {
    let (ident, at) = (&header.e_ident, |offset: usize| offset as u64);
    if ident.class != ELFCLASS32 {
        let reason = format!("not a 32-bit ELF file (class {})", ident.class);
        return error(at(offset_of!(Header, e_ident.class)), reason);
    }
    if ident.data != ELFDATA2LSB {
        let reason = format!("not little endian (data {})", ident.data);
        return error(at(offset_of!(Header, e_ident.data)), reason);
    }
    if !header.is_supported() {
        let reason = format!("not version 1 of ELF (version {})", ident.version);
        return error(at(offset_of!(Header, e_ident.version)), reason);
    }
    let machine = header.e_machine(LittleEndian);
    if machine != EM_ARM {
        let reason = format!("not built for ARM (machine {machine})");
        return error(at(offset_of!(Header, e_machine)), reason);
    }
    let count = header.e_phnum(LittleEndian);
    if count == 0 || header.e_phoff(LittleEndian) == 0 {
        let reason = "no program headers: nothing to load";
        return error(at(offset_of!(Header, e_phnum)), reason);
    }
    if count > MOST_SEGMENTS {
        let reason = format!("{count} program headers are too many");
        return error(at(offset_of!(Header, e_phnum)), reason);
    }
    let size = header.e_phentsize(LittleEndian);
    if usize::from(size) != SEGMENT_HEADER_SIZE {
        let reason = format!("program headers of {size} bytes instead of {SEGMENT_HEADER_SIZE}");
        return error(at(offset_of!(Header, e_phentsize)), reason);
    }
    Ok(())
}

/// The segment of the program header that stands at `at`, if it loads anything.
fn segment(header: &SegmentHeader, at: u64, bytes: &[u8]) -> Result<Option<Segment>, ImageError> {
    let (address, length) = (header.p_paddr(LittleEndian), header.p_filesz(LittleEndian));
    if header.p_type(LittleEndian) != PT_LOAD || length == 0 {
        return Ok(None);
    }
    let Ok(content) = header.data(LittleEndian, bytes) else {
        let end = u64::from(header.p_offset(LittleEndian)) + u64::from(length);
        return error(
            at + offset_of!(SegmentHeader, p_filesz) as u64,
            format!(
                "the segment for {address:#010x} has bytes up to {end:#x}, the file only {:#x}",
                bytes.len()
            ),
        );
    };
    if !fits(address, length) {
        return error(
            at + offset_of!(SegmentHeader, p_paddr) as u64,
            format!("{length} bytes at {address:#010x} are outside every memory of the part"),
        );
    }
    Ok(Some(Segment {
        address,
        bytes: content.to_vec(),
    }))
}

/// Returns whether a range lies inside one memory of the part.
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

    const HEADER_SIZE: usize = size_of::<Header>();

    /// An ELF file with one segment of `bytes` at `address`.
    fn elf(address: u32, bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0; HEADER_SIZE + SEGMENT_HEADER_SIZE];
        file[..4].copy_from_slice(&ELFMAG);
        file[4..7].fill(1);
        file[18] = EM_ARM as u8;
        file[28] = HEADER_SIZE as u8;
        file[42] = SEGMENT_HEADER_SIZE as u8;
        file[44] = 1;
        let header = HEADER_SIZE;
        file[header] = PT_LOAD as u8;
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
    fn no_byte_of_a_header_leads_outside_the_file_or_the_part() {
        let good = elf(0x1000, &[1, 2, 3]);
        for offset in 0..good.len() {
            for value in 0..=u8::MAX {
                let mut bytes = good.clone();
                bytes[offset] = value;
                let Ok(image) = Image::from_elf(&bytes) else {
                    continue;
                };
                for segment in image.segments {
                    assert!(fits(segment.address, segment.bytes.len() as u32));
                    assert!(segment.bytes.len() < bytes.len(), "{offset}: {value}");
                }
            }
        }
    }

    #[test]
    fn a_file_may_lie_at_any_address() {
        for start in 0..4 {
            let mut moved = vec![0; start];
            moved.extend(elf(0x1000, &[1, 2, 3]));
            let image = Image::from_elf(&moved[start..]).expect("well formed");
            assert_eq!(image.segments[0].bytes, [1, 2, 3]);
        }
    }

    #[test]
    fn an_image_without_vectors_is_refused_and_says_where_it_begins() {
        let kernel = Image::from_elf(&elf(0x8000, &[1, 2, 3])).expect("well formed");
        let error = kernel.expect_vectors().expect_err("nothing at 0");
        assert!(error.reason.contains("0x00008000"), "{error}");
        let mut flash = Image::from_raw(&[0xFF; 64]).expect("a blank image");
        assert!(flash.expect_vectors().is_err());
        flash.overlay(Image::from_elf(&elf(4, &[1, 2, 0, 0])).expect("well formed"));
        assert_eq!(flash.expect_vectors(), Ok(()));
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
