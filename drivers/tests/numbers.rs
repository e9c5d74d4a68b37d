//! Every public number as a literal: apps that were built once go on meaning the same.
//!
//! A number that stands here is never changed and never given to something else. The
//! numbers of upstream Tock's drivers are upstream's.

use drivers::description::Slot;
use drivers::key_store::{Derivation, Generation, Kind, Operation, Operations, State};
use drivers::{channel, energy_store, ErrorCode, Named, ALL, FIRST_OWN_NUMBER, RESERVED};

/// Numbers and names.
type Numbers = &'static [(u32, &'static str)];

/// Name and number of a driver; its commands; its upcalls, read-only and read-write allows.
type Pinned = (&'static str, u32, Numbers, [Numbers; 3]);

const PINNED: [Pinned; 14] = [
    (
        "alarm",
        0x0,
        &[
            (0, "exists"),
            (1, "frequency"),
            (2, "now"),
            (3, "stop"),
            (5, "relative"),
            (6, "absolute"),
        ],
        [&[(0, "EXPIRED")], &[], &[]],
    ),
    (
        "console",
        0x1,
        &[(0, "exists"), (1, "write"), (2, "read"), (3, "abort_read")],
        [
            &[(1, "WRITTEN"), (2, "READ")],
            &[(1, "WRITE")],
            &[(1, "READ")],
        ],
    ),
    (
        "led",
        0x2,
        &[
            (0, "exists"),
            (1, "on"),
            (2, "off"),
            (3, "toggle"),
            (4, "read"),
        ],
        [&[], &[], &[]],
    ),
    (
        "button",
        0x3,
        &[(0, "exists"), (1, "enable"), (2, "disable"), (3, "read")],
        [&[(0, "EVENT")], &[], &[]],
    ),
    (
        "adc",
        0x5,
        &[
            (0, "exists"),
            (1, "sample"),
            (2, "repeat"),
            (3, "buffer"),
            (4, "continuous"),
            (5, "stop"),
            (101, "resolution"),
            (102, "reference"),
        ],
        [&[(0, "SAMPLED")], &[], &[(0, "FIRST"), (1, "SECOND")]],
    ),
    (
        "low_level_debug",
        0x8,
        &[(0, "exists"), (1, "alert"), (2, "print1"), (3, "print2")],
        [&[], &[], &[]],
    ),
    (
        "rng",
        0x40001,
        &[(0, "exists"), (1, "get")],
        [&[(0, "DONE")], &[], &[(0, "BUFFER")]],
    ),
    (
        "temperature",
        0x60000,
        &[(0, "exists"), (1, "read")],
        [&[(0, "MEASURED")], &[], &[]],
    ),
    (
        "meter_adc",
        0x8000_0001,
        &[
            (0, "exists"),
            (1, "start"),
            (2, "stop"),
            (3, "geometry"),
            (4, "take_block"),
        ],
        [&[(0, "BLOCK")], &[], &[(0, "BLOCK")]],
    ),
    (
        "energy_store",
        0x8000_0002,
        &[(0, "exists"), (1, "append"), (2, "newest"), (3, "wear")],
        [&[(0, "DONE")], &[(0, "RECORD")], &[(0, "RECORD")]],
    ),
    (
        "key_store",
        0x8000_0004,
        &[
            (0, "exists"),
            (1, "state"),
            (2, "advance_state"),
            (3, "generate"),
            (4, "import"),
            (5, "public_key"),
            (6, "sign"),
            (7, "agree"),
            (8, "encrypt"),
            (9, "decrypt"),
            (10, "hmac"),
            (11, "wrap"),
            (12, "unwrap"),
            (13, "verify"),
            (14, "store"),
            (15, "read"),
            (16, "counter"),
            (17, "advance"),
            (18, "activate"),
            (19, "erase"),
            (20, "close"),
        ],
        [
            &[(0, "DONE")],
            &[(0, "INPUT"), (1, "ASSOCIATED"), (2, "NONCE")],
            &[(0, "OUTPUT")],
        ],
    ),
    (
        "channel",
        0x8000_0005,
        &[(0, "exists"), (1, "send"), (2, "receive"), (3, "state")],
        [
            &[(0, "MESSAGE"), (1, "ROOM")],
            &[(0, "MESSAGE")],
            &[(0, "MESSAGE")],
        ],
    ),
    (
        "storage",
        0x8000_0006,
        &[
            (0, "exists"),
            (1, "append"),
            (2, "read"),
            (3, "range"),
            (4, "capacity"),
        ],
        [&[(0, "DONE")], &[(0, "RECORD")], &[(0, "RECORD")]],
    ),
    (
        "supply",
        0x8000_0007,
        &[(0, "exists"), (1, "level")],
        [&[(0, "FALLS")], &[], &[]],
    ),
];

fn numbers(slots: &[Slot]) -> Vec<(u32, &'static str)> {
    slots.iter().map(|slot| (slot.number, slot.name)).collect()
}

fn named<T: Named>(number: impl Fn(T) -> u32) -> Vec<(u32, &'static str)> {
    let all = T::ALL.iter();
    all.map(|member| (number(*member), member.name())).collect()
}

#[test]
fn drivers_and_all_that_they_have() {
    assert_eq!(ALL.len(), PINNED.len());
    for (driver, (name, number, commands, slots)) in ALL.into_iter().zip(PINNED) {
        assert_eq!((driver.name, driver.number), (name, number));
        let of_commands = driver.commands.iter();
        let of_commands: Vec<_> = of_commands
            .map(|known| (known.number, known.name))
            .collect();
        assert_eq!(of_commands, commands, "commands of {name}");
        let all = [driver.upcalls, driver.read_only, driver.read_write].map(numbers);
        assert_eq!(all, slots, "upcalls and allows of {name}");
    }
}

/// What the kernel keeps for an app is as many as the highest number asks for.
#[test]
fn counts() {
    use drivers::{alarm, console, key_store, led};
    let counts = [
        (alarm::upcall::COUNT, 1),
        (led::upcall::COUNT, 0),
        (console::upcall::COUNT, 3),
        (console::read_only::COUNT, 2),
        (console::read_write::COUNT, 2),
        (channel::upcall::COUNT, 2),
        (key_store::read_only::COUNT, 3),
        (key_store::read_write::COUNT, 1),
    ];
    for (count, expected) in counts {
        assert_eq!(count, expected);
    }
}

#[test]
fn own_numbers_are_kept_apart() {
    assert_eq!(FIRST_OWN_NUMBER, 0x8000_0000);
    assert_eq!(RESERVED, [("disconnect", 0x8000_0003)]);
    for (name, number) in RESERVED {
        assert!(ALL
            .iter()
            .all(|driver| driver.number != *number && driver.name != *name));
    }
}

#[test]
fn errors_are_tocks() {
    let names = ErrorCode::ALL.map(|error| (error as u32, format!("{error:?}")));
    let names = names
        .each_ref()
        .map(|(number, name)| (*number, name.as_str()));
    let expected = [
        (1, "FAIL"),
        (2, "BUSY"),
        (3, "ALREADY"),
        (4, "OFF"),
        (5, "RESERVE"),
        (6, "INVAL"),
        (7, "SIZE"),
        (8, "CANCEL"),
        (9, "NOMEM"),
        (10, "NOSUPPORT"),
        (11, "NODEVICE"),
        (12, "UNINSTALLED"),
        (13, "NOACK"),
    ];
    assert_eq!(names, expected);
}

#[test]
fn words_of_the_key_store() {
    let kinds = named(|kind: Kind| kind.number().into());
    let expected = [
        (0, "p256"),
        (1, "aes128"),
        (2, "secret"),
        (3, "trust_anchor"),
        (4, "certificate"),
        (5, "counter"),
    ];
    assert_eq!(kinds, expected);
    let operations = named(|operation: Operation| Operations::of(&[operation]).bits());
    let expected = [
        (0x1, "generate"),
        (0x2, "import"),
        (0x4, "public_key"),
        (0x8, "sign"),
        (0x10, "agree"),
        (0x20, "encrypt"),
        (0x40, "decrypt"),
        (0x80, "hmac"),
        (0x100, "wrap"),
        (0x200, "unwrap"),
        (0x400, "verify"),
        (0x800, "store"),
        (0x1000, "read"),
        (0x2000, "advance"),
        (0x4000, "activate"),
        (0x8000, "erase"),
        (0x1_0000, "replace"),
        (0x2_0000, "authenticate"),
    ];
    assert_eq!(operations, expected);
    let states = named(|state: State| state.number().into());
    assert_eq!(
        states,
        [(0, "factory"), (1, "operational"), (2, "decommissioned")]
    );
    let generations = named(|generation: Generation| generation.number().into());
    assert_eq!(generations, [(0, "current"), (1, "successor")]);
    let derivations = named(|derivation: Derivation| derivation.number().into());
    assert_eq!(derivations, [(0, "hkdf"), (1, "dlms")]);
}

/// The sets that go by a name of their own are those of the operations of that name.
#[test]
fn sets_of_operations() {
    let sets = [
        Operations::GENERATE,
        Operations::IMPORT,
        Operations::PUBLIC_KEY,
        Operations::SIGN,
        Operations::AGREE,
        Operations::ENCRYPT,
        Operations::DECRYPT,
        Operations::HMAC,
        Operations::WRAP,
        Operations::UNWRAP,
        Operations::VERIFY,
        Operations::STORE,
        Operations::READ,
        Operations::ADVANCE,
        Operations::ACTIVATE,
        Operations::ERASE,
        Operations::REPLACE,
        Operations::AUTHENTICATE,
    ];
    for (set, operation) in sets.into_iter().zip(Operation::ALL) {
        assert_eq!(set, Operations::of(&[operation]), "{operation:?}");
    }
    assert_eq!(Operations::SESSION.bits(), 0x2_03E0);
    let kinds = Kind::ALL.map(|kind| kind.operations().bits());
    assert_eq!(
        kinds,
        [0xC01F, 0x3_C363, 0xC083, 0x9C00, 0x9800, 0x3000],
        "{kinds:#x?}"
    );
}

#[test]
fn objects_and_sizes_of_the_key_store() {
    use drivers::key_store::*;
    assert_eq!(
        (FIRST_RESERVED_OBJECT, FIRST_SLOT, SLOTS),
        (0x7000, 0x8000, 8)
    );
    let sizes = [
        (SESSION_KEY_BYTES, 16),
        (INPUT_BYTES, 1_024),
        (SEALED_BYTES, 1_088),
        (SALT_BYTES, 128),
        (NONCE_BYTES, 12),
        (PUBLIC_KEY_BYTES, 65),
        (SIGNATURE_BYTES, 64),
        (DIGEST_BYTES, 32),
        (WRAPPED_BYTES, 24),
    ];
    for (size, expected) in sizes {
        assert_eq!(size, expected);
    }
    assert_eq!(TAG_BYTES, [16, 12]);
    let slots = [0x7FFF, 0x8000, 0x8007, 0x8008, 0xFFFF].map(is_slot);
    assert_eq!(slots, [false, true, true, false, false]);
}

#[test]
fn words_of_channel_and_energy_store() {
    let overflows = named(|overflow: channel::Overflow| overflow.number().into());
    assert_eq!(overflows, [(0, "oldest"), (1, "refuse")]);
    let kinds = named(|kind: energy_store::Kind| kind.number().into());
    assert_eq!(kinds, [(0, "registers"), (1, "calibration")]);
    assert_eq!(energy_store::RECORD_BYTES, 112);
    assert_eq!(energy_store::REPAIRED, 0xFFFF_FFFF);
}

/// The header of a block, byte for byte, and back.
#[test]
fn header_of_a_block() {
    use drivers::meter_adc::{Header, BLOCK_BYTES, SCANS_PER_BLOCK, SCAN_BYTES};
    let header = Header {
        sequence: 0x0403_0201,
        flags: 0x0807_0605,
        time_us: 0x100F_0E0D_0C0B_0A09,
        scans: 0x1413_1211,
        lost_scans: 0x1817_1615,
        reference: 0x1A19,
        temperature: 0x1C1B,
    };
    let bytes: [u8; 32] = core::array::from_fn(|at| if at < 28 { at as u8 + 1 } else { 0 });
    assert_eq!(header.encode(), bytes);
    assert_eq!(Header::decode(&bytes), header);
    assert_eq!((SCAN_BYTES, SCANS_PER_BLOCK, BLOCK_BYTES), (6, 128, 800));
    assert_eq!((Header::OVERRUN, Header::DISORDER), (1, 16));
    assert_eq!(Header::NO_TEMPERATURE, i16::MIN);
    assert_eq!([0, 1, 2].map(Header::range_end), [2, 4, 8]);
    assert_eq!([0b001, 0b110, 0xFF].map(Header::range_ends), [2, 12, 14]);
}
