//! Loading with credential checks, from footers to running processes.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;

use capsules_system::process_policies::StopFaultPolicy;
use kernel::deferred_call::{initialize_deferred_call_state, DeferredCallClient};
use kernel::process::{
    ProcessLoadError, ProcessLoadingAsync, ProcessLoadingAsyncClient, ShortId, State,
};
use kernel::process_checker::{
    AppCredentialsPolicy, AppCredentialsPolicyClient, CheckResult, CheckResultAcceptMetadata,
    ProcessCheckError, MOST_FOOTERS,
};
use kernel::ErrorCode;
use testing::loading::{self, ByHeader};
use testing::*;
use tock_tbf::types::{TbfFooterV2Credentials, TbfFooterV2CredentialsType};

/// Accepts a "hash" that is a checksum of the integrity region, rejects a
/// "signature", has no opinion of anything else. Answers from an interrupt.
struct Checker {
    chip: &'static FakeChip,
    client: Cell<Option<&'static dyn AppCredentialsPolicyClient<'static>>>,
    checked: Cell<usize>,
}

/// A poor hash: good enough to see which bytes are covered.
fn hash(bytes: &[u8]) -> [u8; 32] {
    let sum = bytes.iter().enumerate().fold(0u32, |sum, (place, byte)| {
        sum.wrapping_mul(31)
            .wrapping_add(u32::from(*byte))
            .wrapping_add(place as u32)
    });
    let mut out = [0; 32];
    out[..4].copy_from_slice(&sum.to_le_bytes());
    out
}

impl AppCredentialsPolicy<'static> for Checker {
    fn set_client(&self, client: &'static dyn AppCredentialsPolicyClient<'static>) {
        self.client.set(Some(client));
    }

    fn require_credentials(&self) -> bool {
        true
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        integrity_region: &'static [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'static [u8])> {
        self.checked.set(self.checked.get() + 1);
        let result = match credentials.format() {
            TbfFooterV2CredentialsType::SHA256 if credentials.data() == hash(integrity_region) => {
                CheckResult::Accept(Some(CheckResultAcceptMetadata { metadata: 9 }))
            }
            TbfFooterV2CredentialsType::SHA384 => {
                return Err((ErrorCode::NOSUPPORT, credentials, integrity_region))
            }
            TbfFooterV2CredentialsType::EcdsaNistP256 => CheckResult::Reject,
            _ => CheckResult::Pass,
        };
        let client = self.client.get().unwrap();
        self.chip
            .interrupt(move || client.check_done(Ok(result), credentials, integrity_region));
        Ok(())
    }
}

#[derive(Default)]
struct Client {
    results: RefCell<Vec<Result<(), ProcessLoadError>>>,
    finished: Cell<bool>,
}

impl ProcessLoadingAsyncClient for Client {
    fn process_loaded(&self, result: Result<(), ProcessLoadError>) {
        self.results.borrow_mut().push(result);
    }

    fn process_loading_finished(&self) {
        assert!(!self.finished.replace(true));
    }
}

/// An app with an identity, and footers of these formats with these data.
fn app(name: &'static str, id: u32, version: u32, footers: &[(u32, Vec<u8>)]) -> App {
    let mut app = App::new(name).min_ram(1024).element(10, &id.to_le_bytes());
    app.version = version;
    for (format, data) in footers {
        app = app.footer(&[&format.to_le_bytes(), data.as_slice()].concat());
    }
    app
}

/// The same, with the right hash behind those footers.
fn hashed(name: &'static str, id: u32, version: u32, footers: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let placeholder = (3, vec![0; 32]);
    let all: Vec<_> = footers.iter().cloned().chain([placeholder]).collect();
    let mut object = app(name, id, version, &all).build();
    let header = usize::from(u16::from_le_bytes([object[2], object[3]]));
    let right = hash(&object[..header + 256]);
    let before: usize = footers.iter().map(|(_, data)| 8 + data.len()).sum();
    object[header + 256 + before + 8..][..32].copy_from_slice(&right);
    object
}

/// Formats and sizes of footers that decide nothing, with room for one behind them.
const BEFORE_THE_LAST: [(u32, usize); MOST_FOOTERS as usize - 1] = [(4, 48), (5, 64), (4, 48)];

