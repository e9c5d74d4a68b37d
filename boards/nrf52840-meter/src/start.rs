//! From reset to the kernel loop.

use core::num::NonZeroU32;

use capsules_system::app_rules::{SlotRules, StoredVersions};
use capsules_system::debug_writer::rtt::RTT;
use capsules_system::fault_by_app::FaultByApp;
use capsules_system::loading_report::LoadingReport;
use capsules_system::restart_backoff::{Backoff, RestartBackoff};
use capsules_system::scheduler::priority::PriorityLevel;
use capsules_trust::app_signature::{AppSignatures, SignedIdentity};
use capsules_trust::key_store::KeptVersions;
use capsules_trust::root::Root;
use kernel::capabilities;
use kernel::create_capability;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::time::{Alarm, Counter};
use kernel::process::{
    ProcessArray, ProcessBinary, ProcessLoadingAsync, SequentialProcessLoaderMachine,
};
use kernel::process_checker::{AppCredentialsPolicy, ProcessCheckerMachine};
use kernel::utilities::cells::MapCell;
use kernel::{debug, static_init, static_init_const, ErrorCode, Kernel};
use nrf52840::base;
use nrf52840::gpio::Port;
use nrf52840::power::Power;
use nrf52840::rtc::RtcAlarm;
use nrf52840::wdt::Wdt;
use nrf52840_components as components;
use nrf52840_components::memory::app_memory;
use nrf52840_components::peripherals::Common;
use nrf52840_components::start::CPU_HZ;

use crate::crash::{self, CoreRegisters, FaultHooks, FaultRecorder, ProcessTable, Retained};
use crate::kernel_extras::{ProcessManagement, Woken};
use crate::peripherals::{alarm, Peripherals};
use crate::platform::{Chip, Filter, Platform, Scheduler};
use crate::root;
use crate::tables::{DEBUG_RTT, PROCESSES, SIGNATURES_REQUIRED, SIGNERS, TABLE};
use crate::wiring;

/// Time slice of processes of equal priority.
const TIMESLICE_US: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// A kernel that does not come back to its loop for so long is reset.
const WATCHDOG_MS: u32 = 2_000;
/// Delays between restarts of an app that keeps failing.
const BACKOFF: Backoff = Backoff {
    first_ms: 100,
    max_ms: 60_000,
    calm_ms: 120_000,
};

/// What makes processes of apps.
pub type Loader = SequentialProcessLoaderMachine<'static, Chip>;
/// Where accepted binaries wait until all are known.
type Binaries = [MapCell<ProcessBinary>; PROCESSES];
/// Restarts with growing delays, on an alarm of its own.
type Restarts = RestartBackoff<'static, RtcAlarm<'static>, ProcessManagement, PROCESSES>;
/// The policy that looks at credentials.
type Signatures = AppSignatures<'static, wiring::trust::Steps>;
/// What follows when all apps are loaded.
type Report = LoadingReport<'static, Retained, RtcAlarm<'static>, ProcessManagement, PROCESSES>;
type ThreadId = <Chip as kernel::platform::chip::Chip>::ThreadIdProvider;

/// Called by the reset handler with RAM made ready.
///
/// # Safety
/// Once, by the reset handler.
#[no_mangle]
pub unsafe extern "C" fn main() -> ! {
    components::start::begin::<Chip, ThreadId>();
    if DEBUG_RTT {
        kernel::debug::set_debug_writer_wrapper(
            &RTT,
            create_capability!(capabilities::SetDebugWriterCapability),
        );
    }
    let log = crash::open(Power::new(base::POWER).take_reset_bits());

    // SAFETY: this function runs once, and what it makes lives for ever.
    let (kernel, platform, chip) = unsafe { wire(log) };
    let main_loop = create_capability!(capabilities::MainLoopCapability);
    kernel.kernel_loop(platform, chip, &main_loop)
}

