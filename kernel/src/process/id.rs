//! Who a process is: for the kernel while it runs, and for policies across restarts.

use core::fmt;
use core::num::NonZeroU32;

use crate::capabilities;
use crate::kernel::Kernel;
use crate::process::Process;
use crate::storage_permissions::StoragePermissions;

/// Names one run of a process: its place in the table, and an identifier that no
/// other run has. After a restart an old `ProcessId` names nothing.
#[derive(Clone, Copy)]
pub struct ProcessId {
    pub(crate) kernel: &'static Kernel,
    pub(crate) index: usize,
    identifier: usize,
}

impl PartialEq for ProcessId {
    fn eq(&self, other: &ProcessId) -> bool {
        self.identifier == other.identifier
    }
}

impl Eq for ProcessId {}

impl fmt::Debug for ProcessId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.identifier, formatter)
    }
}

impl ProcessId {
    pub(crate) fn new(kernel: &'static Kernel, identifier: usize, index: usize) -> ProcessId {
        ProcessId {
            kernel,
            index,
            identifier,
        }
    }

    /// As the kernel makes one, for implementations of
    /// [`Process`](crate::process::Process) elsewhere.
    pub fn new_external(
        kernel: &'static Kernel,
        identifier: usize,
        index: usize,
        _capability: &dyn capabilities::ExternalProcessCapability,
    ) -> ProcessId {
        ProcessId::new(kernel, identifier, index)
    }

    /// Returns the number of this run; no other run has it.
    #[inline]
    pub fn id(&self) -> usize {
        self.identifier
    }

    /// Returns what policies know the process by.
    pub fn short_app_id(&self) -> ShortId {
        self.kernel
            .process_map_or(ShortId::LocallyUnique, *self, |process| {
                process.short_app_id()
            })
    }

    /// Start and end address of the flash that may be written on behalf of the
    /// process: its own, without the protected part. Two zeroes if it is gone.
    pub fn get_editable_flash_range(&self) -> (usize, usize) {
        self.kernel.process_map_or((0, 0), *self, |process| {
            let addresses = process.get_addresses();
            (addresses.flash_non_protected_start, addresses.flash_end)
        })
    }

    /// Which stored values the process may reach.
    pub fn get_storage_permissions(&self) -> Option<StoragePermissions> {
        self.kernel
            .process_map_or(None, *self, |process: &dyn Process| {
                Some(process.get_storage_permissions())
            })
    }
}

/// What policies know an app by, across restarts and resets.
#[derive(Clone, Copy)]
pub enum ShortId {
    /// Equal to none, not even to itself.
    LocallyUnique,
    /// A number that a policy assigned.
    Fixed(NonZeroU32),
}

impl PartialEq for ShortId {
    fn eq(&self, other: &Self) -> bool {
        matches!((self, other), (ShortId::Fixed(a), ShortId::Fixed(b)) if a == b)
    }
}

impl Eq for ShortId {}

impl From<Option<NonZeroU32>> for ShortId {
    fn from(id: Option<NonZeroU32>) -> ShortId {
        id.map_or(ShortId::LocallyUnique, ShortId::Fixed)
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShortId::LocallyUnique => write!(formatter, "Unique"),
            ShortId::Fixed(id) => write!(formatter, "0x{id:<8x} "),
        }
    }
}

impl fmt::LowerHex for ShortId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShortId::LocallyUnique => write!(formatter, "Unique"),
            ShortId::Fixed(id) => fmt::LowerHex::fmt(id, formatter),
        }
    }
}

/// The version of an app's binary, from its program header.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BinaryVersion(NonZeroU32);

impl BinaryVersion {
    /// Wraps a version.
    pub fn new(value: NonZeroU32) -> Self {
        Self(value)
    }

    /// The version.
    pub fn get(&self) -> NonZeroU32 {
        self.0
    }
}
