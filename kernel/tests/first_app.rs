//! An app that comes before all others: it executes before they are even checked.

use std::cell::{Cell, RefCell};

use capsules_system::process_policies::StopFaultPolicy;
use kernel::deferred_call::{initialize_deferred_call_state, BackgroundCall, DeferredCallClient};
use kernel::process::{ProcessLoadError, ProcessLoadingAsync, ProcessLoadingAsyncClient};
use kernel::process_checker::{AppCredentialsPolicy, AppCredentialsPolicyClient, CheckResult};
use kernel::ErrorCode;
use testing::loading::{self, ByHeader};
use testing::*;
use tock_tbf::types::TbfFooterV2Credentials;

/// Steps that each check takes, in the background.
const STEPS: usize = 20;

/// A check under way: the credential, what it covers, and the steps that are left.
type Checking = (TbfFooterV2Credentials, &'static [u8], usize);

/// Accepts every credential but those of all zeros, after a number of steps in the background.
struct Patient {
    host: &'static HostKernel,
    client: Cell<Option<&'static dyn AppCredentialsPolicyClient<'static>>>,
    steps: BackgroundCall,
    checking: RefCell<Option<Checking>>,
    /// Of each check that was begun: the address of the object, and which processes had
    /// executed by then.
    begun: RefCell<Vec<(usize, Vec<&'static str>)>>,
}

impl AppCredentialsPolicy<'static> for Patient {
    fn set_client(&self, client: &'static dyn AppCredentialsPolicyClient<'static>) {
        self.client.set(Some(client));
    }

    fn require_credentials(&self) -> bool {
        true
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        region: &'static [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'static [u8])> {
        let address = region.as_ptr().addr();
        self.begun.borrow_mut().push((address, Vec::new()));
        *self.checking.borrow_mut() = Some((credentials, region, STEPS));
        self.steps.set_in_background();
        Ok(())
    }
}

impl DeferredCallClient for Patient {
    fn handle_deferred_call(&self) {
        let Some((credentials, region, left)) = self.checking.take() else {
            return;
        };
        if left > 0 {
            *self.checking.borrow_mut() = Some((credentials, region, left - 1));
            return self.steps.set_in_background();
        }
        let slots = self.host.slots.as_slice().iter();
        let executed = slots
            .filter_map(|slot| slot.get())
            .filter(|process| process.debug_syscall_count() > 0)
            .map(|process| process.get_process_name());
        if let Some((_, names)) = self.begun.borrow_mut().last_mut() {
            names.extend(executed);
        }
        let result = match credentials.data().iter().all(|byte| *byte == 0) {
            true => CheckResult::Pass,
            false => CheckResult::Accept(None),
        };
        let client = self.client.get().expect("the checker");
        client.check_done(Ok(result), credentials, region);
    }

    fn register(&'static self) {
        self.steps.register(self);
    }
}

#[derive(Default)]
struct Client {
    failed: Cell<usize>,
    finished: Cell<usize>,
}

impl ProcessLoadingAsyncClient for Client {
    fn process_loaded(&self, result: Result<(), ProcessLoadError>) {
        self.failed
            .set(self.failed.get() + usize::from(result.is_err()));
    }

    fn process_loading_finished(&self) {
        self.finished.set(self.finished.get() + 1);
    }
}

/// What came of a list of objects of which the one at a place was to come first.
struct Loaded {
    /// Which objects were checked, by place, with the processes that had executed by the end.
    checks: Vec<(usize, Vec<&'static str>)>,
    running: Vec<&'static str>,
    failed: usize,
}

fn object(name: &'static str, id: u32, signature: u8) -> Vec<u8> {
    let app = App::new(name).min_ram(1024).element(10, &id.to_le_bytes());
    app.footer(&[&[3, 0, 0, 0], &[signature; 32][..]].concat())
        .build()
}

fn load(objects: &[Vec<u8>], first: usize) -> Loaded {
    initialize_deferred_call_state::<Thread>();
    let mut flash = objects.concat();
    flash.resize(flash.len() + 64, 0xFF);
    let flash: &'static [u8] = Box::leak(flash.into_boxed_slice());
    let addresses: Vec<usize> = objects
        .iter()
        .scan(flash.as_ptr().addr(), |next, object| {
            let address = *next;
            *next += object.len();
            Some(address)
        })
        .collect();
    let (kernel, slots) = bare_kernel();
    let host = HostKernel::assemble(kernel, slots, Drivers::new(), round_robin(slots));
    let host = forever(host);
    let policy = forever(Patient {
        host,
        client: Cell::new(None),
        steps: BackgroundCall::new(),
        checking: RefCell::default(),
        begun: RefCell::default(),
    });
    policy.register();
    let faults = forever(StopFaultPolicy {});
    let loader = loading::loader(kernel, host.chip, flash, policy, &ByHeader, faults);
    loader.load_first(addresses[first]);
    loader.register();
    let client = forever(Client::default());
    loader.set_client(client);
    loader.start();
    for _ in 0..10_000 {
        host.turn();
    }
    assert_eq!(client.finished.get(), 1);
    let begun = policy.begun.borrow();
    let checks = begun.iter().map(|(address, executed)| {
        let place = addresses.iter().position(|at| at == address);
        (place.expect("an object"), executed.clone())
    });
    let slots = slots.as_slice().iter().filter_map(|slot| slot.get());
    Loaded {
        checks: checks.collect(),
        running: slots.map(|process| process.get_process_name()).collect(),
        failed: client.failed.get(),
    }
}

/// One test: deferred calls belong to one thread of a program.
#[test]
fn the_first_app_executes_before_the_others_are_checked() {
    let objects = [
        object("before", 1, 7),
        object("between", 2, 7),
        object("first", 3, 7),
        object("behind", 4, 7),
    ];
    let loaded = load(&objects, 2);
    assert_eq!(
        loaded.checks,
        [
            (2, vec![]),
            (0, vec!["first"]),
            (1, vec!["first"]),
            (3, vec!["first"]),
        ],
        "each once"
    );
    assert_eq!(loaded.running, ["first", "before", "between", "behind"]);
    assert_eq!(loaded.failed, 0);

    // One that is refused keeps nobody waiting, and is refused once.
    let objects = [object("before", 1, 7), object("refused", 3, 0)];
    let loaded = load(&objects, 1);
    assert_eq!(loaded.running, ["before"]);
    assert_eq!(loaded.checks, [(1, vec![]), (0, vec![])]);
    assert_eq!(loaded.failed, 1);

    // What is no app there is dealt with in its turn.
    let mut broken = object("broken", 3, 7);
    broken[12] ^= 1;
    let loaded = load(&[object("before", 1, 7), broken], 1);
    assert_eq!(loaded.running, ["before"]);
    assert_eq!(loaded.failed, 1);

    // Nor do objects matter that end the list before it.
    let nothing = vec![0xFF; 64];
    let loaded = load(&[object("before", 1, 7), nothing, object("first", 3, 7)], 2);
    assert_eq!(loaded.running, ["first", "before"]);
}
