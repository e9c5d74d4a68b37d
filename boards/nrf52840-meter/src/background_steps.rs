//! Long work of capsules, in the kernel's background.

use capsules_system::step_call::StepCall;
use kernel::deferred_call::{BackgroundCall, DeferredCallClient};
use kernel::{Kernel, ProcessId};

/// The kernel's call in the background, as capsules ask for it.
pub struct BackgroundSteps {
    call: BackgroundCall,
    kernel: &'static Kernel,
}

impl BackgroundSteps {
    /// Makes steps that run by a deferred call of their own.
    pub fn new(kernel: &'static Kernel) -> Self {
        Self {
            call: BackgroundCall::new(),
            kernel,
        }
    }
}

impl StepCall for BackgroundSteps {
    fn register<C: DeferredCallClient>(&self, client: &'static C) {
        self.call.register(client);
    }

    fn set(&self) {
        self.call.set();
    }

    fn works_for(&self, process: ProcessId) {
        self.kernel.works_for(process);
    }

    fn set_in_background(&self) {
        self.call.set_in_background();
    }
}
