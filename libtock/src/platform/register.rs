//! A machine register as it crosses the system-call boundary.

use super::ErrorCode;

/// A register's content. It wraps a pointer, so that on the host an address
/// keeps its provenance on the way through the fake kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Register(pub *mut ());

impl From<ErrorCode> for Register {
    fn from(value: ErrorCode) -> Self {
        (value as usize).into()
    }
}

impl From<u32> for Register {
    fn from(value: u32) -> Self {
        (value as usize).into()
    }
}

impl From<usize> for Register {
    fn from(value: usize) -> Self {
        Register(core::ptr::without_provenance_mut(value))
    }
}

impl<T> From<*mut T> for Register {
    fn from(value: *mut T) -> Self {
        Register(value.cast())
    }
}

impl<T> From<*const T> for Register {
    fn from(value: *const T) -> Self {
        Register(value.cast_mut().cast())
    }
}

impl Register {
    /// The low 32 bits, which is all of it on the target.
    pub fn as_u32(self) -> u32 {
        self.0.addr() as u32
    }
}

impl From<Register> for usize {
    fn from(register: Register) -> usize {
        register.0.addr()
    }
}

impl<T> From<Register> for *mut T {
    fn from(register: Register) -> *mut T {
        register.0.cast()
    }
}

impl<T> From<Register> for *const T {
    fn from(register: Register) -> *const T {
        register.0.cast_const().cast()
    }
}

/// For host code: fails when a 64-bit register holds more than 32 bits.
impl TryFrom<Register> for u32 {
    type Error = core::num::TryFromIntError;

    fn try_from(register: Register) -> Result<u32, Self::Error> {
        register.0.addr().try_into()
    }
}
