//! Loading with identities: the kernel's loader, and apps that are who their headers say.

use std::cell::Cell;

use kernel::deferred_call::DeferredCallClient;
use kernel::process::{
    Process, ProcessBinary, ProcessFaultPolicy, ProcessLoadError, ProcessLoadingAsync,
    ProcessLoadingAsyncClient, SequentialProcessLoaderMachine, ShortId,
};
use kernel::process_checker::{
    AppCredentialsPolicy, AppCredentialsPolicyClient, AppIdPolicy, AppUniqueness, Compress,
    ProcessCheckerMachine,
};
use kernel::utilities::cells::MapCell;
use kernel::{ErrorCode, Kernel};
use tock_tbf::types::TbfFooterV2Credentials;

use crate::host::{FakeChip, RAM};
use crate::memory::{forever, ram};
use crate::power::Power;

/// Binaries of a list that the loader looks at.
const BINARIES: usize = 8;

/// The kernel's loader, on the host.
pub type Loader = SequentialProcessLoaderMachine<'static, FakeChip>;

/// A loader of the objects in `flash`. It has no client yet, is not registered
/// for its deferred calls, and has not been started.
pub fn loader(
    kernel: &'static Kernel,
    chip: &'static FakeChip,
    flash: &'static [u8],
    credentials: &'static dyn AppCredentialsPolicy<'static>,
    identities: &'static dyn AppIdPolicy,
    faults: &'static dyn ProcessFaultPolicy,
) -> &'static Loader {
    let checker = forever(ProcessCheckerMachine::new(credentials));
    credentials.set_client(checker);
    let binaries: &'static [MapCell<ProcessBinary>] =
        Box::leak((0..BINARIES).map(|_| MapCell::empty()).collect());
    let loader = forever(SequentialProcessLoaderMachine::new(
        checker,
        binaries,
        kernel,
        chip,
        flash,
        ram(RAM),
        faults,
        &(),
        identities,
        &Power,
    ));
    checker.set_client(loader);
    loader
}

/// An app is who its header says it is.
pub struct ByHeader;

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

/// Takes every binary without a look at its credentials: what is tested with it is what
/// follows from an identity, not how it is proved.
pub struct NoCredentials;

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

/// Loads the processes of a list of apps with the ShortIds of their headers.
///
/// # Panics
/// If one of them does not load.
pub fn load(
    kernel: &'static Kernel,
    chip: &'static FakeChip,
    flash: &'static [u8],
    policy: &'static dyn ProcessFaultPolicy,
) {
    let loader = loader(kernel, chip, flash, &NoCredentials, &ByHeader, policy);
    let finished = forever(Finished::default());
    loader.set_client(finished);
    loader.start();
    // The program has more loaders than the kernel has deferred calls.
    while !finished.0.get() {
        loader.handle_deferred_call();
    }
}
