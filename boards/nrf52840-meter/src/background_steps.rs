//! Long work of capsules, in the kernel's background.

use capsules_system::step_call::StepCall;
use kernel::deferred_call::{BackgroundCall, DeferredCallClient};

/// The kernel's call in the background, as capsules ask for it.
pub struct BackgroundSteps(BackgroundCall);

impl BackgroundSteps {
    /// Makes steps that run by a deferred call of their own.
    pub fn new() -> Self {
        Self(BackgroundCall::new())
    }
}

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
