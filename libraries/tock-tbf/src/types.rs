//! What a TBF object says, parsed.

use core::fmt;
use core::num::NonZeroU32;

use crate::bytes::{u16_at, u32_at, u64_at};

/// Numbers of the elements.
pub(crate) mod tlv {
    pub(crate) const MAIN: u16 = 1;
    pub(crate) const WRITEABLE_FLASH_REGIONS: u16 = 2;
    pub(crate) const PACKAGE_NAME: u16 = 3;
    pub(crate) const FIXED_ADDRESSES: u16 = 5;
    pub(crate) const PERMISSIONS: u16 = 6;
    pub(crate) const STORAGE_PERMISSIONS: u16 = 7;
    pub(crate) const KERNEL_VERSION: u16 = 8;
    pub(crate) const PROGRAM: u16 = 9;
    pub(crate) const SHORT_ID: u16 = 10;
    pub(crate) const CREDENTIALS: u16 = 128;
}

/// The most identifiers that storage permissions may list for reading, and
/// again for modifying.
pub const NUM_STORAGE_PERMISSIONS: usize = 8;

/// Marks an unset fixed address.
const ADDRESS_UNSET: u32 = 0xFFFF_FFFF;

/// Bit of the flags: the app is to be run.
const FLAG_ENABLED: u32 = 1 << 0;
/// Bit of the flags: tools do not remove the app unless told twice.
const FLAG_STICKY: u32 = 1 << 1;

/// Why the beginning of an object is not that of a usable one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialTbfParseError {
    /// The list of objects ends here.
    UnableToParse,
    /// The header is wrong, but the object's size (in bytes) says where the next
    /// one starts.
    InvalidHeader(u32),
}

/// Why a header or footer is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TbfParseError {
    /// It ends before an element does.
    NotEnoughFlash,
    /// The version is not 2.
    UnsupportedVersion(u16),
    /// The header's checksum, and the one computed.
    ChecksumMismatch(u32, u32),
    /// An element of this type has a wrong length or a value out of range.
    BadTlvEntry(usize),
    /// The package name is not UTF-8.
    BadProcessName,
    /// A defect of this library.
    InternalError,
    /// A wrong header size, or an element of this type that is no header.
    InvalidHeader(usize),
    /// An element of this type that is no footer.
    InvalidFooter(usize),
    /// An element of this type lists more than is supported.
    TooManyEntries(usize),
}

impl fmt::Debug for TbfParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TbfParseError::NotEnoughFlash => write!(f, "TBF ends inside an element"),
            TbfParseError::UnsupportedVersion(version) => {
                write!(f, "TBF version {version} is not supported")
            }
            TbfParseError::ChecksumMismatch(stored, computed) => {
                write!(f, "TBF checksum is {stored:#x}, should be {computed:#x}")
            }
            TbfParseError::BadTlvEntry(element) => write!(f, "TBF element {element} is invalid"),
            TbfParseError::BadProcessName => write!(f, "TBF package name is not UTF-8"),
            TbfParseError::InternalError => write!(f, "TBF parser is defective"),
            TbfParseError::InvalidHeader(what) => write!(f, "TBF header {what} is invalid"),
            TbfParseError::InvalidFooter(what) => write!(f, "TBF footer {what} is invalid"),
            TbfParseError::TooManyEntries(element) => {
                write!(f, "TBF element {element} lists too much")
            }
        }
    }
}

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
    init_fn_offset: u32,
    protected_trailer_size: u32,
    minimum_ram_size: u32,
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
    init_fn_offset: u32,
    protected_trailer_size: u32,
    minimum_ram_size: u32,
    binary_end_offset: u32,
    version: u32,
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

    fn len(&self) -> usize {
        self.entries.len() / Self::ENTRY
    }

    fn get(&self, index: usize) -> Option<(u32, u32)> {
        let at = index.checked_mul(Self::ENTRY)?;
        Some((u32_at(self.entries, at)?, u32_at(self.entries, at + 4)?))
    }
}

