//! The elements of a header, each parsed from its payload.

use core::num::NonZeroU32;

use super::{tlv, CommandPermissions, TbfParseError, NUM_STORAGE_PERMISSIONS};
use crate::bytes::{u16_at, u32_at, u64_at};

/// The fixed part of a header.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2Base {
    pub(crate) version: u16,
    pub(crate) header_size: u16,
    pub(crate) total_size: u32,
    pub(crate) flags: u32,
    pub(crate) checksum: u32,
}

impl TbfHeaderV2Base {
    /// Whether `offset` bytes after the header is still inside the object.
    fn holds_after_header(&self, offset: u32) -> bool {
        u32::from(self.header_size)
            .checked_add(offset)
            .is_some_and(|end| end <= self.total_size)
    }
}

/// Main header: where the app starts and what it needs.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2Main {
    pub(super) init_fn_offset: u32,
    pub(super) protected_trailer_size: u32,
    pub(super) minimum_ram_size: u32,
}

impl TbfHeaderV2Main {
    pub(crate) fn parse(payload: &[u8], base: &TbfHeaderV2Base) -> Option<Self> {
        if payload.len() != 12 {
            return None;
        }
        let main = Self {
            init_fn_offset: u32_at(payload, 0)?,
            protected_trailer_size: u32_at(payload, 4)?,
            minimum_ram_size: u32_at(payload, 8)?,
        };
        (base.holds_after_header(main.init_fn_offset)
            && base.holds_after_header(main.protected_trailer_size))
        .then_some(main)
    }
}

/// Program header: as [`TbfHeaderV2Main`], with the end of the binary (footers
/// follow it) and a version.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2Program {
    pub(super) init_fn_offset: u32,
    pub(super) protected_trailer_size: u32,
    pub(super) minimum_ram_size: u32,
    pub(super) binary_end_offset: u32,
    pub(super) version: u32,
}

impl TbfHeaderV2Program {
    pub(crate) fn parse(payload: &[u8], base: &TbfHeaderV2Base) -> Option<Self> {
        if payload.len() != 20 {
            return None;
        }
        let program = Self {
            init_fn_offset: u32_at(payload, 0)?,
            protected_trailer_size: u32_at(payload, 4)?,
            minimum_ram_size: u32_at(payload, 8)?,
            binary_end_offset: u32_at(payload, 12)?,
            version: u32_at(payload, 16)?,
        };
        let header_size = u32::from(base.header_size);
        (base.holds_after_header(program.init_fn_offset)
            && base.holds_after_header(program.protected_trailer_size)
            && program.binary_end_offset >= header_size
            && program.binary_end_offset <= base.total_size)
            .then_some(program)
    }
}

/// Parts of its own flash that the app may have written.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2WriteableFlashRegions {
    /// Entries of 8 bytes: offset in the object, size.
    entries: &'static [u8],
}

impl TbfHeaderV2WriteableFlashRegions {
    const ENTRY: usize = 8;

    pub(crate) fn parse(payload: &'static [u8], base: &TbfHeaderV2Base) -> Option<Self> {
        let regions = Self { entries: payload };
        let whole = payload.chunks_exact(Self::ENTRY).remainder().is_empty();
        let inside = (0..regions.len()).all(|index| {
            regions.get(index).is_some_and(|(offset, size)| {
                offset
                    .checked_add(size)
                    .is_some_and(|end| end <= base.total_size)
            })
        });
        (whole && inside).then_some(regions)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() / Self::ENTRY
    }

    pub(super) fn get(&self, index: usize) -> Option<(u32, u32)> {
        let at = index.checked_mul(Self::ENTRY)?;
        Some((u32_at(self.entries, at)?, u32_at(self.entries, at + 4)?))
    }
}

/// The addresses that the app was linked for.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2FixedAddresses {
    pub(super) start_process_ram: u32,
    pub(super) start_process_flash: u32,
}

impl TbfHeaderV2FixedAddresses {
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        if payload.len() != 8 {
            return None;
        }
        Some(Self {
            start_process_ram: u32_at(payload, 0)?,
            start_process_flash: u32_at(payload, 4)?,
        })
    }
}

