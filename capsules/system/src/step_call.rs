//! Long work in steps: how a capsule asks to be called again.

use kernel::deferred_call::{DeferredCall, DeferredCallClient};

/// Calls [`DeferredCallClient::handle_deferred_call`] once after it was set, however
/// often.
pub trait StepCall {
    /// Names whom to call.
    fn register<C: DeferredCallClient>(&self, client: &'static C);

    /// Asks for a call before any process executes.
    fn set(&self);

    /// Asks for a call between processes, so that none waits longer for long work
    /// than one step of it.
    fn set_in_background(&self);
}

/// As good as it gets with a kernel that knows no background: processes wait until
/// all steps are done.
impl StepCall for DeferredCall {
    fn register<C: DeferredCallClient>(&self, client: &'static C) {
        DeferredCall::register(self, client);
    }

    fn set(&self) {
        DeferredCall::set(self);
    }

    fn set_in_background(&self) {
        DeferredCall::set(self);
    }
}
