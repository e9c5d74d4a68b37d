//! What decides about a process that failed, and which stored values a process may reach.

use crate::platform::chip::Chip;
use crate::process::{
    FaultAction, Process, ProcessStandard, ProcessStandardDebug, ProcessStandardDebugFull,
};
use crate::storage_permissions::StoragePermissions;

/// Decides what to do about a process that failed.
pub trait ProcessFaultPolicy {
    /// Called once for each fault.
    fn action(&self, process: &dyn Process) -> FaultAction;
}

/// Decides which stored values a process may reach. `()` lets it reach none.
pub trait ProcessStandardStoragePermissionsPolicy<
    C: Chip,
    D: ProcessStandardDebug = ProcessStandardDebugFull,
>
{
    /// Called once, when the process is loaded.
    fn get_permissions(&self, process: &ProcessStandard<C, D>) -> StoragePermissions;
}

impl<C: Chip, D: ProcessStandardDebug> ProcessStandardStoragePermissionsPolicy<C, D> for () {
    fn get_permissions(&self, _process: &ProcessStandard<C, D>) -> StoragePermissions {
        StoragePermissions::new_null()
    }
}