/// The commands that the app may use.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2Permissions {
    /// Entries of 16 bytes: driver number, offset (in groups of 64 commands),
    /// mask of the commands of that group.
    entries: &'static [u8],
}

impl TbfHeaderV2Permissions {
    const ENTRY: usize = 16;

    pub(crate) fn parse(payload: &'static [u8]) -> Option<Self> {
        let count = usize::from(u16_at(payload, 0)?);
        let entries = payload.get(2..)?;
        (entries.len() == count * Self::ENTRY).then_some(Self { entries })
    }

    /// The mask for this driver and offset. An entry repeated does not add to
    /// the first.
    pub(super) fn lookup(&self, driver_num: usize, offset: usize) -> CommandPermissions {
        let mut permissions = CommandPermissions::NoPermsThisDriver;
        for entry in self.entries.chunks_exact(Self::ENTRY) {
            if u32_at(entry, 0).map(widen) != Some(driver_num) {
                continue;
            }
            if u32_at(entry, 4).map(widen) == Some(offset) {
                return CommandPermissions::Mask(u64_at(entry, 8).unwrap_or(0));
            }
            // The driver is listed, so what is not listed of it is forbidden.
            permissions = CommandPermissions::Mask(0);
        }
        permissions
    }
}

/// Which stored values the app may reach.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2StoragePermissions {
    pub(super) write_id: Option<NonZeroU32>,
    /// Identifiers of 4 bytes.
    pub(super) read_ids: &'static [u8],
    /// Identifiers of 4 bytes.
    pub(super) modify_ids: &'static [u8],
}

impl TbfHeaderV2StoragePermissions {
    pub(crate) fn parse(payload: &'static [u8]) -> Result<Self, TbfParseError> {
        let bad = TbfParseError::BadTlvEntry(usize::from(tlv::STORAGE_PERMISSIONS));
        let write_id = u32_at(payload, 0).ok_or(bad)?;
        let (read_ids, rest) = Self::split_list(payload.get(4..).ok_or(bad)?)?;
        let (modify_ids, rest) = Self::split_list(rest)?;
        if !rest.is_empty() {
            return Err(bad);
        }
        Ok(Self {
            write_id: NonZeroU32::new(write_id),
            read_ids,
            modify_ids,
        })
    }

    /// Splits off a count and that many identifiers.
    #[allow(clippy::type_complexity)]
    fn split_list(bytes: &'static [u8]) -> Result<(&'static [u8], &'static [u8]), TbfParseError> {
        let element = usize::from(tlv::STORAGE_PERMISSIONS);
        let bad = TbfParseError::BadTlvEntry(element);
        let count = usize::from(u16_at(bytes, 0).ok_or(bad)?);
        if count > NUM_STORAGE_PERMISSIONS {
            return Err(TbfParseError::TooManyEntries(element));
        }
        let ids = bytes.get(2..2 + count * 4).ok_or(bad)?;
        Ok((ids, bytes.get(2 + count * 4..).ok_or(bad)?))
    }

    /// Copies a list out, with its length.
    pub(super) fn copy_list(ids: &[u8]) -> (usize, [u32; NUM_STORAGE_PERMISSIONS]) {
        let mut out = [0; NUM_STORAGE_PERMISSIONS];
        let mut count = 0;
        for (place, id) in out.iter_mut().zip(ids.chunks_exact(4)) {
            *place = u32_at(id, 0).unwrap_or(0);
            count += 1;
        }
        (count, out)
    }
}

/// The kernel version that the app asks for.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2KernelVersion {
    pub(super) major: u16,
    pub(super) minor: u16,
}

impl TbfHeaderV2KernelVersion {
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        if payload.len() != 4 {
            return None;
        }
        Some(Self {
            major: u16_at(payload, 0)?,
            minor: u16_at(payload, 2)?,
        })
    }
}

/// The short identifier that the app asks for.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2ShortId {
    pub(super) short_id: Option<NonZeroU32>,
}

impl TbfHeaderV2ShortId {
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        if payload.len() != 4 {
            return None;
        }
        Some(Self {
            short_id: NonZeroU32::new(u32_at(payload, 0)?),
        })
    }
}

/// A `u32` as `usize`, so that a number beyond 32 bits never compares equal.
fn widen(value: u32) -> usize {
    value as usize
}