/// One test: deferred calls belong to one thread of a program.
#[test]
fn only_accepted_binaries_become_processes() {
    initialize_deferred_call_state::<Thread>();
    let mut altered = hashed("altered", 3, 1, &[]);
    let end = altered.len();
    altered[end - 100] ^= 1;
    let mut disabled_after_signing = hashed("disabled", 4, 1, &[]);
    disabled_after_signing[8] = 3;
    let header = usize::from(u16::from_le_bytes([
        disabled_after_signing[2],
        disabled_after_signing[3],
    ]));
    app::seal(&mut disabled_after_signing[..header]);

    let objects = [
        // Accepted behind one that passes and one that is not supported.
        // It is the last that is looked at.
        hashed(
            "good",
            1,
            1,
            &BEFORE_THE_LAST.map(|(format, size)| (format, vec![7; size])),
        ),
        // Reserved space before the credential.
        hashed("reserved", 2, 1, &[(0, vec![0; 13])]),
        altered,
        disabled_after_signing,
        app("unsigned", 5, 1, &[]).build(),
        hashed("rejected", 6, 1, &[(6, vec![1; 64])]),
        // Two versions of one app, twice.
        hashed("old", 7, 1, &[]),
        hashed("new", 7, 2, &[]),
        hashed("first", 0, 3, &[]),
        app::padding(64),
        // The right one stands behind as many as are looked at.
        hashed(
            "crowded",
            8,
            1,
            &vec![(4, vec![7; 48]); MOST_FOOTERS as usize],
        ),
    ];
    let mut flash = objects.concat();
    flash.resize(flash.len() + 64, 0xFF);
    let flash: &'static [u8] = Box::leak(flash.into_boxed_slice());

    let (kernel, slots) = bare_kernel();
    let host = HostKernel::assemble(kernel, slots, Drivers::new(), round_robin(slots));
    let chip = host.chip;

    let policy = forever(Checker {
        chip,
        client: Cell::new(None),
        checked: Cell::new(0),
    });
    let faults = forever(StopFaultPolicy {});
    let loader = loading::loader(kernel, chip, flash, policy, &ByHeader, faults);
    loader.register();
    let client = forever(Client::default());
    loader.set_client(client);
    loader.start();

    for _ in 0..100 {
        host.turn();
    }
    assert!(client.finished.get());
    let processes: Vec<_> = slots
        .as_slice()
        .iter()
        .filter_map(|slot| slot.get())
        .collect();
    let names: Vec<_> = processes.iter().map(|p| p.get_process_name()).collect();
    assert_eq!(names, ["good", "reserved", "new", "first"]);
    // What was offered: of each object as many as are looked at, and none behind the one
    // that decides.
    let of_others = [
        "reserved", "altered", "disabled", "rejected", "old", "new", "first",
    ];
    let offered = 2 * MOST_FOOTERS as usize + of_others.len();
    assert_eq!(policy.checked.get(), offered);

    // What the credential does not cover is not the process's to share or to execute.
    let process = processes[0];
    let end = process.get_addresses().flash_integrity_end;
    let share = |from: *const u8, size| process.build_readonly_process_buffer(from, size);
    assert!(share(end.wrapping_sub(4), 4).is_ok());
    assert!(share(end.wrapping_sub(3), 4).is_err());
    assert!(share(end, 1).is_err());

    let id = |number| ShortId::Fixed(NonZeroU32::new(number).unwrap());
    assert!(processes[0].short_app_id() == id(1));
    assert!(processes[2].short_app_id() == id(7));
    assert!(processes[3].short_app_id() != processes[3].short_app_id());
    let credential = processes[0].get_credential().unwrap();
    assert_eq!(
        credential.credential.format(),
        TbfFooterV2CredentialsType::SHA256
    );
    assert_eq!(credential.metadata.unwrap().metadata, 9);
    for process in &processes {
        assert_eq!(process.get_state(), State::Yielded);
        assert!(process.debug_syscall_count() > 0, "it has executed");
    }

    let errors: Vec<_> = client
        .results
        .borrow()
        .iter()
        .filter_map(|result| match result {
            Ok(()) => None,
            Err(ProcessLoadError::CheckError(error)) => Some(*error),
            Err(error) => panic!("{error:?}"),
        })
        .collect();
    assert_eq!(
        errors,
        [
            ProcessCheckError::CredentialsNotAccepted,
            ProcessCheckError::CredentialsNotAccepted,
            ProcessCheckError::CredentialsNotAccepted,
            ProcessCheckError::CredentialsRejected(0),
            ProcessCheckError::CredentialsNotAccepted,
        ]
    );
}
