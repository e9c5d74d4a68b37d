//! Loading with signatures: the kernel's own loader, on objects that are signed, altered, or claim too much.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use capsules_system::app_rules::{AppRules, Outcomes, Refusal, SignedApp, StoredVersions};
use capsules_system::process_policies::StopFaultPolicy;
use capsules_trust::app_signature::{AppSignatures, SignedIdentity, Signer};
use kernel::deferred_call::{initialize_deferred_call_state, DeferredCall, DeferredCallClient};
use kernel::process::{ProcessLoadError, ProcessLoadingAsync, ProcessLoadingAsyncClient, ShortId};
use kernel::process_checker::{
    AcceptedCredential, AppCredentialsPolicy, AppCredentialsPolicyClient, CheckResult,
    CheckResultAcceptMetadata, Confirmation, ProcessCheckError,
};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use sha2::{Digest, Sha256};
use stepped_p256::{Progress, PublicKeyDerivation, Signing};
use testing::*;
use tock_tbf::types::TbfFooterV2Credentials;

const VENDOR: u8 = 1;
const OPERATOR: u8 = 2;
const STRANGER: u8 = 3;

/// Program header: version, 16 bytes behind its start at 16 + 4.
const VERSION_AT: usize = 36;
const FLAGS_AT: usize = 8;
const CHECKSUM_AT: usize = 12;

fn finish<T>(mut step: impl FnMut() -> Progress<T>) -> T {
    loop {
        if let Progress::Done(result) = step() {
            return result;
        }
    }
}

fn public_key(secret: u8) -> [u8; 65] {
    let mut derivation = PublicKeyDerivation::new(&[secret; 32]).unwrap();
    finish(|| derivation.step())
}

fn signers() -> &'static [Signer] {
    Box::leak(Box::new([
        Signer {
            public_key: public_key(VENDOR),
            apps: &[1, 2, 3, 4, 5, 9],
        },
        Signer {
            public_key: public_key(OPERATOR),
            apps: &[6],
        },
    ]))
}

/// Slots are where the test has put the objects, except for app 5; versions are kept.
#[derive(Default)]
struct Rules {
    newest: RefCell<BTreeMap<u32, u32>>,
    asked: RefCell<Vec<SignedApp>>,
}

impl StoredVersions for Rules {
    fn newest(&self, short_id: u32) -> u32 {
        self.newest.borrow().get(&short_id).copied().unwrap_or(0)
    }

    fn ran(&self, short_id: u32, version: u32) {
        self.newest.borrow_mut().insert(short_id, version);
    }
}

impl AppRules for Rules {
    fn admit(&self, app: &SignedApp) -> Result<(), Refusal> {
        self.asked.borrow_mut().push(*app);
        if app.short_id == 5 {
            return Err(Refusal::WrongPlace);
        }
        if app.version < self.newest(app.short_id) {
            return Err(Refusal::OldVersion);
        }
        self.ran(app.short_id, app.version);
        Ok(())
    }
}

#[derive(Default)]
struct Client {
    errors: RefCell<Vec<ProcessCheckError>>,
    others: Cell<usize>,
    finished: Cell<bool>,
}

impl ProcessLoadingAsyncClient for Client {
    fn process_loaded(&self, result: Result<(), ProcessLoadError>) {
        match result {
            Ok(()) => {}
            Err(ProcessLoadError::CheckError(error)) => self.errors.borrow_mut().push(error),
            // What was altered so that the header makes no sense any more.
            Err(_) => self.others.set(self.others.get() + 1),
        }
    }

    fn process_loading_finished(&self) {
        assert!(!self.finished.replace(true));
    }
}

/// A credential to be made: by whom, or what stands in its place.
enum Credential {
    By(u8),
    Raw(u32, Vec<u8>),
}
use Credential::{By, Raw};

