//! The content of a CPU register, which may be a number or a pointer.

use core::fmt::{self, Formatter, LowerHex, UpperHex};

use super::capability_ptr::CapabilityPtr;

/// One register's worth of data that means nothing to the kernel, such as the
/// app data of a subscribe.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(transparent)]
pub struct MachineRegister {
    value: CapabilityPtr,
}

impl From<MachineRegister> for CapabilityPtr {
    #[inline]
    fn from(register: MachineRegister) -> Self {
        register.value
    }
}

impl From<MachineRegister> for usize {
    /// The register as a number.
    #[inline]
    fn from(register: MachineRegister) -> Self {
        register.value.addr()
    }
}

impl From<CapabilityPtr> for MachineRegister {
    #[inline]
    fn from(value: CapabilityPtr) -> Self {
        Self { value }
    }
}

impl From<usize> for MachineRegister {
    #[inline]
    fn from(value: usize) -> Self {
        Self::from(CapabilityPtr::from(value))
    }
}

impl UpperHex for MachineRegister {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        UpperHex::fmt(&self.value, f)
    }
}

impl LowerHex for MachineRegister {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        LowerHex::fmt(&self.value, f)
    }
}
