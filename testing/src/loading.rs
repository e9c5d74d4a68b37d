//! Loads processes with the ShortIds of their headers.

use std::cell::Cell;

use kernel::deferred_call::DeferredCallClient;
use kernel::process::{
    ProcessFaultPolicy, ProcessLoadError, ProcessLoadingAsync, ProcessLoadingAsyncClient,
};
use kernel::process_checker::{AppCredentialsPolicy, AppCredentialsPolicyClient};
use kernel::{ErrorCode, Kernel};
use tock_tbf::types::TbfFooterV2Credentials;

use crate::host::loading::{loader, ByHeader};
use crate::host::{forever, App, FakeChip};

/// The header element that carries a ShortId.
const SHORT_ID_ELEMENT: u16 = 10;

/// An app of this ShortId; 0 is one without identity.
pub fn app(id: u32) -> App {
    match id {
        0 => App::new("guest").min_ram(8192),
        id => App::new("app")
            .min_ram(8192)
            .element(SHORT_ID_ELEMENT, &id.to_le_bytes()),
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

/// Loads the processes of a list of apps.
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
