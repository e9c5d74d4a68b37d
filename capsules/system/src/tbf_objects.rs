//! The list of TBF objects in flash, for those who look at it beside the kernel's loader.

use tock_tbf::parse::{parse_tbf_header, parse_tbf_header_lengths};
use tock_tbf::types::{InitialTbfParseError, TbfHeader};

/// One object of the list.
pub struct Object {
    /// Address of its first byte.
    pub address: usize,
    /// Bytes of it that its length claims, beyond the end of the list too.
    pub size: usize,
    /// What its header says; none if that is not sound.
    pub header: Option<TbfHeader>,
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
            let (size, header) = match parse_tbf_header_lengths(list.first_chunk()?) {
                Ok((version, header, total)) => {
                    let header = list.get(..usize::from(header));
                    (total, Some(header.map(|header| (header, version))))
                }
                Err(InitialTbfParseError::InvalidHeader(total)) => (total, None),
                Err(InitialTbfParseError::UnableToParse) => return None,
            };
            let size = size as usize;
            self.0 = list.get(size..).unwrap_or(&[]);
            // A header that ends outside of the list is none, and neither is its object.
            if let Some(Some((header, version))) = header {
                return Some(Object {
                    address: list.as_ptr().addr(),
                    size,
                    header: parse_tbf_header(header, version).ok(),
                });
            }
        }
    }
}
