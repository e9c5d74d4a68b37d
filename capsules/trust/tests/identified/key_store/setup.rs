//! A key store on flash in RAM, with two apps that the policy names and one that it does not.

use std::cell::Cell;

use capsules_trust::key_store::policy::{
    Budget, Grant, Kind, Object, Operations, Policy, SessionShare, State, States, Transition,
};
use capsules_trust::key_store::{KeyStore, Vault, DRIVER_NUM};
use drivers::key_store::Command;
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use meter_hil::word_flash::WordFlash;

use testing::random::SeededRandom;
use testing::retry::retry_on;
pub use testing::words_in_ram::blank;
use testing::words_in_ram::{Words, WordsInRam};
use testing::{forever, Clock, HostKernel, Power, AMPLE};

/// May nearly everything, in both states of a living meter.
pub const MAKER: u32 = 0x301;
/// May a little, in the operational state.
pub const USER: u32 = 0x302;

/// Places of the processes on the host.
pub const M: usize = 0;
pub const U: usize = 1;
pub const GUEST: usize = 2;

pub const SIGNING: usize = 1;
pub const RENEWED: usize = 2;
pub const CIPHER: usize = 3;
pub const WRAPPING: usize = 4;
pub const SECRET: usize = 5;
pub const ANCHOR: usize = 6;
pub const CERTIFICATE: usize = 7;
pub const COUNTER: usize = 8;
/// An authentication key of DLMS.
pub const AUTHENTICATION: usize = 11;
/// Keys whose nonces are bound to a counter, and that counter.
pub const UNICAST: usize = 12;
pub const AGREEMENT: usize = 13;
pub const INVOCATION: usize = 14;
/// No app may do anything with it.
pub const NOBODYS: usize = 9;
/// Is in no table.
pub const ABSENT: usize = 10;
/// The first session slot.
pub const SLOT: usize = 0x8000;

const BOTH: States = States::FACTORY.union(States::OPERATIONAL);

const fn grant(
    app: u32,
    object: usize,
    operations: Operations,
    session: Operations,
    states: States,
) -> Grant {
    Grant {
        app,
        object: object as u16,
        operations,
        session,
        states,
    }
}

const fn object(number: usize, kind: Kind) -> Object {
    Object {
        number: number as u16,
        kind,
        nonces: None,
        step: u32::MAX,
    }
}

const fn bound(number: usize, kind: Kind) -> Object {
    Object {
        nonces: Some(INVOCATION as u16),
        ..object(number, kind)
    }
}

const NONE: Operations = Operations::NONE;
const KEY: Operations = Operations::GENERATE
    .union(Operations::IMPORT)
    .union(Operations::ERASE);

const fn budget(app: u32) -> Budget {
    Budget {
        app,
        object: Budget::OTHERS,
        rate: AMPLE,
        lifetime: u32::MAX,
    }
}