/// The addresses that the app was linked for.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2FixedAddresses {
    start_process_ram: u32,
    start_process_flash: u32,
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
    fn lookup(&self, driver_num: usize, offset: usize) -> CommandPermissions {
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
    write_id: Option<NonZeroU32>,
    /// Identifiers of 4 bytes.
    read_ids: &'static [u8],
    /// Identifiers of 4 bytes.
    modify_ids: &'static [u8],
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
    fn copy_list(ids: &[u8]) -> (usize, [u32; NUM_STORAGE_PERMISSIONS]) {
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
    major: u16,
    minor: u16,
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
    short_id: Option<NonZeroU32>,
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

/// Formats of credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TbfFooterV2CredentialsType {
    /// Space kept free; any length.
    Reserved = 0,
    /// 384 bytes public key, 384 bytes signature.
    Rsa3072Key = 1,
    /// 512 bytes public key, 512 bytes signature.
    Rsa4096Key = 2,
    /// 32 bytes.
    SHA256 = 3,
    /// 48 bytes.
    SHA384 = 4,
    /// 64 bytes.
    SHA512 = 5,
    /// 64 bytes: r, s.
    EcdsaNistP256 = 6,
}

impl TbfFooterV2CredentialsType {
    pub(crate) fn from_number(format: u32) -> Option<Self> {
        Some(match format {
            0 => Self::Reserved,
            1 => Self::Rsa3072Key,
            2 => Self::Rsa4096Key,
            3 => Self::SHA256,
            4 => Self::SHA384,
            5 => Self::SHA512,
            6 => Self::EcdsaNistP256,
            _ => return None,
        })
    }

    /// How many bytes of data the format has; `None` if any number.
    pub(crate) fn data_length(self) -> Option<usize> {
        match self {
            Self::Reserved => None,
            Self::Rsa3072Key => Some(768),
            Self::Rsa4096Key => Some(1024),
            Self::SHA256 => Some(32),
            Self::SHA384 => Some(48),
            Self::SHA512 | Self::EcdsaNistP256 => Some(64),
        }
    }
}

/// A credential: vouches for the bytes from the start of the object (header,
/// flags and checksum included) up to the end of the binary.
#[derive(Clone, Copy, Debug)]
pub struct TbfFooterV2Credentials {
    format: TbfFooterV2CredentialsType,
    data: &'static [u8],
}

impl TbfFooterV2Credentials {
    pub(crate) fn new(format: TbfFooterV2CredentialsType, data: &'static [u8]) -> Self {
        Self { format, data }
    }

    /// Its format.
    pub fn format(&self) -> TbfFooterV2CredentialsType {
        self.format
    }

    /// Its data, as long as the format says.
    pub fn data(&self) -> &'static [u8] {
        self.data
    }
}

/// What the permissions say about one driver and one group of 64 commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandPermissions {
    /// The header lists no permissions at all.
    NoPermsAtAll,
    /// The header lists permissions, but not this driver.
    NoPermsThisDriver,
    /// Bit n stands for command `offset * 64 + n`.
    Mask(u64),
}

/// A whole header of version 2.
#[derive(Clone, Copy, Debug)]
pub struct TbfHeaderV2 {
    pub(crate) base: TbfHeaderV2Base,
    pub(crate) main: Option<TbfHeaderV2Main>,
    pub(crate) program: Option<TbfHeaderV2Program>,
    pub(crate) package_name: Option<&'static str>,
    pub(crate) writeable_regions: Option<TbfHeaderV2WriteableFlashRegions>,
    pub(crate) fixed_addresses: Option<TbfHeaderV2FixedAddresses>,
    pub(crate) permissions: Option<TbfHeaderV2Permissions>,
    pub(crate) storage_permissions: Option<TbfHeaderV2StoragePermissions>,
    pub(crate) kernel_version: Option<TbfHeaderV2KernelVersion>,
    pub(crate) short_id: Option<TbfHeaderV2ShortId>,
}

impl TbfHeaderV2 {
    pub(crate) fn new(base: TbfHeaderV2Base) -> Self {
        Self {
            base,
            main: None,
            program: None,
            package_name: None,
            writeable_regions: None,
            fixed_addresses: None,
            permissions: None,
            storage_permissions: None,
            kernel_version: None,
            short_id: None,
        }
    }
}

/// A parsed header.
#[derive(Clone, Copy, Debug)]
pub enum TbfHeader {
    /// The header of an app.
    TbfHeaderV2(TbfHeaderV2),
    /// An object that only fills space.
    Padding(TbfHeaderV2Base),
}

impl TbfHeader {
    fn base(&self) -> &TbfHeaderV2Base {
        match self {
            TbfHeader::TbfHeaderV2(header) => &header.base,
            TbfHeader::Padding(base) => base,
        }
    }

    fn app(&self) -> Option<&TbfHeaderV2> {
        match self {
            TbfHeader::TbfHeaderV2(header) => Some(header),
            TbfHeader::Padding(_) => None,
        }
    }

    /// Version of the format.
    pub fn version(&self) -> u16 {
        self.base().version
    }

    /// Size of the header in bytes.
    pub fn length(&self) -> u16 {
        self.base().header_size
    }

    /// Size of the object in bytes.
    pub fn total_size(&self) -> u32 {
        self.base().total_size
    }

    /// Whether this is an app (else it is padding).
    pub fn is_app(&self) -> bool {
        self.app().is_some()
    }

    /// Whether the app is to be run.
    pub fn enabled(&self) -> bool {
        self.app()
            .is_some_and(|header| header.base.flags & FLAG_ENABLED != 0)
    }

    /// Whether tools should not remove the app unless told twice.
    pub fn sticky(&self) -> bool {
        self.app()
            .is_some_and(|header| header.base.flags & FLAG_STICKY != 0)
    }

