//! Buffers that a test has allowed to fake drivers.

use crate::platform::{ErrorCode, Register};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// The buffers that fake drivers hold: none may overlap another.
#[derive(Default)]
pub(super) struct Allowed {
    /// Length by address, without empty buffers.
    lengths: BTreeMap<usize, usize>,
}

impl Allowed {
    /// Notes a buffer.
    ///
    /// # Panics
    /// If it overlaps another one: the code under test then has two references
    /// to memory of which one is exclusive.
    pub(super) fn insert(&mut self, address: Register, length: Register) {
        let (address, length) = (usize::from(address), usize::from(length));
        if length == 0 {
            return;
        }
        let end = address.checked_add(length).expect("buffer wraps");
        if let Some((&below, &below_length)) = self.lengths.range(..end).next_back() {
            assert!(
                below + below_length <= address,
                "allowed buffer {address:#x}+{length} overlaps {below:#x}+{below_length}"
            );
        }
        self.lengths.insert(address, length);
    }

    /// Forgets a buffer.
    pub(super) fn remove(&mut self, address: Register, length: Register) {
        if usize::from(length) != 0 {
            self.lengths.remove(&address.into());
        }
    }
}

/// The answer to an allow of a fake driver that has one buffer of that kind,
/// number `only`, in `place`.
///
/// # Errors
/// Fails with `NoSupport` if it is another number.
pub(super) fn swap_only<B>(
    place: &RefCell<B>,
    only: u32,
    number: u32,
    buffer: B,
) -> Result<B, (B, ErrorCode)> {
    if number == only {
        Ok(place.replace(buffer))
    } else {
        Err((buffer, ErrorCode::NoSupport))
    }
}

macro_rules! buffer {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug)]
        pub struct $name {
            address: *mut u8,
            length: usize,
        }

        impl $name {
            /// # Safety
            /// With a length, the two must name memory that stays with the
            /// driver for as long as the value lives.
            pub(super) unsafe fn new(address: Register, length: Register) -> Self {
                $name {
                    address: address.into(),
                    length: length.into(),
                }
            }

            pub(super) fn into_registers(self) -> (Register, Register) {
                (self.address.into(), self.length.into())
            }
        }

        /// The empty buffer.
        impl Default for $name {
            fn default() -> Self {
                $name {
                    address: core::ptr::null_mut(),
                    length: 0,
                }
            }
        }

        impl Deref for $name {
            type Target = [u8];

            fn deref(&self) -> &[u8] {
                if self.length == 0 {
                    return &[];
                }
                // SAFETY: the constructor's caller vouched for the memory.
                unsafe { core::slice::from_raw_parts(self.address, self.length) }
            }
        }
    };
}

buffer!(
    RoAllowBuffer,
    "A buffer that a fake driver holds and may read."
);
buffer!(
    RwAllowBuffer,
    "A buffer that a fake driver holds and may read and write."
);

impl DerefMut for RwAllowBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        if self.length == 0 {
            return &mut [];
        }
        // SAFETY: the constructor's caller vouched for the memory.
        unsafe { core::slice::from_raw_parts_mut(self.address, self.length) }
    }
}
