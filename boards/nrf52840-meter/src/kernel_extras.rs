//! What our kernel does beyond upstream's, as capsules ask for it: long work in the background, a hint for the scheduler.

use capsules_system::scheduler::priority::WakeHint;
use capsules_system::step_call::StepCall;
use kernel::capabilities::ProcessManagementCapability;
use kernel::deferred_call::{BackgroundCall, DeferredCallClient};
use kernel::Kernel;

/// The kernel's call in the background, as capsules ask for it.
#[cfg(not(long_steps_by_alarm))]
pub struct BackgroundSteps(BackgroundCall);

#[cfg(not(long_steps_by_alarm))]
impl BackgroundSteps {
    /// A new deferred call.
    pub fn new() -> Self {
        Self(BackgroundCall::new())
    }
}

#[cfg(not(long_steps_by_alarm))]
impl StepCall for BackgroundSteps {
    fn register<C: DeferredCallClient>(&self, client: &'static C) {
        self.0.register(client);
    }

    fn set(&self) {
        self.0.set();
    }

    fn set_in_background(&self) {
        self.0.set_in_background();
    }
}

/// The power to look at processes and to restart them, for those who must name its type.
pub struct ProcessManagement;

// SAFETY: only this crate can name the type, and it hands it to the scheduler and to the
// fault policy alone.
unsafe impl ProcessManagementCapability for ProcessManagement {}

/// The kernel's mark that a process may have become ready.
pub struct Woken(pub &'static Kernel);

impl WakeHint for Woken {
    #[inline(always)]
    fn take_woken(&self) -> bool {
        self.0.take_process_woke(&ProcessManagement)
    }
}
