//! The fault policy by the manifest: stop, restart with a delay, or panic.

use kernel::process::{FaultAction, Process, ProcessFaultPolicy};

use crate::apps::{Apps, Fault};

/// Does what the manifest says for each app; a guest just stops.
pub struct FaultByApp<'a> {
    apps: Apps,
    restarts: &'a dyn ProcessFaultPolicy,
}

impl<'a> FaultByApp<'a> {
    /// The policy, with what restarts the apps that are to be restarted.
    pub const fn new(apps: Apps, restarts: &'a dyn ProcessFaultPolicy) -> Self {
        Self { apps, restarts }
    }
}

impl ProcessFaultPolicy for FaultByApp<'_> {
    fn action(&self, process: &dyn Process) -> FaultAction {
        match self.apps.of(process).map(|app| app.fault) {
            Some(Fault::Restart) => self.restarts.action(process),
            Some(Fault::Panic) => FaultAction::Panic,
            Some(Fault::Stop) | None => FaultAction::Stop,
        }
    }
}
