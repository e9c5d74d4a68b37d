//! What a board grants and decides: capabilities, and what happens to a process that fails.

use capsules_system::scheduler::priority::WakeHint;
use kernel::capabilities;
use kernel::process::{FaultAction, Process, ProcessFaultPolicy};
use kernel::{Kernel, ProcessId};

/// All capabilities that tests need.
pub struct Power;
// SAFETY: tests are trusted.
unsafe impl capabilities::ProcessManagementCapability for Power {}
// SAFETY: tests are trusted.
unsafe impl capabilities::ProcessStartCapability for Power {}
// SAFETY: tests are trusted.
unsafe impl capabilities::MainLoopCapability for Power {}
// SAFETY: tests are trusted.
unsafe impl capabilities::MemoryAllocationCapability for Power {}

/// The fault policy that takes this action, whatever process fails.
pub struct Always(pub FaultAction);

impl ProcessFaultPolicy for Always {
    fn action(&self, _process: &dyn Process) -> FaultAction {
        self.0
    }
}

/// The kernel's hint for a scheduler by priorities.
pub struct Woken(pub &'static Kernel);

impl WakeHint for Woken {
    fn take_background_time(&self) -> Option<(ProcessId, u32)> {
        self.0.take_background_time(&Power)
    }

    fn take_woken(&self) -> bool {
        self.0.take_process_woke(&Power)
    }
}
