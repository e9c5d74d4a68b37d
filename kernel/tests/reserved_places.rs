//! Apps that a signer vouches for have their places, however many others stand before them.

use std::cell::{Cell, RefCell};

use capsules_system::process_policies::StopFaultPolicy;
use kernel::deferred_call::{initialize_deferred_call_state, DeferredCallClient};
use kernel::process::{ProcessLoadError, ProcessLoadingAsync, ProcessLoadingAsyncClient};
use kernel::process_checker::{AppCredentialsPolicy, AppCredentialsPolicyClient, CheckResult};
use kernel::ErrorCode;
use testing::loading::{self, ByHeader};
use testing::*;
use tock_tbf::types::TbfFooterV2Credentials;

/// Accepts every credential, and apps without one.
struct AcceptsAll {
    chip: &'static FakeChip,
    client: Cell<Option<&'static dyn AppCredentialsPolicyClient<'static>>>,
}

impl AppCredentialsPolicy<'static> for AcceptsAll {
    fn set_client(&self, client: &'static dyn AppCredentialsPolicyClient<'static>) {
        self.client.set(Some(client));
    }

    fn require_credentials(&self) -> bool {
        false
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        region: &'static [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'static [u8])> {
        let client = self.client.get().expect("the checker");
        self.chip.interrupt(move || {
            client.check_done(Ok(CheckResult::Accept(None)), credentials, region);
        });
        Ok(())
    }
}

#[derive(Default)]
struct Client {
    without_place: Cell<usize>,
    others: RefCell<Vec<ProcessLoadError>>,
    finished: Cell<bool>,
}

impl ProcessLoadingAsyncClient for Client {
    fn process_loaded(&self, result: Result<(), ProcessLoadError>) {
        match result {
            Ok(()) => {}
            Err(ProcessLoadError::NoProcessSlot) => {
                self.without_place.set(self.without_place.get() + 1);
            }
            Err(error) => self.others.borrow_mut().push(error),
        }
    }

    fn process_loading_finished(&self) {
        self.finished.set(true);
    }
}

/// One test: deferred calls belong to one thread of a program.
#[test]
fn guests_before_a_signed_app_do_not_push_it_out() {
    initialize_deferred_call_state::<Thread>();
    let guest = |name| App::new(name).min_ram(512);
    let signed = |name, id: u32| {
        App::new(name)
            .min_ram(512)
            .element(10, &id.to_le_bytes())
            .footer(&[3u32.to_le_bytes().as_slice(), &[0; 32]].concat())
    };
    // More than the loader has places for, which are more than the table's.
    let mut apps: Vec<App> = (0..11).map(|_| guest("before")).collect();
    apps.extend([signed("meter", 7), guest("behind"), signed("update", 8)]);
    let count = apps.len();
    let flash: &'static [u8] = Box::leak(app::list(&apps).into_boxed_slice());
    let (kernel, slots) = bare_kernel();
    let chip = forever(FakeChip::new());
    let policy = forever(AcceptsAll {
        chip,
        client: Cell::new(None),
    });
    let faults = forever(StopFaultPolicy {});
    let loader = loading::loader(kernel, chip, flash, policy, &ByHeader, faults);
    let client = forever(Client::default());
    loader.set_client(client);
    loader.register();
    loader.start();
    for _ in 0..1_000 {
        kernel::platform::chip::Chip::service_pending_interrupts(chip);
        loader.handle_deferred_call();
    }
    assert!(client.finished.get());
    let names: Vec<&str> = slots
        .as_slice()
        .iter()
        .filter_map(|slot| Some(slot.get()?.get_process_name()))
        .collect();
    assert_eq!(names[..2], ["meter", "update"], "first of all");
    assert!(names[2..].iter().all(|name| *name == "before"));
    assert_eq!(names.len(), SLOTS, "and the rest is the guests'");
    // Everybody else is told why.
    assert_eq!(client.without_place.get(), count - SLOTS);
    assert!(client.others.borrow().is_empty());
}
