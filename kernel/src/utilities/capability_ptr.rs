//! An address that came from a process.

use core::fmt::{self, Formatter, LowerHex, UpperHex};
use core::ops::AddAssign;
use core::ptr;

/// A pointer into a process, as wide as a register. The kernel passes it on and
/// never reads through it; on hardware with pointers that carry rights, those
/// rights travel in it.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct CapabilityPtr {
    ptr: *const (),
}

/// What a [`CapabilityPtr`] may be used for, where hardware enforces that.
#[derive(Copy, Clone, PartialEq)]
pub enum CapabilityPtrPermissions {
    /// Nothing.
    None,
    /// Read.
    Read,
    /// Write.
    Write,
    /// Read and write.
    ReadWrite,
    /// Execute.
    Execute,
}

impl Default for CapabilityPtr {
    /// The null pointer.
    fn default() -> Self {
        Self { ptr: ptr::null() }
    }
}

impl From<usize> for CapabilityPtr {
    /// An address without rights.
    #[inline]
    fn from(address: usize) -> Self {
        Self {
            ptr: ptr::without_provenance(address),
        }
    }
}

impl UpperHex for CapabilityPtr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        UpperHex::fmt(&self.ptr.addr(), f)
    }
}

impl LowerHex for CapabilityPtr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        LowerHex::fmt(&self.ptr.addr(), f)
    }
}

impl AddAssign<usize> for CapabilityPtr {
    /// Moves the address up by `rhs` bytes.
    #[inline]
    fn add_assign(&mut self, rhs: usize) {
        self.ptr = self.ptr.wrapping_byte_add(rhs);
    }
}

impl CapabilityPtr {
    /// The address.
    #[inline]
    pub fn addr(self) -> usize {
        self.ptr.addr()
    }

    /// The address as a pointer.
    #[inline]
    pub fn as_ptr<T>(&self) -> *const T {
        self.ptr.cast()
    }

    /// A pointer with rights `perms` over the `length` bytes from `base` on.
    /// Without hardware that enforces rights they are not kept.
    ///
    /// # Safety
    ///
    /// The rights must not exceed those of the process that gets the pointer.
    #[inline]
    pub unsafe fn new_with_authority(
        ptr: *const (),
        _base: usize,
        _length: usize,
        _perms: CapabilityPtrPermissions,
    ) -> Self {
        Self { ptr }
    }

    /// `f` of this pointer, or `default` when it is null.
    #[inline]
    pub fn map_or<U, F>(&self, default: U, f: F) -> U
    where
        F: FnOnce(&Self) -> U,
    {
        if self.ptr.is_null() {
            default
        } else {
            f(self)
        }
    }

    /// `f` of this pointer, or the result of `default` when it is null.
    #[inline]
    pub fn map_or_else<U, D, F>(&self, default: D, f: F) -> U
    where
        D: FnOnce() -> U,
        F: FnOnce(&Self) -> U,
    {
        if self.ptr.is_null() {
            default()
        } else {
            f(self)
        }
    }
}