/// Makes the kernel and all that it works with, ready to start.
///
/// Never part of its caller: its frame of 2 KB would stay on the stack for ever.
///
/// # Safety
/// Once.
#[inline(never)]
unsafe fn wire(log: crash::Log) -> (&'static Kernel, &'static Platform, &'static Chip) {
    let management = create_capability!(capabilities::ProcessManagementCapability);
    let memory = create_capability!(capabilities::MemoryAllocationCapability);

    // SAFETY: the function runs once; so for all memory that is taken here.
    let peripherals = unsafe {
        let pins = static_init!(Port<'static>, Port::new(base::P0, base::P1, base::GPIOTE));
        let common = static_init!(Common, Common::new(pins, static_init!([u16; 1], [0])));
        static_init!(Peripherals, Peripherals::new(common))
    };
    // SAFETY: as above.
    let chip = unsafe { static_init!(Chip, Chip::new(peripherals)) };
    // SAFETY: as above.
    let processes = unsafe { static_init_const!(ProcessArray<PROCESSES>, ProcessArray::new()) };
    // SAFETY: as above.
    let kernel = unsafe { static_init!(Kernel, Kernel::new(processes.as_slice())) };

    // Without it no alarm comes; it cannot fail on this counter.
    let _ = peripherals.common.rtc.start();
    // SAFETY: as above.
    let table = unsafe {
        let alarm = peripherals.common.rtc.alarm(alarm::PROCESS_TABLE);
        let table = static_init!(
            ProcessTable,
            ProcessTable::new(log, kernel, ProcessManagement, alarm)
        );
        alarm.set_alarm_client(table);
        &*table
    };

    // SAFETY: as above.
    let root = unsafe { take_root() };
    // SAFETY: as above.
    let wired = unsafe { wiring::wire(kernel, peripherals, root, &memory) };
    let (generator, trust) = (wired.generator, wired.trust);

    // SAFETY: as above.
    let restarts = unsafe {
        let alarm = peripherals.common.rtc.alarm(alarm::RESTARTS);
        let restarts = static_init!(
            Restarts,
            RestartBackoff::new(kernel, ProcessManagement, alarm, BACKOFF)
        );
        alarm.set_alarm_client(restarts);
        &*restarts
    };
    // SAFETY: as above.
    let levels = unsafe {
        static_init_const!(
            [PriorityLevel; PROCESSES],
            [const { PriorityLevel::new(PriorityLevel::LEAST) }; PROCESSES]
        )
    };
    // SAFETY: as above.
    let platform = unsafe {
        static_init!(
            Platform,
            Platform {
                drivers: wired.drivers,
                filter: Filter::new(TABLE),
                faults: FaultHooks(FaultRecorder::new(
                    TABLE,
                    table,
                    CoreRegisters,
                    trust.map(|(key_store, _)| key_store as _),
                )),
                scheduler: Scheduler::with_levels(
                    kernel,
                    ProcessManagement,
                    levels,
                    TIMESLICE_US,
                    Woken(kernel),
                ),
                timer: cortexm4::systick::SysTick::new_with_calibration(CPU_HZ),
                watchdog: Wdt::new(base::WDT, WATCHDOG_MS),
            }
        )
    };

    // SAFETY: as above; the linker script gives these addresses to the apps.
    let loader = unsafe {
        let versions: &dyn StoredVersions = match trust {
            Some((key_store, _)) => static_init!(
                KeptVersions<'static>,
                KeptVersions::new(key_store, version_not_kept)
            ),
            None => &(),
        };
        let rules = static_init!(SlotRules<'static>, SlotRules::new(TABLE, versions));
        let signatures = static_init!(
            Signatures,
            Signatures::new(&SIGNERS, rules, SIGNATURES_REQUIRED, wired.signature_steps)
        );
        signatures.register();
        let checker = static_init!(
            ProcessCheckerMachine,
            ProcessCheckerMachine::new(signatures)
        );
        signatures.set_client(checker);
        let binaries = static_init_const!(Binaries, [const { MapCell::empty() }; PROCESSES]);
        let (flash, ram) = app_memory();
        let loader = static_init!(
            Loader,
            Loader::new(
                checker,
                binaries,
                kernel,
                chip,
                flash,
                ram,
                static_init!(FaultByApp<'static>, FaultByApp::new(TABLE, restarts)),
                &(),
                static_init!(SignedIdentity, SignedIdentity::new(&SIGNERS)),
                &management,
            )
        );
        checker.set_client(loader);
        if let Some(address) = TABLE.most_urgent() {
            loader.load_first(address);
        }
        loader.register();
        let report = Report {
            kernel,
            capability: ProcessManagement,
            apps: TABLE,
            levels,
            flash,
            signatures_required: SIGNATURES_REQUIRED,
            outcomes: signatures,
            table,
            debug_output: DEBUG_RTT,
            client: generator,
        };
        loader.set_client(static_init!(Report, report));
        &*loader
    };
    match trust {
        Some((_, start)) => {
            start.set_loader(loader);
            generator.start();
        }
        None => loader.start(),
    }
    table.start();
    if DEBUG_RTT {
        debug!(
            "Wattlock kernel {}.{}",
            kernel::KERNEL_MAJOR_VERSION,
            kernel::KERNEL_MINOR_VERSION
        );
    }
    (kernel, platform, chip)
}

/// The storage root. An image that runs unsigned apps never has one, so that no
/// such app comes near a key.
///
/// # Safety
/// Once, before the kernel's drivers exist.
unsafe fn take_root() -> Option<Root> {
    if !SIGNATURES_REQUIRED {
        return None;
    }
    // SAFETY: the caller vouches for it.
    unsafe { root::take() }
        .inspect_err(|error| debug!("no root of trust: {:?}", error))
        .ok()
}

fn version_not_kept(short_id: u32, version: u32, error: ErrorCode) {
    if DEBUG_RTT {
        debug!(
            "version {} of app {} not kept: {:?}",
            version, short_id, error
        );
    }
}
