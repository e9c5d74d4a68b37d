//! What our kernel does beyond upstream's, as the scheduler asks for it, and the power to look at processes.

use capsules_system::scheduler::priority::WakeHint;
use kernel::capabilities::ProcessManagementCapability;
use kernel::{Kernel, ProcessId};

/// The power to look at processes and to restart them, for those who must name its type.
pub struct ProcessManagement;

// SAFETY: only this crate can name the type, and it hands it to the scheduler and to the
// fault policy alone.
unsafe impl ProcessManagementCapability for ProcessManagement {}

/// The kernel's mark that a process may have become ready.
pub struct Woken(pub &'static Kernel);

impl WakeHint for Woken {
    #[inline(always)]
    fn take_background_time(&self) -> Option<(ProcessId, u32)> {
        self.0.take_background_time(&ProcessManagement)
    }

    #[inline(always)]
    fn take_woken(&self) -> bool {
        self.0.take_process_woke(&ProcessManagement)
    }
}
