//! Parsing of the object list, of one header, and of one footer.

use crate::bytes::{u16_at, u32_at};
use crate::types::{
    tlv, InitialTbfParseError, TbfFooterV2Credentials, TbfFooterV2CredentialsType, TbfHeader,
    TbfHeaderV2, TbfHeaderV2Base, TbfHeaderV2FixedAddresses, TbfHeaderV2KernelVersion,
    TbfHeaderV2Main, TbfHeaderV2Permissions, TbfHeaderV2Program, TbfHeaderV2ShortId,
    TbfHeaderV2StoragePermissions, TbfHeaderV2WriteableFlashRegions, TbfParseError,
};

/// Size of the header's fixed part in bytes; an object with no more than this
/// is padding.
pub const BASE_HEADER_SIZE: u16 = 16;

/// Offset of the checksum in the header.
const CHECKSUM_OFFSET: usize = 12;

/// Reads version, header size and object size from the first eight bytes of an
/// object: what a loader needs to walk the list.
///
/// # Errors
///
/// [`InitialTbfParseError::UnableToParse`] at the end of the list (unknown
/// version, or an object too short to step over);
/// [`InitialTbfParseError::InvalidHeader`] with the object's size if the object
/// must be skipped.
pub fn parse_tbf_header_lengths(app: &[u8; 8]) -> Result<(u16, u16, u32), InitialTbfParseError> {
    let [version0, version1, header0, header1, total @ ..] = *app;
    let version = u16::from_le_bytes([version0, version1]);
    let header_size = u16::from_le_bytes([header0, header1]);
    let total_size = u32::from_le_bytes(total);

    // A list whose next object would start inside this one's fixed header (or
    // on it, for size 0) does not go on.
    if version != 2 || total_size < u32::from(BASE_HEADER_SIZE) {
        return Err(InitialTbfParseError::UnableToParse);
    }
    if header_size < BASE_HEADER_SIZE || u32::from(header_size) > total_size {
        return Err(InitialTbfParseError::InvalidHeader(total_size));
    }
    Ok((version, header_size, total_size))
}

/// Parses a header. `header` is exactly the header (as long as its size field
/// says), `version` what [`parse_tbf_header_lengths`] found.
///
/// # Errors
///
/// The first claim of the header that does not hold. Unknown elements are
/// skipped, known ones with a wrong length reject the whole object.
pub fn parse_tbf_header(header: &'static [u8], version: u16) -> Result<TbfHeader, TbfParseError> {
    if version != 2 {
        return Err(TbfParseError::UnsupportedVersion(version));
    }
    let base = parse_base(header)?;
    if header.len() == usize::from(BASE_HEADER_SIZE) {
        return Ok(TbfHeader::Padding(base));
    }

    let mut parsed = TbfHeaderV2::new(base);
    let mut rest = header
        .get(usize::from(BASE_HEADER_SIZE)..)
        .ok_or(TbfParseError::NotEnoughFlash)?;
    while !rest.is_empty() {
        let (element_type, payload, after) = split_element(rest)?;
        parse_element(&mut parsed, element_type, payload)?;
        rest = after;
    }

    if parsed.main.is_none() && parsed.program.is_none() {
        return Ok(TbfHeader::Padding(base));
    }
    Ok(TbfHeader::TbfHeaderV2(parsed))
}

/// Parses the footer at the start of `footers` and returns it with the length
/// of its payload; the next one starts that much, and 4 bytes of type and
/// length, further on. Footers need no alignment.
///
/// # Errors
///
/// [`TbfParseError::NotEnoughFlash`] at the end,
/// [`TbfParseError::InvalidFooter`] for an element that is no footer,
/// [`TbfParseError::BadTlvEntry`] for an unknown credential format or a length
/// that its format does not have.
pub fn parse_tbf_footer(
    footers: &'static [u8],
) -> Result<(TbfFooterV2Credentials, u32), TbfParseError> {
    let element_type = u16_at(footers, 0).ok_or(TbfParseError::NotEnoughFlash)?;
    let length = u16_at(footers, 2).ok_or(TbfParseError::NotEnoughFlash)?;
    if element_type != tlv::CREDENTIALS {
        return Err(TbfParseError::InvalidFooter(usize::from(element_type)));
    }
    let bad = TbfParseError::BadTlvEntry(usize::from(element_type));
    let payload = footers
        .get(4..4 + usize::from(length))
        .ok_or(TbfParseError::NotEnoughFlash)?;
    let format = u32_at(payload, 0)
        .and_then(TbfFooterV2CredentialsType::from_number)
        .ok_or(bad)?;
    let data = payload.get(4..).ok_or(bad)?;
    match format.data_length() {
        Some(expected) if expected != data.len() => Err(bad),
        _ => Ok((TbfFooterV2Credentials::new(format, data), u32::from(length))),
    }
}