/// An object with these credentials, each a signature of what precedes all.
fn object(name: &'static str, id: u32, version: u32, credentials: &[Credential]) -> Vec<u8> {
    let mut app = App::new(name).min_ram(1024).element(10, &id.to_le_bytes());
    app.version = version;
    for credential in credentials {
        let (format, length) = match credential {
            By(_) => (6, 64),
            Raw(format, data) => (*format, data.len()),
        };
        app = app.footer(&[&u32::to_le_bytes(format)[..], &vec![0; length]].concat());
    }
    let mut object = app.build();
    assert_eq!(object[VERSION_AT..VERSION_AT + 4], version.to_le_bytes());
    let end = binary_end(&object);
    let digest = Sha256::digest(&object[..end]).into();
    let mut at = end;
    for credential in credentials {
        let data = match credential {
            By(secret) => {
                let mut signing = Signing::new(&[*secret; 32], &digest).unwrap();
                finish(|| signing.step()).to_vec()
            }
            Raw(_, data) => data.clone(),
        };
        object[at + 8..at + 8 + data.len()].copy_from_slice(&data);
        at += 8 + data.len();
    }
    object
}

fn header_size(object: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([object[2], object[3]]))
}

fn binary_end(object: &[u8]) -> usize {
    header_size(object) + 256
}

/// With this byte changed, and the header's checksum set right again.
fn altered(object: &[u8], at: usize, mask: u8) -> Vec<u8> {
    let mut object = object.to_vec();
    object[at] ^= mask;
    let length = header_size(&object);
    let in_header = at < length && !(CHECKSUM_AT..CHECKSUM_AT + 4).contains(&at);
    if let (true, Some(header)) = (in_header, object.get_mut(..length)) {
        app::seal(header);
    }
    object
}

struct Loaded {
    names: Vec<&'static str>,
    ids: Vec<ShortId>,
    errors: Vec<ProcessCheckError>,
    /// Of each object, what came of its credentials.
    outcomes: Vec<Option<Result<(), Refusal>>>,
}

/// Has the kernel load these objects.
fn load(objects: &[Vec<u8>], rules: &'static Rules, required: bool) -> Loaded {
    let mut flash = objects.concat();
    flash.resize(flash.len() + 64, 0xFF);
    let flash: &'static [u8] = Box::leak(flash.into_boxed_slice());
    let signers = signers();
    let policy = forever(AppSignatures::new(
        signers,
        rules,
        required,
        DeferredCall::new(),
    ));
    policy.register();
    let (slots, client) = load_flash(flash, signers, policy);
    let processes: Vec<_> = slots
        .as_slice()
        .iter()
        .filter_map(|slot| slot.get())
        .collect();
    let mut at = flash.as_ptr().addr();
    Loaded {
        names: processes.iter().map(|p| p.get_process_name()).collect(),
        ids: processes.iter().map(|p| p.short_app_id()).collect(),
        errors: client.errors.borrow().clone(),
        outcomes: objects
            .iter()
            .map(|object| {
                let outcome = policy.outcome_of(at);
                at += object.len();
                outcome
            })
            .collect(),
    }
}

/// Has the kernel load these objects by this policy; names of what runs, and errors.
fn load_by(
    objects: &[Vec<u8>],
    signers: &'static [Signer],
    policy: &'static dyn AppCredentialsPolicy<'static>,
) -> (Vec<&'static str>, Vec<ProcessCheckError>) {
    let mut flash = objects.concat();
    flash.resize(flash.len() + 64, 0xFF);
    let (slots, client) = load_flash(Box::leak(flash.into_boxed_slice()), signers, policy);
    let processes = slots.as_slice().iter().filter_map(|slot| slot.get());
    let names = processes.map(|process| process.get_process_name());
    (names.collect(), client.errors.borrow().clone())
}

