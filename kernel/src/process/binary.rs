//! A process binary: a TBF object in flash that could become a process.

use core::cell::Cell;
use core::fmt;

use tock_tbf::types::{TbfHeader, TbfParseError};

use crate::process::credential::AcceptedCredential;
use crate::process_checker::Confirmation;
use crate::utilities::cells::OptionalCell;
use crate::{KERNEL_MAJOR_VERSION, KERNEL_MINOR_VERSION};

/// Why an object in flash cannot become a process.
pub enum ProcessBinaryError {
    /// The list of objects ends here.
    TbfHeaderNotFound,
    /// The flash ends before the object does.
    NotEnoughFlash,
    /// The header is wrong.
    TbfHeaderParseFailure(TbfParseError),
    /// The object only fills space.
    Padding,
    /// The app asks for another kernel.
    IncompatibleKernelVersion {
        /// Major and minor version asked for.
        version: Option<(u16, u16)>,
    },
    /// The app was linked for another address.
    IncorrectFlashAddress {
        /// Where its binary starts.
        actual_address: u32,
        /// Where it should start.
        expected_address: u32,
    },
    /// The app is disabled.
    NotEnabledProcess,
}

impl From<TbfParseError> for ProcessBinaryError {
    fn from(error: TbfParseError) -> Self {
        ProcessBinaryError::TbfHeaderParseFailure(error)
    }
}

impl fmt::Debug for ProcessBinaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessBinaryError::TbfHeaderNotFound => write!(f, "no TBF header"),
            ProcessBinaryError::NotEnoughFlash => write!(f, "app reaches beyond flash"),
            ProcessBinaryError::TbfHeaderParseFailure(error) => write!(f, "{error:?}"),
            ProcessBinaryError::Padding => write!(f, "padding"),
            ProcessBinaryError::NotEnabledProcess => write!(f, "app is disabled"),
            ProcessBinaryError::IncompatibleKernelVersion {
                version: Some((major, minor)),
            } => write!(
                f,
                "app needs kernel {major}.{minor}, this is {KERNEL_MAJOR_VERSION}.{KERNEL_MINOR_VERSION}"
            ),
            ProcessBinaryError::IncompatibleKernelVersion { version: None } => {
                write!(f, "app does not say which kernel it needs")
            }
            ProcessBinaryError::IncorrectFlashAddress {
                actual_address,
                expected_address,
            } => write!(
                f,
                "app is linked for {expected_address:#x}, lies at {actual_address:#x}"
            ),
        }
    }
}

/// An object in flash that has a sound header and is meant for this kernel and
/// this place.
pub struct ProcessBinary {
    /// All of the object.
    pub flash: &'static [u8],
    /// What follows the binary in the object.
    pub footers: &'static [u8],
    /// Its header.
    pub header: TbfHeader,
    /// The credential that was accepted, once one was.
    pub credential: OptionalCell<AcceptedCredential>,
    /// Whether it may become a process; not before it was decided a second time.
    pub(crate) confirmation: Cell<Confirmation>,
}

impl ProcessBinary {
    /// Checks the object that fills all of `app_flash` and whose header is
    /// `header_length` bytes long.
    ///
    /// # Errors
    ///
    /// The first reason why it cannot become a process.
    pub(crate) fn create(
        app_flash: &'static [u8],
        header_length: usize,
        tbf_version: u16,
    ) -> Result<Self, ProcessBinaryError> {
        let header_flash = app_flash
            .get(..header_length)
            .ok_or(ProcessBinaryError::NotEnoughFlash)?;
        let header = tock_tbf::parse::parse_tbf_header(header_flash, tbf_version)?;
        if !header.is_app() {
            return Err(ProcessBinaryError::Padding);
        }
        if !header.enabled() {
            return Err(ProcessBinaryError::NotEnabledProcess);
        }
        if let Some((major, minor)) = header.get_kernel_version() {
            if major != KERNEL_MAJOR_VERSION || minor > KERNEL_MINOR_VERSION {
                return Err(ProcessBinaryError::IncompatibleKernelVersion {
                    version: Some((major, minor)),
                });
            }
        }
        if let Some(expected) = header.get_fixed_address_flash() {
            let actual = app_flash.as_ptr().addr() + header.get_protected_size() as usize;
            if actual != expected as usize {
                return Err(ProcessBinaryError::IncorrectFlashAddress {
                    actual_address: actual as u32,
                    expected_address: expected,
                });
            }
        }
        // The parser has checked that the binary ends in the object.
        let footers = app_flash
            .get(header.get_binary_end() as usize..)
            .ok_or(ProcessBinaryError::NotEnoughFlash)?;
        Ok(ProcessBinary {
            flash: app_flash,
            footers,
            header,
            credential: OptionalCell::empty(),
            confirmation: Cell::new(Confirmation::NO),
        })
    }

    /// The bytes of the object that its process may read and execute: those that its accepted
    /// credential vouches for, or all of them if none was asked for.
    pub(crate) fn executable(&self) -> &'static [u8] {
        match self.credential.get() {
            Some(_) => self.get_integrity_region_slice(),
            None => self.flash,
        }
    }

    /// The bytes that credentials vouch for: from the start of the object,
    /// header included, up to the end of the binary.
    pub fn get_integrity_region_slice(&self) -> &'static [u8] {
        self.flash
            .get(..self.header.get_binary_end() as usize)
            .unwrap_or(self.flash)
    }
}