pub static POLICY: Policy = Policy {
    objects: &[
        object(SIGNING, Kind::P256),
        object(RENEWED, Kind::P256),
        object(CIPHER, Kind::Aes128),
        object(WRAPPING, Kind::Aes128),
        object(SECRET, Kind::Secret),
        object(ANCHOR, Kind::TrustAnchor),
        object(CERTIFICATE, Kind::Certificate),
        object(COUNTER, Kind::Counter),
        object(NOBODYS, Kind::P256),
        object(AUTHENTICATION, Kind::Aes128),
        bound(UNICAST, Kind::Aes128),
        bound(AGREEMENT, Kind::P256),
        object(INVOCATION, Kind::Counter),
    ],
    grants: &[
        grant(
            MAKER,
            SIGNING,
            KEY.union(Operations::PUBLIC_KEY)
                .union(Operations::SIGN)
                .union(Operations::AGREE),
            Operations::SESSION,
            BOTH,
        ),
        grant(
            MAKER,
            RENEWED,
            Kind::P256.operations(),
            Operations::ENCRYPT,
            BOTH,
        ),
        grant(MAKER, CIPHER, Kind::Aes128.operations(), NONE, BOTH),
        grant(
            MAKER,
            WRAPPING,
            KEY.union(Operations::UNWRAP)
                .union(Operations::WRAP)
                .union(Operations::REPLACE),
            Operations::HMAC.union(Operations::WRAP),
            BOTH,
        ),
        grant(MAKER, SECRET, Kind::Secret.operations(), NONE, BOTH),
        grant(MAKER, ANCHOR, Kind::TrustAnchor.operations(), NONE, BOTH),
        grant(
            MAKER,
            CERTIFICATE,
            Kind::Certificate.operations(),
            NONE,
            BOTH,
        ),
        grant(MAKER, COUNTER, Kind::Counter.operations(), NONE, BOTH),
        grant(
            MAKER,
            AUTHENTICATION,
            KEY.union(Operations::AUTHENTICATE),
            NONE,
            BOTH,
        ),
        grant(
            MAKER,
            UNICAST,
            KEY.union(Operations::ENCRYPT).union(Operations::DECRYPT),
            NONE,
            BOTH,
        ),
        grant(
            MAKER,
            AGREEMENT,
            KEY.union(Operations::AGREE),
            Operations::ENCRYPT.union(Operations::DECRYPT),
            BOTH,
        ),
        grant(MAKER, INVOCATION, Kind::Counter.operations(), NONE, BOTH),
        grant(USER, COUNTER, Operations::READ, NONE, States::OPERATIONAL),
        grant(USER, CIPHER, Operations::ENCRYPT, NONE, States::OPERATIONAL),
        grant(
            USER,
            SIGNING,
            Operations::AGREE,
            Operations::HMAC,
            States::OPERATIONAL,
        ),
    ],
    transitions: &[
        Transition {
            app: MAKER,
            from: State::Factory,
            to: State::Operational,
        },
        Transition {
            app: USER,
            from: State::Operational,
            to: State::Decommissioned,
        },
        // The way back is not there, whatever a table says.
        Transition {
            app: USER,
            from: State::Operational,
            to: State::Factory,
        },
    ],
    shares: &[
        SessionShare {
            app: MAKER,
            slots: 6,
        },
        SessionShare {
            app: USER,
            slots: 2,
        },
    ],
    budgets: &[budget(MAKER), budget(USER)],
};

pub struct Setup {
    pub host: HostKernel,
    pub flash: &'static WordsInRam<'static>,
    pub store: &'static KeyStore<'static, WordsInRam<'static>, DeferredCall>,
    pub random: &'static SeededRandom,
    pub clock: &'static Clock,
}

/// What a command answers must be among the errors that its definition names.
fn is_defined(command: Command, error: ErrorCode) {
    let errors = command.errors();
    let defined = errors.iter().any(|known| *known as usize == error as usize);
    assert!(defined, "{command:?} does not name {error:?}");
}

fn error_of(status: usize) -> ErrorCode {
    let known = [
        ErrorCode::FAIL,
        ErrorCode::BUSY,
        ErrorCode::ALREADY,
        ErrorCode::OFF,
        ErrorCode::INVAL,
        ErrorCode::SIZE,
        ErrorCode::NOMEM,
        ErrorCode::NOSUPPORT,
        ErrorCode::NODEVICE,
        ErrorCode::UNINSTALLED,
        ErrorCode::RESERVE,
    ];
    let mut known = known.into_iter();
    let found = known.find(|error| usize::from(*error) == status);
    found.unwrap_or_else(|| panic!("status {status}"))
}

/// What an operation ended with: status and output.
pub type Outcome = Result<Vec<u8>, ErrorCode>;

/// Where inputs and output lie in the memory of a process.
const PLACES: [usize; 3] = [0, 600, 1000];
pub const OUTPUT: usize = 1100;
pub const OUTPUT_LENGTH: usize = 900;

/// A start with this flash content.
pub fn start(words: &Words, seed: u64) -> Setup {
    start_with_root(words, seed, &[3; 32])
}

pub fn start_with_root(words: &Words, seed: u64, root: &[u8; 32]) -> Setup {
    start_with_policy(words, seed, root, &POLICY)
}

