//! The policy of the fuzzed drivers, and what the contract answers to a command under it.

use capsules_trust::channel::policy::{Channel, Overflow};
use capsules_trust::key_store::policy::{
    Budget, Grant, Kind, Object, Operations, Policy, SessionShare, State, States, Transition,
};
use capsules_trust::storage::policy::Partition;
use drivers::key_store::Command;
use drivers::{channel, key_store, storage};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use testing::AMPLE;

/// May nearly everything in both states of a living meter.
pub const MAKER: u32 = 0x301;
/// May a little.
pub const USER: u32 = 0x302;
/// The apps by their places; the last one has no identity.
pub const APPS: [u32; 3] = [MAKER, USER, 0];

/// The first session slot, and how many there are.
pub const SLOT: usize = key_store::FIRST_SLOT as usize;
pub const SLOTS: usize = key_store::SLOTS;

const BOTH: States = States::FACTORY.union(States::OPERATIONAL);

const fn grant(app: u32, object: u16, operations: Operations, session: Operations) -> Grant {
    Grant {
        app,
        object,
        operations,
        session,
        states: if app == MAKER {
            BOTH
        } else {
            States::OPERATIONAL
        },
    }
}

const fn object(number: u16, kind: Kind) -> Object {
    Object {
        number,
        kind,
        nonces: None,
        step: u32::MAX,
    }
}

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
        object(1, Kind::P256),
        object(2, Kind::P256),
        object(3, Kind::Aes128),
        object(4, Kind::Aes128),
        object(5, Kind::Secret),
        object(6, Kind::TrustAnchor),
        object(7, Kind::Certificate),
        object(8, Kind::Counter),
        // No app may do anything with it.
        object(9, Kind::P256),
    ],
    grants: &[
        grant(MAKER, 1, Kind::P256.operations(), Operations::SESSION),
        // Without a successor.
        grant(
            MAKER,
            2,
            Operations::GENERATE.union(Operations::SIGN),
            Operations::NONE,
        ),
        grant(MAKER, 3, Kind::Aes128.operations(), Operations::SESSION),
        grant(MAKER, 4, Kind::Aes128.operations(), Operations::HMAC),
        grant(MAKER, 5, Kind::Secret.operations(), Operations::NONE),
        grant(MAKER, 6, Kind::TrustAnchor.operations(), Operations::NONE),
        grant(MAKER, 7, Kind::Certificate.operations(), Operations::NONE),
        grant(MAKER, 8, Kind::Counter.operations(), Operations::NONE),
        grant(USER, 1, Operations::AGREE, Operations::SESSION),
        grant(USER, 3, Operations::ENCRYPT, Operations::NONE),
        grant(USER, 8, Operations::READ, Operations::NONE),
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

/// One that gives way to the newest, and one that refuses.
pub const CHANNELS: &[Channel] = &[
    Channel {
        number: 7,
        writer: MAKER,
        readers: &[USER],
        message: 64,
        depth: 3,
        overflow: Overflow::Oldest,
    },
    Channel {
        number: 9,
        writer: USER,
        readers: &[MAKER],
        message: 16,
        depth: 2,
        overflow: Overflow::Refuse,
    },
];

/// One with a reader, and one without.
pub const PARTITIONS: &[Partition] = &[
    Partition {
        number: 4,
        owner: MAKER,
        readers: &[USER],
        record: 100,
        rate: AMPLE,
        first_sector: 0,
        sectors: 3,
    },
    Partition {
        number: 6,
        owner: USER,
        readers: &[],
        record: 50,
        rate: AMPLE,
        first_sector: 3,
        sectors: 3,
    },
];
/// Bytes of the flash of the partitions.
pub const CAPACITY: u32 = 6 * 4_096;

/// What may be answered.
pub enum Verdict {
    /// This alone.
    Exactly(SyscallReturn),
    /// The policy grants it: accepted, or refused with one of these.
    Granted(&'static [ErrorCode]),
    /// Two numbers, or one of these.
    Pair(&'static [ErrorCode]),
    /// One number.
    Number,
}

impl Verdict {
    fn refused(error: ErrorCode) -> Verdict {
        Verdict::Exactly(SyscallReturn::Failure(error))
    }

    /// Whether this answer is one of those.
    pub fn allows(&self, answer: SyscallReturn) -> bool {
        match (self, answer) {
            (Verdict::Exactly(expected), answer) => *expected == answer,
            // Memory for the grant comes out of the app's own.
            (Verdict::Granted(_) | Verdict::Pair(_), SyscallReturn::Failure(ErrorCode::NOMEM)) => {
                true
            }
            (Verdict::Granted(_), SyscallReturn::Success)
            | (Verdict::Pair(_), SyscallReturn::SuccessU32U32(..))
            | (Verdict::Number, SyscallReturn::SuccessU32(_)) => true,
            (Verdict::Granted(errors) | Verdict::Pair(errors), SyscallReturn::Failure(error)) => {
                errors.contains(&error)
            }
            _ => false,
        }
    }
}

/// What a command answers or ends with must be among the errors that its definition names.
///
/// - `driver`: by its place
pub fn is_defined(driver: usize, number: usize, error: usize) {
    let definitions = [&key_store::DRIVER, &channel::DRIVER, &storage::DRIVER];
    let mut commands = definitions[driver].commands.iter();
    // One that does not exist is the contract's matter.
    if let Some(command) = commands.find(|command| command.number as usize == number) {
        let defined = command.errors.iter().any(|known| *known as usize == error);
        assert!(defined, "{} does not name error {error}", command.name);
    }
}

/// The contract of the channels.
pub fn channel(app: u32, number: usize, channel: usize, length: usize) -> Verdict {
    let known = CHANNELS
        .iter()
        .find(|known| usize::from(known.number) == channel && app != 0);
    let writes = known.filter(|known| known.writer == app);
    let reads = known.filter(|known| known.readers.contains(&app));
    use channel::Command::*;
    let Some(command) = channel::Command::from_number(number) else {
        return Verdict::refused(ErrorCode::NOSUPPORT);
    };
    match (command, writes, reads) {
        (Exists, ..) => Verdict::Exactly(SyscallReturn::Success),
        (Send, Some(policy), _) if length > policy.message.into() => {
            Verdict::refused(ErrorCode::SIZE)
        }
        (Send, Some(policy), _) => match policy.overflow {
            Overflow::Oldest => Verdict::Granted(&[ErrorCode::SIZE]),
            Overflow::Refuse => Verdict::Granted(&[ErrorCode::SIZE, ErrorCode::BUSY]),
        },
        (Receive, _, Some(_)) => Verdict::Pair(&[ErrorCode::SIZE]),
        (State, Some(_), _) | (State, _, Some(_)) => Verdict::Pair(&[]),
        (Send | Receive | State, ..) => Verdict::refused(ErrorCode::NODEVICE),
    }
}

/// The contract of the storage.
pub fn storage(app: u32, number: usize, partition: usize, argument: usize) -> Verdict {
    let known = PARTITIONS
        .iter()
        .find(|known| usize::from(known.number) == partition && app != 0);
    let owns = known.filter(|known| known.owner == app);
    let reads = known.filter(|known| known.owner == app || known.readers.contains(&app));
    use storage::Command::*;
    let Some(command) = storage::Command::from_number(number) else {
        return Verdict::refused(ErrorCode::NOSUPPORT);
    };
    match (command, owns, reads) {
        (Exists, ..) => Verdict::Exactly(SyscallReturn::Success),
        (Append, Some(policy), _) if argument > policy.record.into() => {
            Verdict::refused(ErrorCode::SIZE)
        }
        (Append, Some(_), _) => Verdict::Granted(&[ErrorCode::SIZE, ErrorCode::BUSY]),
        (Read, _, Some(_)) => Verdict::Granted(&[ErrorCode::BUSY]),
        (Range, _, Some(_)) => Verdict::Pair(&[]),
        (Capacity, _, Some(policy)) => Verdict::Exactly(SyscallReturn::SuccessU32U32(
            policy.capacity(),
            policy.record.into(),
        )),
        (Append | Read | Range | Capacity, ..) => Verdict::refused(ErrorCode::NODEVICE),
    }
}

/// The operation that a command of the key store asks for; none where no object is asked.
fn operation_of(command: Command) -> Option<Operations> {
    Some(match command {
        Command::Exists | Command::State | Command::AdvanceState | Command::Close => return None,
        Command::Generate => Operations::GENERATE,
        Command::Import => Operations::IMPORT,
        Command::PublicKey => Operations::PUBLIC_KEY,
        Command::Sign => Operations::SIGN,
        Command::Agree => Operations::AGREE,
        Command::Encrypt => Operations::ENCRYPT,
        Command::Decrypt => Operations::DECRYPT,
        Command::Hmac => Operations::HMAC,
        Command::Wrap => Operations::WRAP,
        Command::Unwrap => Operations::UNWRAP,
        Command::Verify => Operations::VERIFY,
        Command::Store => Operations::STORE,
        Command::Read | Command::Counter => Operations::READ,
        Command::Advance => Operations::ADVANCE,
        Command::Activate => Operations::ACTIVATE,
        Command::Erase => Operations::ERASE,
    })
}

/// The contract of the key store.
///
/// - `filled`: slots into which this run of the app has asked for a key
pub fn key_store(
    app: u32,
    state: State,
    filled: &[bool; SLOTS],
    number: usize,
    first: usize,
    second: usize,
) -> Verdict {
    let slot = |number: usize| number.checked_sub(SLOT).filter(|slot| *slot < SLOTS);
    let has_filled = |number: usize| slot(number).is_some_and(|slot| filled[slot]);
    let refused = Verdict::refused;
    let Some(command) = Command::from_number(number) else {
        return refused(ErrorCode::NOSUPPORT);
    };
    match command {
        Command::Exists => return Verdict::Exactly(SyscallReturn::Success),
        Command::State => return Verdict::Exactly(SyscallReturn::SuccessU32(state as u32)),
        Command::AdvanceState => return advance_state(app, state, first),
        Command::Counter => {
            return match access(app, state, first, Operations::READ) {
                Ok(Kind::Counter) => Verdict::Number,
                Ok(_) => refused(ErrorCode::NOSUPPORT),
                Err(error) => refused(error),
            }
        }
        Command::Close if has_filled(first) => return Verdict::Granted(&[ErrorCode::NODEVICE]),
        Command::Close => return refused(ErrorCode::NODEVICE),
        _ => {}
    }
    let Some(operation) = operation_of(command) else {
        return refused(ErrorCode::NOSUPPORT);
    };
    let second_is_good = match command {
        Command::PublicKey | Command::Sign => second < 2,
        Command::Agree => slot(second & 0xFFFF).is_some() && second >> 16 < 2,
        Command::Encrypt | Command::Decrypt => {
            [12, 16].contains(&(second & 0xFFFF)) && second >> 16 <= 0xFFFF
        }
        Command::Advance => second <= 0xFFFF_FFFF,
        _ => true,
    };
    if !second_is_good {
        return refused(ErrorCode::INVAL);
    }
    if matches!(command, Command::Wrap | Command::Unwrap) && second > 0xFFFF {
        return refused(ErrorCode::NODEVICE);
    }
    if slot(first).is_some() && !has_filled(first) {
        return refused(ErrorCode::NODEVICE);
    }
    if has_filled(first) {
        // It may be closed, or not for this use.
        return Verdict::Granted(&[
            ErrorCode::NODEVICE,
            ErrorCode::NOSUPPORT,
            ErrorCode::OFF,
            ErrorCode::BUSY,
            ErrorCode::SIZE,
        ]);
    }
    let granted = access(app, state, first, operation);
    match (command, granted) {
        (_, Err(error)) => refused(error),
        (Command::Import, _) if state != State::Factory => refused(ErrorCode::OFF),
        (Command::Read, Ok(Kind::Counter)) => refused(ErrorCode::NOSUPPORT),
        (Command::Wrap, _) if !has_filled(second) => refused(ErrorCode::NODEVICE),
        (Command::Wrap, _) => {
            Verdict::Granted(&[ErrorCode::NODEVICE, ErrorCode::BUSY, ErrorCode::SIZE])
        }
        (Command::Unwrap, _) if slot(second).is_none() => {
            match access(app, state, second, Operations::REPLACE) {
                Ok(_) => Verdict::Granted(&[ErrorCode::BUSY, ErrorCode::SIZE]),
                Err(error) => refused(error),
            }
        }
        (Command::Encrypt | Command::Decrypt, _) if second >> 16 != 0 => {
            match access(app, state, second >> 16, Operations::AUTHENTICATE) {
                Ok(_) => Verdict::Granted(&[ErrorCode::BUSY, ErrorCode::SIZE]),
                Err(error) => refused(error),
            }
        }
        (Command::Advance, _) => Verdict::Granted(&[ErrorCode::BUSY, ErrorCode::INVAL]),
        _ => Verdict::Granted(&[ErrorCode::BUSY, ErrorCode::SIZE]),
    }
}

fn advance_state(app: u32, state: State, first: usize) -> Verdict {
    let Some(to) = State::from_number(first) else {
        return Verdict::refused(ErrorCode::INVAL);
    };
    let steps = POLICY.transitions.iter();
    let mut steps = steps.filter(|step| step.app == app && step.to == to);
    match (steps.clone().count(), steps.any(|step| step.from == state)) {
        (0, _) => Verdict::refused(ErrorCode::NODEVICE),
        (_, true) if to > state => Verdict::Granted(&[ErrorCode::BUSY]),
        _ => Verdict::refused(ErrorCode::OFF),
    }
}

/// What docs/syscalls/80000004_key_store.md says of objects: absent, not granted, not possible, not now.
fn access(app: u32, state: State, object: usize, wanted: Operations) -> Result<Kind, ErrorCode> {
    let known = POLICY.objects.iter();
    let mut known = known.filter(|known| usize::from(known.number) == object);
    let grants = POLICY.grants.iter();
    let mut grants = grants.filter(|grant| grant.app == app && usize::from(grant.object) == object);
    let (Some(known), Some(grant)) = (known.next(), grants.next()) else {
        return Err(ErrorCode::NODEVICE);
    };
    if !known.kind.operations().contains(wanted) {
        Err(ErrorCode::NOSUPPORT)
    } else if !grant.operations.contains(wanted) {
        Err(ErrorCode::NODEVICE)
    } else if !grant.states.contains(state) {
        Err(ErrorCode::OFF)
    } else {
        Ok(known.kind)
    }
}
