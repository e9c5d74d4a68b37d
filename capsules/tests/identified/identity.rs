//! Processes with the ShortIds that a test gives them.

use std::cell::Cell;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Mutex, OnceLock};

use kernel::deferred_call::{initialize_deferred_call_state, DeferredCallClient};
use kernel::process::{
    Process, ProcessBinary, ProcessLoadError, ProcessLoadingAsync, ProcessLoadingAsyncClient,
    SequentialProcessLoaderMachine, ShortId, StopFaultPolicy,
};
use kernel::process_checker::{
    AppCredentialsPolicy, AppCredentialsPolicyClient, AppUniqueness, Compress,
    ProcessCheckerMachine,
};
use kernel::utilities::cells::MapCell;
use kernel::{ErrorCode, Kernel};
use tock_tbf::types::TbfFooterV2Credentials;

use crate::bench::{Bench, Drivers};
use crate::rig::chip::Thread;
use crate::rig::{self, forever, App, Power};

/// The header element that carries a ShortId.
const SHORT_ID_ELEMENT: u16 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// Runs a test on the one thread that has the kernel's deferred calls.
pub fn on_kernel_thread(test: impl FnOnce() + Send + 'static) {
    static JOBS: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    let jobs = JOBS.get_or_init(|| {
        let (sender, receiver) = channel::<Job>();
        std::thread::spawn(move || {
            initialize_deferred_call_state::<Thread>();
            receiver.into_iter().for_each(|job| job());
        });
        Mutex::new(sender)
    });
    let (done, result) = channel();
    let job = Box::new(move || {
        let outcome = catch_unwind(AssertUnwindSafe(test));
        done.send(outcome).expect("the test waits");
    });
    jobs.lock()
        .expect("nobody fails with the lock")
        .send(job)
        .expect("the kernel's thread lives");
    if let Err(panic) = result.recv().expect("the kernel's thread lives") {
        resume_unwind(panic);
    }
}

/// Takes every binary without a look at its credentials: the tests are about
/// what follows from an identity, not about how it is proved.
struct NoCredentials;

impl AppCredentialsPolicy<'static> for NoCredentials {
    fn set_client(&self, _: &'static dyn AppCredentialsPolicyClient<'static>) {}

    fn require_credentials(&self) -> bool {
        false
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        region: &'static [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'static [u8])> {
        Err((ErrorCode::NOSUPPORT, credentials, region))
    }
}

struct ByHeader;

impl Compress for ByHeader {
    fn to_short_id(&self, binary: &ProcessBinary) -> ShortId {
        binary.header.get_fixed_short_id().into()
    }
}

impl AppUniqueness for ByHeader {
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

#[derive(Default)]
struct Finished(Cell<bool>);

impl ProcessLoadingAsyncClient for Finished {
    fn process_loaded(&self, result: Result<(), ProcessLoadError>) {
        result.expect("the process loads");
    }

    fn process_loading_finished(&self) {
        self.0.set(true);
    }
}

/// A bench with one process for each of `ids`; 0 is a process without identity.
pub fn bench(ids: &[u32], make: impl FnOnce(&'static Kernel) -> Drivers) -> Bench {
    let apps: Vec<App> = ids
        .iter()
        .map(|id| match id {
            0 => App::new("guest").min_ram(8192),
            id => App::new("app")
                .min_ram(8192)
                .element(SHORT_ID_ELEMENT, &id.to_le_bytes()),
        })
        .collect();
    Bench::load(&apps, make, |kernel, chip, flash| {
        let checker = forever(ProcessCheckerMachine::new(&NoCredentials));
        let binaries: &'static [MapCell<ProcessBinary>] =
            Box::leak((0..rig::SLOTS).map(|_| MapCell::empty()).collect());
        let loader = forever(SequentialProcessLoaderMachine::new(
            checker,
            binaries,
            kernel,
            chip,
            flash,
            rig::ram(rig::RAM),
            forever(StopFaultPolicy {}),
            &(),
            &ByHeader,
            &Power,
        ));
        checker.set_client(loader);
        let finished = forever(Finished::default());
        loader.set_client(finished);
        loader.start();
        // The program has more loaders than the kernel has deferred calls.
        while !finished.0.get() {
            loader.handle_deferred_call();
        }
    })
}