pub fn start_with_policy(
    words: &Words,
    seed: u64,
    root: &[u8; 32],
    policy: &'static Policy,
) -> Setup {
    let flash = forever(WordsInRam::new(words));
    let random = forever(SeededRandom::new(seed));
    let clock = forever(Clock::default());
    let kept = Cell::new(None);
    let host = HostKernel::with_identities(&[MAKER, USER, 0], |kernel| {
        let vault = forever(Vault::new(flash, random));
        flash.set_client(vault);
        let grant = kernel.create_grant(DRIVER_NUM, &Power);
        let retry = retry_on(clock);
        let store: &'static KeyStore<_, _> = Box::leak(Box::new(KeyStore::new(
            vault,
            random,
            policy,
            grant,
            DeferredCall::new(),
            retry,
        )));
        retry.set_client(store);
        vault.set_client(store);
        assert_eq!(vault.open(root), Ok(()));
        assert_eq!(vault.open(root), Err(ErrorCode::ALREADY));
        kept.set(Some(store));
        vec![(DRIVER_NUM, store)]
    });
    flash.run();
    let setup = Setup {
        host,
        flash,
        store: kept.take().unwrap(),
        random,
        clock,
    };
    (0..3).for_each(|app| setup.join(app));
    setup
}

impl Setup {
    /// Lets an app hear of its operations and gives it a place for outputs.
    pub fn join(&self, app: usize) {
        self.host.subscribe(app, DRIVER_NUM, 0);
        self.host
            .allow_rw(app, DRIVER_NUM, 0, OUTPUT, OUTPUT_LENGTH);
    }

    /// Puts an input into an app's memory and allows it.
    pub fn input(&self, app: usize, allow: usize, data: &[u8]) {
        self.host
            .allow_ro_at(app, DRIVER_NUM, allow, PLACES[allow], data);
    }

    /// The same of an input that is longer than its place and overwrites others.
    pub fn long_input(&self, app: usize, allow: usize, data: &[u8]) {
        let offset = OUTPUT - data.len();
        self.host.allow_ro_at(app, DRIVER_NUM, allow, offset, data);
    }

    pub fn command(
        &self,
        app: usize,
        command: Command,
        first: usize,
        second: usize,
    ) -> SyscallReturn {
        let answer = self.call(app, command.number() as usize, first, second);
        if let SyscallReturn::Failure(error) = answer {
            is_defined(command, error);
        }
        answer
    }

    /// A command of any number, also of one that does not exist.
    pub fn call(&self, app: usize, number: usize, first: usize, second: usize) -> SyscallReturn {
        self.host.command(app, DRIVER_NUM, number, first, second)
    }

    /// Steps and flash operations, as many as any operation needs.
    pub fn work(&self) {
        self.steps(300);
    }

    pub fn steps(&self, count: usize) {
        for _ in 0..count {
            self.store.handle_deferred_call();
            self.flash.run();
        }
    }

    /// What the operation of an app that was begun ends with.
    pub fn outcome(&self, app: usize, command: Command) -> Outcome {
        self.work();
        match self.host.upcalls(app)[..] {
            [(0, [status, length, ended])] if ended == command.number() as usize => match status {
                0 => Ok(self.host.peek(app, OUTPUT, length)),
                _ => {
                    assert_eq!(length, 0);
                    let error = error_of(status);
                    is_defined(command, error);
                    Err(error)
                }
            },
            ref other => panic!("{other:?}"),
        }
    }

    /// A whole operation: refused at once, or what its upcall says.
    pub fn operate(
        &self,
        app: usize,
        command: Command,
        first: usize,
        second: usize,
        inputs: &[&[u8]],
    ) -> Outcome {
        for (allow, data) in inputs.iter().enumerate() {
            self.input(app, allow, data);
        }
        match self.command(app, command, first, second) {
            SyscallReturn::Success => self.outcome(app, command),
            SyscallReturn::Failure(error) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    /// The same of a command that must succeed.
    pub fn done(
        &self,
        app: usize,
        command: Command,
        first: usize,
        second: usize,
        inputs: &[&[u8]],
    ) -> Vec<u8> {
        self.operate(app, command, first, second, inputs)
            .unwrap_or_else(|error| panic!("{command:?} {first:#x} {second:#x}: {error:?}"))
    }

    /// Makes the meter operational.
    pub fn commission(&self) {
        self.done(M, Command::AdvanceState, 1, 0, &[]);
    }
}