/// Checks lengths and checksum of the fixed part.
fn parse_base(header: &[u8]) -> Result<TbfHeaderV2Base, TbfParseError> {
    let short = TbfParseError::NotEnoughFlash;
    let base = TbfHeaderV2Base {
        version: u16_at(header, 0).ok_or(short)?,
        header_size: u16_at(header, 2).ok_or(short)?,
        total_size: u32_at(header, 4).ok_or(short)?,
        flags: u32_at(header, 8).ok_or(short)?,
        checksum: u32_at(header, CHECKSUM_OFFSET).ok_or(short)?,
    };
    let header_size = usize::from(base.header_size);
    if header.len() != header_size
        || header_size % 4 != 0
        || header_size < usize::from(BASE_HEADER_SIZE)
        || u32::from(base.header_size) > base.total_size
    {
        return Err(TbfParseError::InvalidHeader(header_size));
    }

    let sum_of_all = header.chunks_exact(4).fold(0, |sum, word| {
        sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]])
    });
    // The sum leaves out the checksum itself.
    let computed = sum_of_all ^ base.checksum;
    if computed != base.checksum {
        return Err(TbfParseError::ChecksumMismatch(base.checksum, computed));
    }
    Ok(base)
}

/// Splits the first element off: its type, its payload, and what follows after
/// the padding to 4 bytes.
#[allow(clippy::type_complexity)]
fn split_element(
    bytes: &'static [u8],
) -> Result<(u16, &'static [u8], &'static [u8]), TbfParseError> {
    let element_type = u16_at(bytes, 0).ok_or(TbfParseError::NotEnoughFlash)?;
    let length = usize::from(u16_at(bytes, 2).ok_or(TbfParseError::NotEnoughFlash)?);
    let payload = bytes
        .get(4..4 + length)
        .ok_or(TbfParseError::NotEnoughFlash)?;
    let next = 4 + length.next_multiple_of(4);
    // The last element's padding may be missing.
    Ok((element_type, payload, bytes.get(next..).unwrap_or(&[])))
}

/// Parses one element into its place; a repeated element replaces the earlier.
fn parse_element(
    parsed: &mut TbfHeaderV2,
    element_type: u16,
    payload: &'static [u8],
) -> Result<(), TbfParseError> {
    let bad = TbfParseError::BadTlvEntry(usize::from(element_type));
    let base = &parsed.base;
    match element_type {
        tlv::MAIN => parsed.main = Some(TbfHeaderV2Main::parse(payload, base).ok_or(bad)?),
        tlv::PROGRAM => {
            parsed.program = Some(TbfHeaderV2Program::parse(payload, base).ok_or(bad)?);
        }
        tlv::WRITEABLE_FLASH_REGIONS => {
            parsed.writeable_regions =
                Some(TbfHeaderV2WriteableFlashRegions::parse(payload, base).ok_or(bad)?);
        }
        tlv::PACKAGE_NAME => {
            parsed.package_name =
                Some(core::str::from_utf8(payload).map_err(|_| TbfParseError::BadProcessName)?);
        }
        tlv::FIXED_ADDRESSES => {
            parsed.fixed_addresses = Some(TbfHeaderV2FixedAddresses::parse(payload).ok_or(bad)?);
        }
        tlv::PERMISSIONS => {
            parsed.permissions = Some(TbfHeaderV2Permissions::parse(payload).ok_or(bad)?);
        }
        tlv::STORAGE_PERMISSIONS => {
            parsed.storage_permissions = Some(TbfHeaderV2StoragePermissions::parse(payload)?);
        }
        tlv::KERNEL_VERSION => {
            parsed.kernel_version = Some(TbfHeaderV2KernelVersion::parse(payload).ok_or(bad)?);
        }
        tlv::SHORT_ID => {
            parsed.short_id = Some(TbfHeaderV2ShortId::parse(payload).ok_or(bad)?);
        }
        tlv::CREDENTIALS => return Err(TbfParseError::InvalidHeader(usize::from(element_type))),
        _ => {}
    }
    Ok(())
}
