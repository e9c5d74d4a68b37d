//! From TBF objects to processes: ids, the loader, and what a fault leads to.

use core::num::NonZeroU32;

use kernel::process::{
    FaultAction, Process, ProcessBinary, ProcessFaultPolicy, ProcessLoadError,
    ProcessLoadingAsyncClient, RestartBackoff, ShortId,
};
use kernel::process_checker::{
    AppCredentialsPolicy, AppCredentialsPolicyClient, AppUniqueness, Compress,
};
use kernel::scheduler::priority::PriorityLevel;
use kernel::utilities::cells::MapCell;
use kernel::{capabilities, create_capability, ErrorCode, Kernel};
use nrf52840::rtc::RtcAlarm;
use tock_tbf::types::TbfFooterV2Credentials;

use crate::platform::PROCESSES;
use crate::policy::{app_of, Fault, APPS, DEBUG_RTT};
use crate::wiring::randomness::Generator;

/// Where accepted binaries wait until all are known.
pub type Binaries = [MapCell<ProcessBinary>; PROCESSES];

/// Ids from the TBF's ShortId header. Apps without one differ from all others.
pub struct HeaderIds;

impl Compress for HeaderIds {
    fn to_short_id(&self, process: &ProcessBinary) -> ShortId {
        match process.header.get_fixed_short_id() {
            Some(id) => ShortId::Fixed(id),
            None => ShortId::LocallyUnique,
        }
    }
}

impl AppUniqueness for HeaderIds {
    fn different_identifier(&self, a: &ProcessBinary, b: &ProcessBinary) -> bool {
        self.to_short_id(a) != self.to_short_id(b)
    }

    fn different_identifier_process(&self, a: &ProcessBinary, b: &dyn Process) -> bool {
        self.to_short_id(a) != b.short_app_id()
    }

    fn different_identifier_processes(&self, a: &dyn Process, b: &dyn Process) -> bool {
        a.short_app_id() != b.short_app_id()
    }
}

/// Asks for no credential and accepts none.
pub struct NoCredentials;

impl AppCredentialsPolicy<'static> for NoCredentials {
    fn set_client(&self, _client: &'static dyn AppCredentialsPolicyClient<'static>) {}

    fn require_credentials(&self) -> bool {
        false
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        integrity_region: &'static [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'static [u8])> {
        Err((ErrorCode::NOSUPPORT, credentials, integrity_region))
    }
}

/// Restarts with growing delays, on an alarm of its own.
pub type Restarts = RestartBackoff<'static, RtcAlarm<'static>, PROCESSES>;

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

/// What waits until all apps are loaded: their priorities, and the generator,
/// whose interrupts would delay them.
pub struct AfterLoading {
    /// The kernel whose processes are looked at.
    pub kernel: &'static Kernel,
    /// The scheduler's levels, by place in the table of processes.
    pub levels: &'static [PriorityLevel],
    /// Seeds itself from then on.
    pub generator: &'static Generator,
}

impl ProcessLoadingAsyncClient for AfterLoading {
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
        self.generator.start();
    }
}

/// Guests come after all apps of meter.toml.
fn guest_level() -> u8 {
    APPS.iter().map(|app| app.priority).max().unwrap_or(0) + 1
}

/// Time slice of processes of equal priority.
pub const TIMESLICE_US: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