fn load_flash(
    flash: &'static [u8],
    signers: &'static [Signer],
    policy: &'static dyn AppCredentialsPolicy<'static>,
) -> (&'static Slots, &'static Client) {
    let (kernel, slots) = bare_kernel();
    let host = HostKernel::assemble(kernel, slots, Drivers::new(), round_robin(slots));
    let identities = forever(SignedIdentity::new(signers));
    let faults = forever(StopFaultPolicy {});
    let loader = loading::loader(kernel, host.chip, flash, policy, identities, faults);
    loader.register();
    let client = forever(Client::default());
    loader.set_client(client);
    loader.start();
    for _ in 0..1_000_000 {
        if client.finished.get() {
            break;
        }
        host.turn();
    }
    assert!(client.finished.get());
    (slots, client)
}

fn fixed(id: u32) -> ShortId {
    ShortId::Fixed(id.try_into().unwrap())
}

fn who_runs_and_why_not() {
    let good = object("good", 1, 1, &[By(VENDOR)]);
    let mut truncated = object("truncated", 9, 1, &[By(VENDOR)]);
    // The total size ends in the signature; it is part of the header, so the
    // attacker signs nothing and hopes for a lenient parser.
    let shorter = (truncated.len() - 32) as u32;
    truncated.truncate(shorter as usize);
    truncated[4..8].copy_from_slice(&shorter.to_le_bytes());
    let header = header_size(&truncated);
    app::seal(&mut truncated[..header]);

    let unknown_format = Raw(5, vec![7; 64]);
    let objects = [
        good.clone(),
        // The operator's, behind a hash and a stranger's signature.
        object(
            "several",
            6,
            1,
            &[
                unknown_format,
                By(STRANGER),
                By(OPERATOR),
                Raw(0, vec![0; 9]),
            ],
        ),
        object("unsigned", 2, 1, &[]),
        object("hash only", 2, 1, &[Raw(3, vec![7; 32])]),
        altered(&object("flags", 2, 1, &[By(VENDOR)]), FLAGS_AT, 0x02),
        altered(&object("code", 2, 1, &[By(VENDOR)]), 300, 0x10),
        object("stranger", 2, 1, &[By(STRANGER)]),
        object("zeros", 2, 1, &[Raw(6, vec![0; 64])]),
        // A signer for other apps; then all signers for another app.
        object("operator", 2, 1, &[By(OPERATOR)]),
        object("no one's", 7, 1, &[By(VENDOR), By(OPERATOR)]),
        object("no app", 0, 1, &[By(VENDOR)]),
        truncated,
        object("misplaced", 5, 1, &[By(VENDOR), By(VENDOR)]),
        object("old", 3, 6, &[By(VENDOR)]),
        object("same", 4, 7, &[By(VENDOR)]),
    ];
    let rules = forever(Rules::default());
    rules.ran(3, 7);
    rules.ran(4, 7);
    let loaded = load(&objects, rules, true);
    assert_eq!(loaded.names, ["good", "several", "same"]);
    assert!(loaded.ids == [fixed(1), fixed(6), fixed(4)]);
    use Refusal::*;
    assert_eq!(
        loaded.outcomes,
        [
            Some(Ok(())),
            Some(Ok(())),
            None,
            None,
            Some(Err(WrongSignature)),
            Some(Err(WrongSignature)),
            Some(Err(WrongSignature)),
            Some(Err(WrongSignature)),
            Some(Err(NotTheSignersApp)),
            Some(Err(NotTheSignersApp)),
            Some(Err(NotTheSignersApp)),
            None,
            Some(Err(WrongPlace)),
            Some(Err(OldVersion)),
            Some(Ok(())),
        ]
    );
    use ProcessCheckError::*;
    let expected = [
        &[CredentialsNotAccepted; 10][..],
        &[CredentialsRejected(0); 2],
    ]
    .concat();
    assert_eq!(loaded.errors, expected);
    assert_eq!(
        (rules.newest(1), rules.newest(3), rules.newest(4)),
        (1, 7, 7)
    );
    // What the rules may know of the place that an app asks for.
    let first = rules.asked.borrow()[0];
    assert_eq!(
        (first.flash_size, first.ram_start, first.ram_size),
        (objects[0].len(), None, 1_024)
    );
}

