//! The list of TBF objects in flash, for those who look at it beside the kernel's loader.

use tock_tbf::parse::{parse_tbf_header, parse_tbf_header_lengths};
use tock_tbf::types::{InitialTbfParseError, TbfHeader, TbfParseError};

/// One object of the list.
pub struct Object {
    /// Address of its first byte.
    pub address: usize,
    /// Bytes of it that its length claims, beyond the end of the list too.
    pub size: usize,
    header: &'static [u8],
    version: u16,
}

impl Object {
    /// Returns the parsed TBF header of the object, or none if it is not sound.
    pub fn header(&self) -> Option<TbfHeader> {
        self.parse().ok()
    }

    /// Parses the TBF header of the object.
    ///
    /// # Errors
    /// Why it is not sound.
    pub fn parse(&self) -> Result<TbfHeader, TbfParseError> {
        parse_tbf_header(self.header, self.version)
    }
}

/// The objects of a list, in their order. An object whose lengths are unsound is left out.
pub struct Objects(&'static [u8]);

impl Objects {
    /// The list that begins with the first byte of `flash` and ends with it at the latest.
    pub const fn of(flash: &'static [u8]) -> Self {
        Self(flash)
    }
}

impl Iterator for Objects {
    type Item = Object;

    fn next(&mut self) -> Option<Object> {
        loop {
            let list = self.0;
            let (lengths, size) = match parse_tbf_header_lengths(list.first_chunk()?) {
                Ok((version, header, total)) => (Some((version, header)), total as usize),
                Err(InitialTbfParseError::InvalidHeader(total)) => (None, total as usize),
                Err(InitialTbfParseError::UnableToParse) => return None,
            };
            self.0 = list.get(size..).unwrap_or(&[]);
            let Some((version, length)) = lengths else {
                continue;
            };
            // A header that ends outside of the list is none, and neither is its object.
            if let Some(header) = list.get(..usize::from(length)) {
                return Some(Object {
                    address: list.as_ptr().addr(),
                    size,
                    header,
                    version,
                });
            }
        }
    }
}
