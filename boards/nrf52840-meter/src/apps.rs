//! From TBF objects to processes: what follows when all are loaded, and what a fault leads to.

use core::num::NonZeroU32;

use capsules_system::restart_backoff::RestartBackoff;
use capsules_system::scheduler::priority::PriorityLevel;
use kernel::process::{
    FaultAction, Process, ProcessBinary, ProcessFaultPolicy, ProcessLoadError,
    ProcessLoadingAsyncClient,
};
use kernel::utilities::cells::MapCell;
use kernel::{capabilities, create_capability, Kernel};
use nrf52840::rtc::RtcAlarm;

use crate::app_rules::Signatures;
use crate::crash::ProcessTable;
use crate::kernel_extras::ProcessManagement;
use crate::platform::PROCESSES;
use crate::policy::{app_of, Fault, APPS, DEBUG_RTT};
use crate::refused;
use crate::wiring::randomness::Generator;

/// Where accepted binaries wait until all are known.
pub type Binaries = [MapCell<ProcessBinary>; PROCESSES];

/// Restarts with growing delays, on an alarm of its own.
pub type Restarts = RestartBackoff<'static, RtcAlarm<'static>, ProcessManagement, PROCESSES>;

/// What meter.toml says for each app; a guest just stops.
pub struct FaultByApp {
    restarts: &'static Restarts,
}

impl FaultByApp {
    /// The policy, with what restarts.
    pub const fn new(restarts: &'static Restarts) -> Self {
        Self { restarts }
    }
}

impl ProcessFaultPolicy for FaultByApp {
    fn action(&self, process: &dyn Process) -> FaultAction {
        match app_of(process).map(|app| app.fault) {
            Some(Fault::Restart) => self.restarts.action(process),
            Some(Fault::Panic) => FaultAction::Panic,
            Some(Fault::Stop) | None => FaultAction::Stop,
        }
    }
}

/// Once all apps are loaded, gives each its priority and reports which do not run.
pub struct Loaded {
    /// The kernel whose processes are looked at.
    pub kernel: &'static Kernel,
    /// The scheduler's levels, by place in the table of processes.
    pub levels: &'static [PriorityLevel],
    /// The list of apps.
    pub flash: &'static [u8],
    /// What came of their signatures.
    pub signatures: &'static Signatures,
    /// Where the report goes.
    pub table: &'static ProcessTable,
    /// Started now if nothing waited for it: its interrupts would delay the apps.
    pub generator: &'static Generator,
}

impl ProcessLoadingAsyncClient for Loaded {
    fn process_loaded(&self, result: Result<(), ProcessLoadError>) {
        // A board that has no debug output does not even hold the texts.
        if let (true, Err(error)) = (DEBUG_RTT, result) {
            kernel::debug!("app not loaded: {:?}", error);
        }
    }

    fn process_loading_finished(&self) {
        // Nothing has left the table yet, so the order is that of the places.
        let processes = self.kernel.process_iter_capability(&create_capability!(
            capabilities::ProcessManagementCapability
        ));
        for (process, level) in processes.zip(self.levels) {
            level.set(app_of(process).map_or(guest_level(), |app| app.priority));
        }
        refused::report(self.flash, self.signatures, self.table);
        self.generator.start();
    }
}

/// Guests come after all apps of meter.toml.
fn guest_level() -> u8 {
    APPS.iter().map(|app| app.priority).max().unwrap_or(0) + 1
}

/// Time slice of processes of equal priority.
pub const TIMESLICE_US: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