    /// The RAM that the app asks for, in bytes.
    pub fn get_minimum_app_ram_size(&self) -> u32 {
        match self.app() {
            Some(TbfHeaderV2 {
                program: Some(program),
                ..
            }) => program.minimum_ram_size,
            Some(TbfHeaderV2 {
                main: Some(main), ..
            }) => main.minimum_ram_size,
            _ => 0,
        }
    }

    /// How many bytes from the start of the object the app must not have
    /// written: the header and the trailer behind it.
    pub fn get_protected_size(&self) -> u32 {
        let trailer = match self.app() {
            Some(TbfHeaderV2 {
                program: Some(program),
                ..
            }) => program.protected_trailer_size,
            Some(TbfHeaderV2 {
                main: Some(main), ..
            }) => main.protected_trailer_size,
            _ => 0,
        };
        // Cannot overflow: parsing has checked the sum against the total size.
        u32::from(self.length()).saturating_add(trailer)
    }

    /// Offset of the app's binary from the start of the object, in bytes.
    pub fn get_app_start_offset(&self) -> u32 {
        self.get_protected_size()
    }

    /// Offset of the app's first instruction from the start of the object, in
    /// bytes. The header counts it from the end of the header, not of the
    /// protected part.
    pub fn get_init_function_offset(&self) -> u32 {
        let after_header = match self.app() {
            Some(TbfHeaderV2 {
                program: Some(program),
                ..
            }) => program.init_fn_offset,
            Some(TbfHeaderV2 {
                main: Some(main), ..
            }) => main.init_fn_offset,
            _ => 0,
        };
        u32::from(self.length()).saturating_add(after_header)
    }

    /// Offset of the end of the binary from the start of the object, in bytes;
    /// footers follow.
    pub fn get_binary_end(&self) -> u32 {
        self.app()
            .and_then(|header| header.program)
            .map_or(self.total_size(), |program| program.binary_end_offset)
    }

    /// The app's version; 0 without a program header.
    pub fn get_binary_version(&self) -> u32 {
        self.app()
            .and_then(|header| header.program)
            .map_or(0, |program| program.version)
    }

    /// The app's name.
    pub fn get_package_name(&self) -> Option<&'static str> {
        self.app()?.package_name
    }

    /// How many writeable flash regions the header lists.
    pub fn number_writeable_flash_regions(&self) -> usize {
        self.app()
            .and_then(|header| header.writeable_regions)
            .map_or(0, |regions| regions.len())
    }

    /// Offset in the object and size of a writeable flash region, in bytes; two
    /// zeroes for one that is not listed. It lies inside the object.
    pub fn get_writeable_flash_region(&self, index: usize) -> (u32, u32) {
        self.app()
            .and_then(|header| header.writeable_regions)
            .and_then(|regions| regions.get(index))
            .unwrap_or((0, 0))
    }

    /// The address at which the app's RAM must start, if it was linked for one.
    pub fn get_fixed_address_ram(&self) -> Option<u32> {
        let start = self.app()?.fixed_addresses?.start_process_ram;
        (start != ADDRESS_UNSET).then_some(start)
    }

    /// The address at which the app's binary (after the protected part) must
    /// start, if it was linked for one.
    pub fn get_fixed_address_flash(&self) -> Option<u32> {
        let start = self.app()?.fixed_addresses?.start_process_flash;
        (start != ADDRESS_UNSET).then_some(start)
    }

    /// What the permissions say about the commands `offset * 64..` of a driver.
    pub fn get_command_permissions(&self, driver_num: usize, offset: usize) -> CommandPermissions {
        self.app()
            .and_then(|header| header.permissions)
            .map_or(CommandPermissions::NoPermsAtAll, |permissions| {
                permissions.lookup(driver_num, offset)
            })
    }

    /// The identifier under which the app stores values, if it may.
    pub fn get_storage_write_id(&self) -> Option<NonZeroU32> {
        self.app()?.storage_permissions?.write_id
    }

    /// How many identifiers the app may read, and which.
    pub fn get_storage_read_ids(&self) -> Option<(usize, [u32; NUM_STORAGE_PERMISSIONS])> {
        let permissions = self.app()?.storage_permissions?;
        Some(TbfHeaderV2StoragePermissions::copy_list(
            permissions.read_ids,
        ))
    }

    /// How many identifiers the app may modify, and which.
    pub fn get_storage_modify_ids(&self) -> Option<(usize, [u32; NUM_STORAGE_PERMISSIONS])> {
        let permissions = self.app()?.storage_permissions?;
        Some(TbfHeaderV2StoragePermissions::copy_list(
            permissions.modify_ids,
        ))
    }

    /// Major and minor version of the kernel that the app asks for.
    pub fn get_kernel_version(&self) -> Option<(u16, u16)> {
        let version = self.app()?.kernel_version?;
        Some((version.major, version.minor))
    }

    /// The short identifier that the app asks for.
    pub fn get_fixed_short_id(&self) -> Option<NonZeroU32> {
        self.app()?.short_id?.short_id
    }
}

/// A `u32` as `usize`, so that a number beyond 32 bits never compares equal.
fn widen(value: u32) -> usize {
    value as usize
}