/// Whatever an attacker does to one byte, and sets the checksum right behind it.
fn no_byte_can_be_altered() {
    let good = object("bytes", 1, 1, &[By(VENDOR)]);
    // The first eight bytes say where the next object starts; every one of them
    // is tried at the end of a list of its own, with fewer deferred calls.
    let objects: Vec<_> = (8..header_size(&good) + 8)
        .map(|at| altered(&good, at, 0x01))
        .collect();
    let loaded = load(&objects, forever(Rules::default()), true);
    assert_eq!(loaded.names, [""; 0]);
    for at in 0..8 {
        let objects = [altered(&good, at, 0x04)];
        let loaded = load(&objects, forever(Rules::default()), true);
        assert_eq!(loaded.names, [""; 0], "byte {at}");
    }
}

/// Without the requirement, what nobody vouches for runs, but as no app.
fn guests_are_no_apps() {
    let objects = [
        object("unsigned", 1, 1, &[]),
        object("stranger", 2, 1, &[By(STRANGER)]),
        object("signed", 1, 1, &[By(VENDOR)]),
        object("misplaced", 5, 1, &[By(VENDOR)]),
    ];
    let loaded = load(&objects, forever(Rules::default()), false);
    assert_eq!(loaded.names, ["unsigned", "stranger", "signed"]);
    assert!(loaded.ids[0] != fixed(1));
    assert!(loaded.ids[1] != fixed(2));
    assert!(loaded.ids[2] == fixed(1));
}

/// A policy whose first decision is turned, as a lost instruction may turn it: everything is
/// accepted, as of the first signer.
struct Turned {
    policy: &'static AppSignatures<'static, DeferredCall>,
    client: OptionalCell<&'static dyn AppCredentialsPolicyClient<'static>>,
}

impl AppCredentialsPolicy<'static> for Turned {
    fn set_client(&self, client: &'static dyn AppCredentialsPolicyClient<'static>) {
        self.client.set(client);
    }

    fn require_credentials(&self) -> bool {
        // Turned, too.
        false
    }

    fn confirm(&self, credential: Option<AcceptedCredential>, region: &[u8]) -> Confirmation {
        self.policy.confirm(credential, region)
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        region: &'static [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'static [u8])> {
        self.policy.check_credentials(credentials, region)
    }
}

impl AppCredentialsPolicyClient<'static> for Turned {
    fn check_done(
        &self,
        _: Result<CheckResult, ErrorCode>,
        credentials: TbfFooterV2Credentials,
        region: &'static [u8],
    ) {
        let accepted = CheckResult::Accept(Some(CheckResultAcceptMetadata { metadata: 0 }));
        let client = self.client.get().unwrap();
        client.check_done(Ok(accepted), credentials, region);
    }
}

/// The decision is taken twice: what the first one lets through wrongly, the second does not.
fn a_turned_verdict_runs_nothing() {
    let one_bit = object("altered", 2, 1, &[By(VENDOR)]);
    let objects = [
        object("good", 3, 1, &[By(VENDOR)]),
        object("forged", 1, 1, &[By(STRANGER)]),
        altered(&one_bit, 300, 1),
        object("unsigned", 4, 1, &[]),
        object("zeros", 6, 1, &[Raw(6, vec![0; 64])]),
    ];
    let signers = signers();
    let policy = forever(AppSignatures::new(
        signers,
        forever(Rules::default()),
        true,
        DeferredCall::new(),
    ));
    policy.register();
    let turned = forever(Turned {
        policy,
        client: OptionalCell::empty(),
    });
    policy.set_client(turned);
    let (names, errors) = load_by(&objects, signers, turned);
    assert_eq!(names, ["good"]);
    assert_eq!(errors, [ProcessCheckError::CredentialsNotAccepted; 4]);
}

/// One test: deferred calls belong to one thread of a program.
#[test]
fn signatures_decide_what_runs_and_as_whom() {
    initialize_deferred_call_state::<Thread>();
    who_runs_and_why_not();
    guests_are_no_apps();
    no_byte_can_be_altered();
    a_turned_verdict_runs_nothing();
}
