//! What a TBF object says, parsed.

use core::fmt;
use core::num::NonZeroU32;

mod elements;

pub use self::elements::{
    TbfHeaderV2Base, TbfHeaderV2FixedAddresses, TbfHeaderV2KernelVersion, TbfHeaderV2Main,
    TbfHeaderV2Permissions, TbfHeaderV2Program, TbfHeaderV2ShortId, TbfHeaderV2StoragePermissions,
    TbfHeaderV2WriteableFlashRegions,
};

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

    /// Returns the format of the credentials.
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

    /// Returns the version of the TBF format.
    pub fn version(&self) -> u16 {
        self.base().version
    }

    /// Returns the size of the header in bytes.
    pub fn length(&self) -> u16 {
        self.base().header_size
    }

    /// Returns the size of the whole object in bytes.
    pub fn total_size(&self) -> u32 {
        self.base().total_size
    }

    /// Whether this is an app (else it is padding).
    pub fn is_app(&self) -> bool {
        self.app().is_some()
    }

    /// Returns whether the app is to be run.
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
