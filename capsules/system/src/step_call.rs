//! Long work in steps: how a capsule asks to be called again.
//!
//! Three implementations: the background call of a kernel that has one (the board's, it is
//! two lines), [`AlarmSteps`] for a kernel that serves deferred calls before processes, as
//! upstream's does, and plain [`DeferredCall`] where nobody waits.

use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::ProcessId;

/// Calls [`DeferredCallClient::handle_deferred_call`] once after it was set, however
/// often.
pub trait StepCall {
    /// Names whom to call.
    fn register<C: DeferredCallClient>(&self, client: &'static C);

    /// Asks for a call before any process executes.
    fn set(&self);

    /// What is being done in this call, a process asked for: the time is to count as the
    /// process's own, where the kernel can tell.
    fn works_for(&self, _process: ProcessId) {}

    /// Asks for a call between processes, so that none waits longer for long work
    /// than one step of it.
    fn set_in_background(&self);
}

/// Processes wait until all steps are done: for work that comes before any of them.
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

/// How long processes have the CPU to themselves between two steps, in milliseconds: a
/// step takes up to 4, so that long work is slowed down by a quarter.
const SPACING_MS: u32 = 1;

/// Steps that an alarm spaces, for a kernel that serves deferred calls before processes:
/// between two of them every process may run.
pub struct AlarmSteps<'a, A: Alarm<'a>> {
    alarm: &'a A,
    call: DeferredCall,
}

impl<'a, A: Alarm<'a>> AlarmSteps<'a, A> {
    /// Steps on an alarm of their own; the caller makes them its client.
    pub fn new(alarm: &'a A) -> Self {
        AlarmSteps {
            alarm,
            call: DeferredCall::new(),
        }
    }
}

impl<'a, A: Alarm<'a>> StepCall for &AlarmSteps<'a, A> {
    fn register<C: DeferredCallClient>(&self, client: &'static C) {
        self.call.register(client);
    }

    fn set(&self) {
        self.call.set();
    }

    fn set_in_background(&self) {
        if !self.alarm.is_armed() {
            let ticks = self.alarm.ticks_from_ms(SPACING_MS);
            self.alarm.set_alarm(self.alarm.now(), ticks);
        }
    }
}

impl<'a, A: Alarm<'a>> AlarmClient for AlarmSteps<'a, A> {
    fn alarm(&self) {
        self.call.set();
    }
}
