//! What follows when apps are loaded: each gets its priority, and at the end those that do not run are reported.

use kernel::capabilities::ProcessManagementCapability;
use kernel::debug;
use kernel::hil::time::Alarm;
use kernel::process::{ProcessLoadError, ProcessLoadingAsyncClient};
use kernel::{Kernel, KERNEL_MAJOR_VERSION, KERNEL_MINOR_VERSION};
use tock_tbf::types::TbfParseError;

use crate::app_rules::{Outcomes, Refusal};
use crate::apps::Apps;
use crate::crash_log::{ProcessTable, RetainedWords};
use crate::load_failures::LoadFailures;
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
    /// What the loader says, from nothing on.
    pub failures: LoadFailures,
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

    /// Why an object has become no process; `Ok` if that was not to be expected of it, and
    /// `Err(None)` if only the loader knows.
    fn explain(&self, object: &Object) -> Result<(), Option<Refusal>> {
        if self.table.runs(object.address) {
            return Ok(());
        }
        let header = match object.parse() {
            Ok(header) => header,
            Err(TbfParseError::ChecksumMismatch(..)) => return Err(Some(Refusal::BadChecksum)),
            Err(_) => return Err(Some(Refusal::BadHeader)),
        };
        // Padding and disabled apps are not meant to run.
        if !header.is_app() || !header.enabled() {
            return Ok(());
        }
        // In the order in which kernel and signatures look.
        let runs_here = header.get_kernel_version().is_some_and(|(major, minor)| {
            major == KERNEL_MAJOR_VERSION && minor <= KERNEL_MINOR_VERSION
        });
        if !runs_here {
            return Err(Some(Refusal::OtherKernel));
        }
        let start = object.address + header.get_protected_size() as usize;
        if header
            .get_fixed_address_flash()
            .is_some_and(|address| address as usize != start)
        {
            return Err(Some(Refusal::WrongFlashAddress));
        }
        match self.outcomes.outcome_of(object.address) {
            Some(Err(refusal)) => return Err(Some(refusal)),
            None if self.signatures_required => return Err(Some(Refusal::Unsigned)),
            Some(Ok(())) | None => {}
        }
        let misfit = header
            .get_fixed_address_ram()
            .filter(|address| self.failures.is_misfit(*address));
        Err(misfit.map(|address| {
            let end = address.saturating_add(header.get_minimum_app_ram_size().max(1));
            let processes = self.kernel.process_iter_capability(&self.capability);
            let mut blocks = processes.map(|process| process.get_addresses());
            match blocks
                .any(|block| (address as usize) < block.sram_end && block.sram_start < end as usize)
            {
                true => Refusal::RamTaken,
                false => Refusal::RamUnfit,
            }
        }))
    }

    /// Notes an app that has become no process.
    fn report(&self, object: &Object, refusal: Refusal) {
        let header = object.header();
        let header = header.as_ref();
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

    /// Notes all apps that have become no process, in the order of flash.
    fn report_all(&self) {
        let unexplained = || {
            let objects = Objects::of(self.flash);
            objects.filter(|object| self.explain(object) == Err(None))
        };
        let has_address = |object: &Object| {
            let header = object.header();
            header.is_some_and(|app| app.get_fixed_address_ram().is_some())
        };
        // The last of them found no place, the others failed later.
        let failed = unexplained()
            .count()
            .saturating_sub(self.failures.without_place());
        let with_address = unexplained().take(failed).filter(has_address).count();
        let (mut seen, mut seen_with_address) = (0, 0);
        for object in Objects::of(self.flash) {
            match self.explain(&object) {
                Ok(()) => {}
                Err(Some(refusal)) => self.report(&object, refusal),
                Err(None) => {
                    let refusal = if seen >= failed {
                        Refusal::NoPlaceLeft
                    } else if has_address(&object) {
                        self.failures.other(seen_with_address)
                    } else {
                        self.failures.other(with_address + seen - seen_with_address)
                    };
                    seen_with_address += usize::from(has_address(&object));
                    seen += 1;
                    self.report(&object, refusal);
                }
            }
        }
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
        // At once: one that is loaded before the others executes before they are.
        self.set_levels();
        if let Err(error) = result {
            self.failures.add(&error);
            if self.debug_output {
                debug!("app not loaded: {:?}", error);
            }
        }
    }

    fn process_loading_finished(&self) {
        self.report_all();
        self.client.apps_loaded();
    }
}
