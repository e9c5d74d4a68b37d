//! The policy of the fuzzed drivers, and what the contract answers to a command under it.

use capsules_trust::channel::policy::{Channel, Overflow};
use capsules_trust::key_store::policy::{
    Grant, Kind, Object, Operations, Policy, SessionShare, State, States, Transition,
};
use capsules_trust::storage::policy::Partition;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

/// May nearly everything in both states of a living meter.
pub const MAKER: u32 = 0x301;
/// May a little.
pub const USER: u32 = 0x302;
/// The apps by their places; the last one has no identity.
pub const APPS: [u32; 3] = [MAKER, USER, 0];

/// The first session slot, and how many there are.
pub const SLOT: usize = 0x8000;
pub const SLOTS: usize = 8;

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
        first_sector: 0,
        sectors: 3,
    },
    Partition {
        number: 6,
        owner: USER,
        readers: &[],
        record: 50,
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

/// The contract of the channels.
pub fn channel(app: u32, number: usize, channel: usize, length: usize) -> Verdict {
    let known = CHANNELS
        .iter()
        .find(|known| usize::from(known.number) == channel && app != 0);
    let writes = known.filter(|known| known.writer == app);
    let reads = known.filter(|known| known.readers.contains(&app));
    match (number, writes, reads) {
        (0, ..) => Verdict::Exactly(SyscallReturn::Success),
        (1, Some(policy), _) if length > policy.message.into() => Verdict::refused(ErrorCode::SIZE),
        (1, Some(policy), _) => match policy.overflow {
            Overflow::Oldest => Verdict::Granted(&[ErrorCode::SIZE]),
            Overflow::Refuse => Verdict::Granted(&[ErrorCode::SIZE, ErrorCode::BUSY]),
        },
        (2, _, Some(_)) => Verdict::Pair(&[ErrorCode::SIZE]),
        (3, Some(_), _) | (3, _, Some(_)) => Verdict::Pair(&[]),
        (1..=3, ..) => Verdict::refused(ErrorCode::NODEVICE),
        _ => Verdict::refused(ErrorCode::NOSUPPORT),
    }
}

/// The contract of the storage.
pub fn storage(app: u32, number: usize, partition: usize, argument: usize) -> Verdict {
    let known = PARTITIONS
        .iter()
        .find(|known| usize::from(known.number) == partition && app != 0);
    let owns = known.filter(|known| known.owner == app);
    let reads = known.filter(|known| known.owner == app || known.readers.contains(&app));
    match (number, owns, reads) {
        (0, ..) => Verdict::Exactly(SyscallReturn::Success),
        (1, Some(policy), _) if argument > policy.record.into() => {
            Verdict::refused(ErrorCode::SIZE)
        }
        (1, Some(_), _) => Verdict::Granted(&[ErrorCode::SIZE, ErrorCode::BUSY]),
        (2, _, Some(_)) => Verdict::Granted(&[ErrorCode::BUSY]),
        (3, _, Some(_)) => Verdict::Pair(&[]),
        (4, _, Some(policy)) => Verdict::Exactly(SyscallReturn::SuccessU32U32(
            policy.capacity(),
            policy.record.into(),
        )),
        (1..=4, ..) => Verdict::refused(ErrorCode::NODEVICE),
        _ => Verdict::refused(ErrorCode::NOSUPPORT),
    }
}

/// Operation of each command of the key store from `generate` to `erase`.
const OPERATIONS: [(usize, Operations); 16] = [
    (3, Operations::GENERATE),
    (4, Operations::IMPORT),
    (5, Operations::PUBLIC_KEY),
    (6, Operations::SIGN),
    (7, Operations::AGREE),
    (8, Operations::ENCRYPT),
    (9, Operations::DECRYPT),
    (10, Operations::HMAC),
    (11, Operations::WRAP),
    (12, Operations::UNWRAP),
    (13, Operations::VERIFY),
    (14, Operations::STORE),
    (15, Operations::READ),
    (17, Operations::ADVANCE),
    (18, Operations::ACTIVATE),
    (19, Operations::ERASE),
];

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
    match number {
        0 => return Verdict::Exactly(SyscallReturn::Success),
        1 => return Verdict::Exactly(SyscallReturn::SuccessU32(state as u32)),
        2 => return advance_state(app, state, first),
        16 => {
            return match access(app, state, first, Operations::READ) {
                Ok(Kind::Counter) => Verdict::Number,
                Ok(_) => refused(ErrorCode::NOSUPPORT),
                Err(error) => refused(error),
            }
        }
        20 if has_filled(first) => return Verdict::Granted(&[ErrorCode::NODEVICE]),
        20 => return refused(ErrorCode::NODEVICE),
        _ => {}
    }
    let Some((_, operation)) = OPERATIONS.iter().find(|(known, _)| *known == number) else {
        return refused(ErrorCode::NOSUPPORT);
    };
    let second_is_good = match number {
        5 | 6 => second < 2,
        7 => slot(second & 0xFFFF).is_some() && second >> 16 < 2,
        8 | 9 => [12, 16].contains(&(second & 0xFFFF)) && second >> 16 <= 0xFFFF,
        17 => second <= 0xFFFF_FFFF,
        _ => true,
    };
    if !second_is_good {
        return refused(ErrorCode::INVAL);
    }
    if matches!(number, 11 | 12) && second > 0xFFFF {
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
    let granted = access(app, state, first, *operation);
    match (number, granted) {
        (_, Err(error)) => refused(error),
        (4, _) if state != State::Factory => refused(ErrorCode::OFF),
        (15, Ok(Kind::Counter)) => refused(ErrorCode::NOSUPPORT),
        (11, _) if !has_filled(second) => refused(ErrorCode::NODEVICE),
        (11, _) => Verdict::Granted(&[ErrorCode::NODEVICE, ErrorCode::BUSY, ErrorCode::SIZE]),
        (12, _) if slot(second).is_none() => {
            match access(app, state, second, Operations::REPLACE) {
                Ok(_) => Verdict::Granted(&[ErrorCode::BUSY, ErrorCode::SIZE]),
                Err(error) => refused(error),
            }
        }
        (8 | 9, _) if second >> 16 != 0 => {
            match access(app, state, second >> 16, Operations::AUTHENTICATE) {
                Ok(_) => Verdict::Granted(&[ErrorCode::BUSY, ErrorCode::SIZE]),
                Err(error) => refused(error),
            }
        }
        (17, _) => Verdict::Granted(&[ErrorCode::BUSY, ErrorCode::INVAL]),
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
