//! TBF objects: whatever lies in flash.

use tock_tbf::parse::{parse_tbf_footer, parse_tbf_header, parse_tbf_header_lengths};
use tock_tbf::types::{InitialTbfParseError, TbfHeader};

use crate::forget::with_static;
use capsules_system::tbf_objects::Objects;
use testing::app::{self, App};

/// Walks a list of objects as the kernel's loader does, and asks each for
/// everything that it says about itself. The walk of the capsules finds the same.
pub fn run(data: &[u8]) {
    // SAFETY: `walks` returns nothing, and keeps nothing.
    unsafe { with_static(data, walks) }
}

fn walks(flash: &'static [u8]) {
    let found = walk(flash);
    let objects: Vec<(usize, usize)> = Objects::of(flash)
        .map(|object| (object.address, object.size))
        .collect();
    let (whole, rest) = objects
        .split_at_checked(found.len())
        .expect("each object is found");
    assert_eq!(whole, found);
    // An object that reaches beyond the list is its last, and no object for a loader.
    let end = flash.as_ptr_range().end.addr();
    assert!(rest.len() <= 1 && rest.iter().all(|(start, size)| start + size > end));
}

/// Addresses and sizes of the objects that lie whole in the list.
fn walk(mut flash: &'static [u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    while let Some(start) = flash.first_chunk::<8>() {
        let (version, header_size, total) = match parse_tbf_header_lengths(start) {
            Ok(lengths) => lengths,
            Err(InitialTbfParseError::InvalidHeader(total)) if total > 0 => {
                let Some(rest) = flash.get(total as usize..) else {
                    return found;
                };
                flash = rest;
                continue;
            }
            Err(_) => return found,
        };
        // What the first step promises to the second.
        assert!(header_size >= 16 && u32::from(header_size) <= total);
        let (Some(header), Some(object)) = (
            flash.get(..usize::from(header_size)),
            flash.get(..total as usize),
        ) else {
            return found;
        };
        found.push((object.as_ptr().addr(), object.len()));
        if let Ok(header) = parse_tbf_header(header, version) {
            assert_eq!(header.total_size(), total);
            ask(&header, object);
        }
        flash = &flash[total as usize..];
    }
    found
}

fn ask(header: &TbfHeader, object: &'static [u8]) {
    let _ = (
        header.version(),
        header.length(),
        header.enabled(),
        header.sticky(),
    );
    let _ = (
        header.get_minimum_app_ram_size(),
        header.get_binary_version(),
    );
    let _ = (
        header.get_fixed_address_ram(),
        header.get_fixed_address_flash(),
    );
    let _ = (header.get_kernel_version(), header.get_fixed_short_id());
    let _ = (header.get_storage_write_id(), header.get_storage_read_ids());
    let _ = header.get_storage_modify_ids();
    if let Some(name) = header.get_package_name() {
        assert!(name.len() <= object.len());
    }
    for region in 0..header.number_writeable_flash_regions().min(8) + 2 {
        let _ = header.get_writeable_flash_region(region);
    }
    for (driver, offset) in [(0, 0), (1, 0), (0x8000_0001, 1), (usize::MAX, usize::MAX)] {
        let _ = header.get_command_permissions(driver, offset);
    }
    if !header.is_app() {
        return;
    }
    // The ranges that the kernel cuts out of the object by these numbers.
    let length = object.len() as u32;
    assert!(header.get_protected_size() <= length);
    assert!(header.get_app_start_offset() <= length);
    assert!(header.get_binary_end() <= length);
    let mut footers = &object[header.get_binary_end() as usize..];
    while let Ok((credentials, size)) = parse_tbf_footer(footers) {
        let _ = credentials.format();
        assert!(credentials.data().len() <= size as usize);
        footers = &footers[size as usize + 4..];
    }
}

/// Lists of objects as elf2tab would write them, and what may go between them.
pub fn seeds() -> Vec<Vec<u8>> {
    let plain = App::new("plain");
    let rich = App::new("everything")
        .permissions(&[(0, 0, 0b10111), (0x8000_0001, 1, u64::MAX)])
        .element(2, &[[0, 1, 0, 0], [0, 0, 1, 0]].concat())
        .element(5, &[[0, 0, 2, 0x20], [0, 0, 8, 0]].concat())
        .element(7, &[1, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0])
        .element(8, &[2, 0, 3, 0])
        .element(10, &[7, 0, 0, 0])
        .footer(&[&[0u8; 4][..], &[0; 60]].concat())
        .footer(&[&[3, 0, 0, 0][..], &[0xAB; 32]].concat());
    let padding = app::padding(64);
    vec![
        app::list(std::slice::from_ref(&plain)),
        app::list(std::slice::from_ref(&rich)),
        [plain.build(), padding, rich.build(), vec![0xFF; 64]].concat(),
        vec![0xFF; 64],
        vec![0; 64],
    ]
}
