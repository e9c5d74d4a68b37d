//! What follows when apps are loaded: each gets its priority, and at the end those that do not run are reported.

use kernel::capabilities::ProcessManagementCapability;
use kernel::debug;
use kernel::hil::time::Alarm;
use kernel::process::{ProcessLoadError, ProcessLoadingAsyncClient};
use kernel::Kernel;

use crate::app_rules::{Outcomes, Refusal};
use crate::apps::Apps;
use crate::crash_log::{ProcessTable, RetainedWords};
use crate::scheduler::priority::PriorityLevel;
use crate::tbf_objects::{Object, Objects};

/// Hears that all apps have been loaded.
pub trait LoadedClient {
    /// Every app has been dealt with, and they execute from now on.
    fn apps_loaded(&self);
}

/// The client of the loader.
pub struct LoadingReport<'a, W, A, CAP, const PROCESSES: usize>
where
    W: RetainedWords,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
{
    /// The kernel whose processes are looked at.
    pub kernel: &'static Kernel,
    /// The power to look at them.
    pub capability: CAP,
    /// The apps of the manifest.
    pub apps: Apps,
    /// The scheduler's levels, by place in the table of processes.
    pub levels: &'a [PriorityLevel],
    /// The list of apps in flash.
    pub flash: &'static [u8],
    /// Whether an app without a signature stays down.
    pub signatures_required: bool,
    /// What came of the signatures.
    pub outcomes: &'a dyn Outcomes,
    /// Where the report goes.
    pub table: &'a ProcessTable<'a, W, A, CAP, PROCESSES>,
    /// Whether it also goes to the debug output.
    pub debug_output: bool,
    /// Who waited until the apps are there.
    pub client: &'a dyn LoadedClient,
}

impl<'a, W, A, CAP, const PROCESSES: usize> LoadingReport<'a, W, A, CAP, PROCESSES>
where
    W: RetainedWords,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
{
    /// Gives each process the level and the share of its app.
    fn set_levels(&self) {
        // Nothing has left the table yet, so the order is that of the places.
        let processes = self.kernel.process_iter_capability(&self.capability);
        for (process, level) in processes.zip(self.levels) {
            level.set(self.apps.level_of(process));
            level.set_share(self.apps.share_of(process));
        }
    }

    /// Notes an enabled app that has become no process.
    fn report(&self, object: &Object) {
        if self.table.runs(object.address) {
            return;
        }
        let header = object.header();
        let header = header.as_ref();
        // Padding and disabled apps are not meant to run.
        if header.is_some_and(|app| !app.is_app() || !app.enabled()) {
            return;
        }
        let refusal = match self.outcomes.outcome_of(object.address) {
            Some(Err(refusal)) => refusal,
            None if self.signatures_required && header.is_some() => Refusal::Unsigned,
            Some(Ok(())) | None => Refusal::NotLoaded,
        };
        let name = header
            .and_then(|app| app.get_package_name())
            .unwrap_or_default();
        let short_id = header.and_then(|app| app.get_fixed_short_id());
        if self.debug_output {
            debug!(
                "app {} at {:#x} does not run: {:?}",
                name, object.address, refusal
            );
        }
        self.table.refused(
            object.address,
            name,
            short_id.map_or(0, |id| id.get()),
            refusal.code(),
        );
    }
}

impl<'a, W, A, CAP, const PROCESSES: usize> ProcessLoadingAsyncClient
    for LoadingReport<'a, W, A, CAP, PROCESSES>
where
    W: RetainedWords,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
{
    fn process_loaded(&self, result: Result<(), ProcessLoadError>) {
        // One that is loaded before the others executes before they are.
        self.set_levels();
        if let (true, Err(error)) = (self.debug_output, result) {
            debug!("app not loaded: {:?}", error);
        }
    }

    fn process_loading_finished(&self) {
        self.set_levels();
        for object in Objects::of(self.flash) {
            self.report(&object);
        }
        self.client.apps_loaded();
    }
}
