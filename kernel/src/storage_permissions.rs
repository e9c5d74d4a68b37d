//! Which stored values a process may read, write and modify.

use core::num::NonZeroU32;

use crate::capabilities;

/// How many identifiers a list holds.
const LIST_LEN: usize = 8;

/// The permissions of one process. They are made by a policy at loading and
/// cannot be changed; capsules only ask.
#[derive(Clone, Copy)]
pub struct StoragePermissions(Kind);

#[derive(Clone, Copy)]
enum Kind {
    /// Nothing.
    Null,
    /// Values of the process itself: it reads, writes and modifies this
    /// identifier alone.
    SelfOnly(NonZeroU32),
    /// Lists of fixed size.
    Listed(Listed),
    /// Everything, written under identifier zero.
    Kernel,
}

#[derive(Clone, Copy)]
struct Listed {
    write_permission: Option<NonZeroU32>,
    read_permissions: [u32; LIST_LEN],
    read_count: u8,
    modify_permissions: [u32; LIST_LEN],
    modify_count: u8,
}

impl Listed {
    fn reads(&self) -> &[u32] {
        self.read_permissions
            .get(..usize::from(self.read_count))
            .unwrap_or(&[])
    }

    fn modifies(&self) -> &[u32] {
        self.modify_permissions
            .get(..usize::from(self.modify_count))
            .unwrap_or(&[])
    }
}

impl StoragePermissions {
    /// Nothing is allowed.
    pub(crate) fn new_null() -> Self {
        Self(Kind::Null)
    }

    /// Own values only, under the process's short identifier.
    pub fn new_self_only(
        short_id_fixed: NonZeroU32,
        _capability: &dyn capabilities::ApplicationStorageCapability,
    ) -> Self {
        Self(Kind::SelfOnly(short_id_fixed))
    }

    /// What the lists say: the first `read_count` of the one and the first
    /// `modify_count` of the other (8 at the most).
    pub fn new_fixed_size(
        write_permission: Option<NonZeroU32>,
        read_permissions: [u32; LIST_LEN],
        read_count: usize,
        modify_permissions: [u32; LIST_LEN],
        modify_count: usize,
        _capability: &dyn capabilities::ApplicationStorageCapability,
    ) -> Self {
        Self(Kind::Listed(Listed {
            write_permission,
            read_permissions,
            read_count: read_count.min(LIST_LEN) as u8,
            modify_permissions,
            modify_count: modify_count.min(LIST_LEN) as u8,
        }))
    }

    /// Everything: for the kernel's own values.
    pub fn new_kernel_permissions(
        _capability: &dyn capabilities::KerneluserStorageCapability,
    ) -> Self {
        Self(Kind::Kernel)
    }

    /// Returns whether values stored under this identifier may be read.
    pub fn check_read_permission(&self, stored_id: u32) -> bool {
        match &self.0 {
            Kind::Null => false,
            Kind::SelfOnly(id) => stored_id == id.get(),
            Kind::Listed(lists) => lists.reads().contains(&stored_id),
            Kind::Kernel => true,
        }
    }

    /// Returns whether values stored under this identifier may be replaced or deleted.
    pub fn check_modify_permission(&self, stored_id: u32) -> bool {
        match &self.0 {
            Kind::Null => false,
            Kind::SelfOnly(id) => stored_id == id.get(),
            Kind::Listed(lists) => lists.modifies().contains(&stored_id),
            Kind::Kernel => true,
        }
    }

    /// The identifier under which new values are stored, if any may be.
    pub fn get_write_id(&self) -> Option<u32> {
        match &self.0 {
            Kind::Null => None,
            Kind::SelfOnly(id) => Some(id.get()),
            Kind::Listed(lists) => lists.write_permission.map(NonZeroU32::get),
            Kind::Kernel => Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Token;
    // SAFETY: tests only.
    unsafe impl capabilities::ApplicationStorageCapability for Token {}
    // SAFETY: tests only.
    unsafe impl capabilities::KerneluserStorageCapability for Token {}

    #[test]
    fn null_allows_nothing() {
        let permissions = StoragePermissions::new_null();
        assert!(!permissions.check_read_permission(0));
        assert!(!permissions.check_modify_permission(0));
        assert_eq!(permissions.get_write_id(), None);
    }

    #[test]
    fn self_only_allows_one_identifier() {
        let id = NonZeroU32::new(7).unwrap();
        let permissions = StoragePermissions::new_self_only(id, &Token);
        assert!(permissions.check_read_permission(7) && permissions.check_modify_permission(7));
        assert!(!permissions.check_read_permission(8) && !permissions.check_modify_permission(0));
        assert_eq!(permissions.get_write_id(), Some(7));
    }

    #[test]
    fn lists_count_only_as_far_as_they_go() {
        let reads = [1, 2, 3, 4, 0, 0, 0, 0];
        let permissions =
            StoragePermissions::new_fixed_size(None, reads, 2, [9; 8], usize::MAX, &Token);
        assert!(permissions.check_read_permission(2));
        assert!(!permissions.check_read_permission(3) && !permissions.check_read_permission(0));
        assert!(permissions.check_modify_permission(9));
        assert_eq!(permissions.get_write_id(), None);
    }

    #[test]
    fn kernel_reaches_everything() {
        let permissions = StoragePermissions::new_kernel_permissions(&Token);
        assert!(permissions.check_read_permission(123) && permissions.check_modify_permission(1));
        assert_eq!(permissions.get_write_id(), Some(0));
    }
}
