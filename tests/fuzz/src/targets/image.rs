//! Images for the emulator: raw binaries and ELF files.

use emulator::image::{is_elf, Image};

/// Parses the bytes as an image.
pub fn run(data: &[u8]) {
    match Image::parse(data) {
        Ok(image) => {
            let total: usize = image
                .segments
                .iter()
                .map(|segment| segment.bytes.len())
                .sum();
            // What is loaded comes from the file; an ELF file may name a part
            // of it more than once.
            assert!(total <= data.len() * if is_elf(data) { 256 } else { 1 });
            for segment in &image.segments {
                assert!(segment
                    .address
                    .checked_add(segment.bytes.len() as u32)
                    .is_some());
            }
        }
        Err(error) => assert!(!error.reason.is_empty() && !error.to_string().is_empty()),
    }
}

/// A small ELF file with two segments, and raw binaries.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut elf = vec![0x7F, b'E', b'L', b'F', 1, 1, 1, 0];
    elf.resize(16, 0);
    for half in [2u16, 40] {
        elf.extend(half.to_le_bytes());
    }
    for word in [1u32, 0x1_0041, 52, 0, 0x0500_0000] {
        elf.extend(word.to_le_bytes());
    }
    for half in [52u16, 32, 2, 40, 0, 0] {
        elf.extend(half.to_le_bytes());
    }
    for (offset, address, size) in [(116u32, 0x1_0000u32, 8u32), (124, 0x2000_0000, 4)] {
        for word in [1, offset, address, address, size, size, 7, 4] {
            elf.extend(word.to_le_bytes());
        }
    }
    elf.extend(0..12u8);
    vec![elf, vec![0; 64], vec![0xFF; 4096], Vec::new()]
}
