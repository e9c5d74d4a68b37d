//! The format, element by element, and what a parser must survive.

use std::num::NonZeroU32;

use tock_tbf::parse::{parse_tbf_footer, parse_tbf_header, parse_tbf_header_lengths};
use tock_tbf::types::{
    CommandPermissions, InitialTbfParseError, TbfFooterV2CredentialsType, TbfHeader, TbfParseError,
};

/// A header of these elements in an object of `total` bytes.
fn header(total: u32, elements: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 16];
    for (element, payload) in elements {
        bytes.extend(element.to_le_bytes());
        bytes.extend((payload.len() as u16).to_le_bytes());
        bytes.extend(*payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let header_size = bytes.len() as u16;
    bytes[0..2].copy_from_slice(&2u16.to_le_bytes());
    bytes[2..4].copy_from_slice(&header_size.to_le_bytes());
    bytes[4..8].copy_from_slice(&total.to_le_bytes());
    bytes[8..12].copy_from_slice(&1u32.to_le_bytes());
    seal(&mut bytes);
    bytes
}

fn seal(header: &mut [u8]) {
    header[12..16].fill(0);
    let sum = header.chunks_exact(4).fold(0, |sum, word| {
        sum ^ u32::from_le_bytes(word.try_into().unwrap())
    });
    header[12..16].copy_from_slice(&sum.to_le_bytes());
}

fn forever(bytes: Vec<u8>) -> &'static [u8] {
    Box::leak(bytes.into_boxed_slice())
}

fn parse(bytes: Vec<u8>) -> Result<TbfHeader, TbfParseError> {
    parse_tbf_header(forever(bytes), 2)
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A program element: offset, trailer, RAM, end, version.
fn program() -> Vec<u8> {
    words(&[0x51, 20, 8192, 900, 77])
}

/// A header of a program element and others.
fn app(elements: &[(u16, &[u8])]) -> Result<TbfHeader, TbfParseError> {
    let program = program();
    let mut all: Vec<(u16, &[u8])> = vec![(9, &program)];
    all.extend(elements);
    parse(header(1024, &all))
}

#[test]
fn lengths_of_an_object() {
    let lengths = |version: u16, header: u16, total: u32| {
        let mut bytes = [0; 8];
        bytes[0..2].copy_from_slice(&version.to_le_bytes());
        bytes[2..4].copy_from_slice(&header.to_le_bytes());
        bytes[4..8].copy_from_slice(&total.to_le_bytes());
        parse_tbf_header_lengths(&bytes)
    };
    assert_eq!(lengths(2, 16, 16), Ok((2, 16, 16)));
    assert_eq!(lengths(2, 60, 1 << 20), Ok((2, 60, 1 << 20)));
    for (header, total) in [(15, 100), (0, 100), (101, 100), (u16::MAX, 100)] {
        assert_eq!(
            lengths(2, header, total),
            Err(InitialTbfParseError::InvalidHeader(total))
        );
    }
    for (version, total) in [(1, 100), (3, 100), (0xFFFF, 0xFFFF_FFFF), (2, 0), (2, 15)] {
        assert_eq!(
            lengths(version, 16, total),
            Err(InitialTbfParseError::UnableToParse)
        );
    }
}

#[test]
fn program_header() {
    let header = app(&[]).unwrap();
    assert!(header.is_app() && header.enabled() && !header.sticky());
    let size = u32::from(header.length());
    assert_eq!(header.get_minimum_app_ram_size(), 8192);
    assert_eq!(header.get_protected_size(), size + 20);
    assert_eq!(header.get_app_start_offset(), size + 20);
    assert_eq!(
        header.get_init_function_offset(),
        size + 0x51,
        "counted from the header's end, not from the protected part's"
    );
    assert_eq!(header.get_binary_end(), 900);
    assert_eq!(header.get_binary_version(), 77);
    assert_eq!(header.total_size(), 1024);
}

#[test]
fn main_header_has_no_footers() {
    let header = parse(header(1024, &[(1, &words(&[5, 8, 100]))])).unwrap();
    assert_eq!(header.get_binary_end(), 1024);
    assert_eq!(header.get_binary_version(), 0);
    assert_eq!(header.get_minimum_app_ram_size(), 100);
    assert_eq!(header.get_protected_size(), 32 + 8);
    assert_eq!(header.get_init_function_offset(), 32 + 5);
}

#[test]
fn program_wins_over_main_in_any_order() {
    let main = words(&[1, 2, 3]);
    for elements in [
        [(1u16, main.as_slice()), (9, &program())],
        [(9, &program()), (1, main.as_slice())],
    ] {
        let header = parse(header(1024, &elements)).unwrap();
        assert_eq!(header.get_minimum_app_ram_size(), 8192);
        assert_eq!(header.get_binary_version(), 77);
    }
}

#[test]
fn neither_main_nor_program_is_padding() {
    assert!(!parse(header(16, &[])).unwrap().is_app());
    let named = parse(header(1024, &[(3, b"name")])).unwrap();
    assert!(!named.is_app() && !named.enabled());
}

#[test]
fn flags() {
    let program = program();
    for (flags, enabled, sticky) in [(0u32, false, false), (2, false, true), (3, true, true)] {
        let mut bytes = header(1024, &[(9, &program)]);
        bytes[8..12].copy_from_slice(&flags.to_le_bytes());
        seal(&mut bytes);
        let header = parse(bytes).unwrap();
        assert_eq!((header.enabled(), header.sticky()), (enabled, sticky));
    }
}

#[test]
fn every_bit_is_under_the_checksum() {
    let sound = header(1024, &[(9, &program()), (3, b"app")]);
    for byte in 8..sound.len() {
        for bit in 0..8 {
            let mut bytes = sound.clone();
            bytes[byte] ^= 1 << bit;
            assert!(
                matches!(parse(bytes), Err(TbfParseError::ChecksumMismatch(..))),
                "byte {byte}"
            );
        }
    }
}

#[test]
fn program_must_stay_inside_the_object() {
    let size = 16 + 24;
    let room = 1024 - size;
    for words_of in [
        [room + 1, 0, 0, 900, 0],
        [u32::MAX, 0, 0, 900, 0],
        [0, room + 1, 0, 900, 0],
        [0, u32::MAX, 0, 900, 0],
        [0, 0, 0, 1025, 0],
        [0, 0, 0, u32::MAX, 0],
        [0, 0, 0, size - 1, 0],
    ] {
        let result = parse(header(1024, &[(9, &words(&words_of))]));
        assert!(matches!(result, Err(TbfParseError::BadTlvEntry(9))));
    }
    for words_of in [[room, room, u32::MAX, 1024, 0], [0, 0, 0, size, 0]] {
        assert!(parse(header(1024, &[(9, &words(&words_of))])).is_ok());
    }
}

#[test]
fn names() {
    assert_eq!(
        app(&[(3, "zähler".as_bytes())]).unwrap().get_package_name(),
        Some("zähler")
    );
    assert_eq!(app(&[(3, b"")]).unwrap().get_package_name(), Some(""));
    assert_eq!(app(&[]).unwrap().get_package_name(), None);
    assert!(matches!(
        app(&[(3, &[0xC3])]),
        Err(TbfParseError::BadProcessName)
    ));
}

#[test]
fn writeable_regions() {
    let header = app(&[(2, &words(&[512, 256, 1000, 24]))]).unwrap();
    assert_eq!(header.number_writeable_flash_regions(), 2);
    assert_eq!(header.get_writeable_flash_region(0), (512, 256));
    assert_eq!(header.get_writeable_flash_region(1), (1000, 24));
    for index in [2, 3, usize::MAX, usize::MAX / 8] {
        assert_eq!(header.get_writeable_flash_region(index), (0, 0));
    }
    for bad in [
        words(&[512]),
        words(&[1000, 25]),
        words(&[u32::MAX, 1]),
        words(&[1, u32::MAX]),
    ] {
        assert!(matches!(
            app(&[(2, &bad)]),
            Err(TbfParseError::BadTlvEntry(2))
        ));
    }
}

#[test]
fn fixed_addresses() {
    let header = app(&[(5, &words(&[0x2000_8000, 0x4_0080]))]).unwrap();
    assert_eq!(header.get_fixed_address_ram(), Some(0x2000_8000));
    assert_eq!(header.get_fixed_address_flash(), Some(0x4_0080));
    let header = app(&[(5, &words(&[u32::MAX, u32::MAX]))]).unwrap();
    assert_eq!(header.get_fixed_address_ram(), None);
    assert_eq!(header.get_fixed_address_flash(), None);
}

#[test]
fn permissions() {
    let mut payload = 3u16.to_le_bytes().to_vec();
    for (driver, offset, mask) in [(7u32, 0u32, 5u64), (7, 2, 1 << 63), (9, 1, 6)] {
        payload.extend(driver.to_le_bytes());
        payload.extend(offset.to_le_bytes());
        payload.extend(mask.to_le_bytes());
    }
    let header = app(&[(6, &payload)]).unwrap();
    let at = |driver, offset| header.get_command_permissions(driver, offset);
    assert_eq!(at(7, 0), CommandPermissions::Mask(5));
    assert_eq!(at(7, 2), CommandPermissions::Mask(1 << 63));
    assert_eq!(at(7, 1), CommandPermissions::Mask(0));
    assert_eq!(at(9, 0), CommandPermissions::Mask(0));
    assert_eq!(at(8, 0), CommandPermissions::NoPermsThisDriver);
    // Not the same driver once the number is cut to 32 bits.
    assert_eq!(at(7 + (1 << 32), 0), CommandPermissions::NoPermsThisDriver);
    assert_eq!(
        app(&[]).unwrap().get_command_permissions(7, 0),
        CommandPermissions::NoPermsAtAll
    );
    let none = app(&[(6, &[0, 0])]).unwrap();
    assert_eq!(
        none.get_command_permissions(7, 0),
        CommandPermissions::NoPermsThisDriver
    );
    payload[0] = 4;
    assert!(matches!(
        app(&[(6, &payload)]),
        Err(TbfParseError::BadTlvEntry(6))
    ));
}

/// A storage element: write, read and modify identifiers.
fn storage(write: u32, reads: &[u32], modifies: &[u32]) -> Vec<u8> {
    let mut payload = write.to_le_bytes().to_vec();
    for list in [reads, modifies] {
        payload.extend((list.len() as u16).to_le_bytes());
        payload.extend(words(list));
    }
    payload
}

#[test]
fn storage_permissions() {
    let header = app(&[(7, &storage(5, &[1, 2, 3], &[4]))]).unwrap();
    assert_eq!(header.get_storage_write_id(), NonZeroU32::new(5));
    let (count, ids) = header.get_storage_read_ids().unwrap();
    assert_eq!(ids[..count], [1, 2, 3]);
    let (count, ids) = header.get_storage_modify_ids().unwrap();
    assert_eq!(ids[..count], [4]);
    let none = app(&[(7, &storage(0, &[], &[]))]).unwrap();
    assert_eq!(none.get_storage_write_id(), None);
    assert_eq!(none.get_storage_read_ids(), Some((0, [0; 8])));
    assert_eq!(app(&[]).unwrap().get_storage_read_ids(), None);
    assert!(app(&[(7, &storage(1, &[9; 8], &[9; 8]))]).is_ok());
    for (reads, modifies) in [(9, 0), (0, 9)] {
        let payload = storage(1, &vec![9; reads], &vec![9; modifies]);
        assert!(matches!(
            app(&[(7, &payload)]),
            Err(TbfParseError::TooManyEntries(7))
        ));
    }
    let whole = storage(1, &[2], &[3]);
    for cut in 0..whole.len() {
        assert!(app(&[(7, &whole[..cut])]).is_err());
    }
}

#[test]
fn version_and_short_id() {
    let header = app(&[(8, &[2, 0, 3, 0]), (10, &words(&[0xAB]))]).unwrap();
    assert_eq!(header.get_kernel_version(), Some((2, 3)));
    assert_eq!(header.get_fixed_short_id(), NonZeroU32::new(0xAB));
    let header = app(&[(10, &words(&[0]))]).unwrap();
    assert_eq!(header.get_fixed_short_id(), None);
    assert_eq!(header.get_kernel_version(), None);
}

/// A footer of a format with these data.
fn footer(format: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = 128u16.to_le_bytes().to_vec();
    bytes.extend((data.len() as u16 + 4).to_le_bytes());
    bytes.extend(format.to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn footers() {
    use TbfFooterV2CredentialsType as T;
    for (number, format, length) in [
        (0, T::Reserved, 0),
        (0, T::Reserved, 7),
        (1, T::Rsa3072Key, 768),
        (2, T::Rsa4096Key, 1024),
        (3, T::SHA256, 32),
        (4, T::SHA384, 48),
        (5, T::SHA512, 64),
        (6, T::EcdsaNistP256, 64),
    ] {
        let data: Vec<u8> = (0..length).map(|i| i as u8).collect();
        let mut bytes = footer(number, &data);
        bytes.extend([1, 2, 3]);
        let (parsed, len) = parse_tbf_footer(forever(bytes)).unwrap();
        assert_eq!(parsed.format(), format);
        assert_eq!(parsed.data(), data);
        assert_eq!(len as usize, length + 4);
        if number != 0 {
            let wrong = footer(number, &data[1..]);
            assert!(matches!(
                parse_tbf_footer(forever(wrong)),
                Err(TbfParseError::BadTlvEntry(128))
            ));
        }
    }
    assert!(matches!(
        parse_tbf_footer(forever(footer(7, &[0; 64]))),
        Err(TbfParseError::BadTlvEntry(128))
    ));
    assert!(matches!(
        parse_tbf_footer(forever(vec![9, 0, 4, 0, 0, 0, 0, 0])),
        Err(TbfParseError::InvalidFooter(9))
    ));
    let whole = footer(3, &[1; 32]);
    for cut in 0..whole.len() {
        assert!(matches!(
            parse_tbf_footer(forever(whole[..cut].to_vec())),
            Err(TbfParseError::NotEnoughFlash)
        ));
    }
    // A payload too short for its format number.
    assert!(parse_tbf_footer(forever(vec![128, 0, 2, 0, 0, 0])).is_err());
}

#[test]
fn cut_headers_are_errors() {
    let whole = header(1024, &[(9, &program()), (3, b"app")]);
    for cut in 0..whole.len() {
        assert!(parse(whole[..cut].to_vec()).is_err());
    }
    assert!(matches!(
        parse_tbf_header(forever(whole), 3),
        Err(TbfParseError::UnsupportedVersion(3))
    ));
}

/// A small generator of numbers that repeat from run to run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as u32
    }
}

/// Asks a header everything; whatever it claims lies inside the object.
fn examine(header: &TbfHeader) {
    let total = header.total_size();
    assert!(header.get_protected_size() <= total);
    assert!(header.get_init_function_offset() <= total);
    assert!(header.get_binary_end() <= total);
    for index in 0..header.number_writeable_flash_regions() + 2 {
        let (offset, size) = header.get_writeable_flash_region(index);
        assert!(offset + size <= total);
    }
    for driver in [0, 1, 7, usize::MAX] {
        header.get_command_permissions(driver, driver);
    }
    header.get_storage_write_id();
    assert!(header.get_storage_read_ids().is_none_or(|(n, _)| n <= 8));
    assert!(header.get_storage_modify_ids().is_none_or(|(n, _)| n <= 8));
    header.get_package_name();
    header.get_kernel_version();
    header.get_fixed_short_id();
    header.get_fixed_address_ram();
    header.get_fixed_address_flash();
}

#[test]
fn mutated_headers_are_parsed_or_refused() {
    let mut permissions = 1u16.to_le_bytes().to_vec();
    permissions.extend([7; 16]);
    let original = header(
        1024,
        &[
            (9, &program()),
            (1, &words(&[1, 2, 3])),
            (3, b"name"),
            (2, &words(&[512, 256])),
            (5, &words(&[1, 2])),
            (6, &permissions),
            (7, &storage(5, &[1, 2], &[3])),
            (8, &[2, 0, 3, 0]),
            (10, &words(&[4])),
        ],
    );
    let mut random = Random(3);
    let mut accepted = 0;
    for _ in 0..60_000 {
        let mut bytes = original.clone();
        for _ in 0..=random.next() % 3 {
            let at = random.next() as usize % bytes.len();
            bytes[at] = match random.next() % 3 {
                0 => random.next() as u8,
                1 => bytes[at] ^ (1 << (random.next() % 8)),
                _ => 0xFF,
            };
        }
        seal(&mut bytes);
        let length = random.next() as usize % (bytes.len() + 1);
        let cut = if random.next().is_multiple_of(8) {
            length
        } else {
            bytes.len()
        };
        bytes.truncate(cut);
        if let Ok(header) = parse(bytes) {
            accepted += 1;
            examine(&header);
        }
    }
    assert!(accepted > 1000, "{accepted}");
}

#[test]
fn random_bytes_never_panic() {
    let mut random = Random(11);
    for length in 0..400usize {
        let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        let bytes = forever(bytes);
        let _ = parse_tbf_footer(bytes);
        let _ = parse_tbf_header(bytes, 2);
        if let Some(first) = bytes.first_chunk() {
            let _ = parse_tbf_header_lengths(first);
        }
    }
}
