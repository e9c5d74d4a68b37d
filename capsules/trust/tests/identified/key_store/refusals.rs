//! What is refused: the wrong app, object, kind, state, size, number.

use capsules_trust::key_store::policy::{Operations, State};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use super::operations::{hex, CDH_PEER};
use super::setup::{
    blank, start, Setup, ABSENT, ANCHOR, CERTIFICATE, CIPHER, COUNTER, GUEST, M, MAKER, NOBODYS,
    POLICY, RENEWED, SECRET, SIGNING, SLOT, U, USER, WRAPPING,
};
use testing::on_kernel_thread;

/// Commands with an object, the operation that they ask for, and their second argument.
const COMMANDS: [(usize, Operations, usize); 17] = [
    (3, Operations::GENERATE, 0),
    (4, Operations::IMPORT, 0),
    (5, Operations::PUBLIC_KEY, 0),
    (6, Operations::SIGN, 0),
    (7, Operations::AGREE, SLOT),
    (8, Operations::ENCRYPT, 16),
    (9, Operations::DECRYPT, 16),
    (10, Operations::HMAC, 0),
    (11, Operations::WRAP, SLOT),
    (12, Operations::UNWRAP, SLOT),
    (13, Operations::VERIFY, 0),
    (14, Operations::STORE, 0),
    (15, Operations::READ, 0),
    (16, Operations::READ, 0),
    (17, Operations::ADVANCE, 1),
    (18, Operations::ACTIVATE, 0),
    (19, Operations::ERASE, 0),
];

fn refusal(
    setup: &Setup,
    app: usize,
    number: usize,
    first: usize,
    second: usize,
) -> Option<ErrorCode> {
    match setup.command(app, number, first, second) {
        SyscallReturn::Failure(error) => Some(error),
        _ => {
            // It was accepted: let it end.
            setup.work();
            setup.host.upcalls(app);
            None
        }
    }
}

/// Every app with every object and command, in two states, against the tables.
#[test]
fn the_policy_decides() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 2);
        for state in [State::Factory, State::Operational] {
            if state == State::Operational {
                setup.commission();
            }
            for (app, id) in [(M, Some(MAKER)), (U, Some(USER)), (GUEST, None)] {
                // No inputs: what is granted ends with SIZE at the latest.
                (0..3).for_each(|allow| setup.input(app, allow, b""));
                for object in [0].into_iter().chain(SIGNING..=ABSENT) {
                    for (number, operation, second) in COMMANDS {
                        let error = refusal(&setup, app, number, object, second);
                        let told = POLICY.access(id, object as u16, operation, state);
                        let known = [ErrorCode::NODEVICE, ErrorCode::NOSUPPORT, ErrorCode::OFF];
                        let what = format!("{state:?} app {app} command {number} of {object}");
                        match told {
                            Err(expected) => assert_eq!(error, Some(expected), "{what}"),
                            // Import ends with the factory; of the wrong command
                            // to read nothing comes; a slot that is empty has no key.
                            Ok(_) if matches!(number, 4 | 11 | 15 | 16) => {}
                            Ok(_) => assert!(
                                error.is_none_or(|error| !known.contains(&error)),
                                "{what}: {error:?}"
                            ),
                        }
                        let exists = POLICY.kind_of(object as u16).is_some();
                        if app == GUEST || !exists || object == NOBODYS {
                            assert_eq!(error, Some(ErrorCode::NODEVICE), "{what}");
                        }
                    }
                }
            }
        }
    });
}

/// A key of one kind is never used as another's.
#[test]
fn key_confusion() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 3);
        for key in [SIGNING, CIPHER, WRAPPING, SECRET] {
            setup.done(M, 3, key, 0, &[]);
        }
        setup.done(M, 14, CERTIFICATE, 0, &[b"certificate"]);
        let wrong = [
            (SIGNING, &[8, 9, 10, 13, 14, 15, 16, 17][..]),
            (CIPHER, &[5, 6, 7, 10, 13, 14, 15, 16, 17]),
            (SECRET, &[5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17]),
            (ANCHOR, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17, 18]),
            (
                CERTIFICATE,
                &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18],
            ),
            (
                COUNTER,
                &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19],
            ),
        ];
        for (object, commands) in wrong {
            for (number, _, second) in COMMANDS {
                if commands.contains(&number) {
                    let error = refusal(&setup, M, number, object, second);
                    let expected = Some(ErrorCode::NOSUPPORT);
                    assert_eq!(error, expected, "command {number} of {object}");
                }
            }
        }
    });
}

#[test]
fn arguments_out_of_range() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 4);
        setup.done(M, 3, SIGNING, 0, &[]);
        let far = [
            0x7001,
            0x7FFF,
            SLOT,
            SLOT + 7,
            SLOT + 8,
            0xFFFF,
            1 << 16,
            usize::MAX,
        ];
        for (number, ..) in COMMANDS {
            for object in far {
                let error = refusal(&setup, M, number, object, 0);
                assert!(error.is_some(), "command {number} of {object:#x}");
            }
        }
        for number in [21, 22, 100, usize::MAX] {
            let error = refusal(&setup, M, number, SIGNING, 0);
            assert_eq!(error, Some(ErrorCode::NOSUPPORT));
        }
        let invalid = Some(ErrorCode::INVAL);
        for second in [2, 3, usize::MAX] {
            assert_eq!(refusal(&setup, M, 5, SIGNING, second), invalid);
            assert_eq!(refusal(&setup, M, 6, SIGNING, second), invalid);
        }
        for second in [0, SIGNING, SLOT + 8, SLOT | 2 << 16, usize::MAX] {
            assert_eq!(refusal(&setup, M, 7, SIGNING, second), invalid);
        }
        for tag in [0, 4, 8, 13, 14, 15, 17, 128, usize::MAX] {
            assert_eq!(refusal(&setup, M, 8, CIPHER, tag), invalid);
            assert_eq!(refusal(&setup, M, 9, CIPHER, tag), invalid);
        }
        for state in [3, 4, 255, usize::MAX] {
            assert_eq!(refusal(&setup, M, 2, state, 0), invalid);
        }
        for slot in [0, SIGNING, SLOT + 8, usize::MAX] {
            let error = refusal(&setup, M, 20, slot, 0);
            assert_eq!(error, Some(ErrorCode::NODEVICE));
        }
        setup.done(M, 3, WRAPPING, 0, &[]);
        setup.input(M, 0, &[0; 24]);
        for target in [0, ABSENT, SLOT + 8, 0x7001, usize::MAX] {
            let error = refusal(&setup, M, 12, WRAPPING, target);
            assert_eq!(error, Some(ErrorCode::NODEVICE), "{target:#x}");
        }
        // Only keys of AES can come wrapped.
        for target in [SIGNING, SECRET, COUNTER] {
            let error = refusal(&setup, M, 12, WRAPPING, target);
            assert_eq!(error, Some(ErrorCode::NOSUPPORT), "{target:#x}");
        }
        // It is still of use.
        setup.done(M, 6, SIGNING, 0, &[&[1; 32]]);
    });
}

#[test]
fn sizes_out_of_range() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 5);
        for key in [SIGNING, CIPHER, WRAPPING] {
            setup.done(M, 3, key, 0, &[]);
        }
        let size = Err(ErrorCode::SIZE);
        let nonce: &[u8] = &[1; 12];
        let lengths: [(usize, usize, usize, &[usize]); 8] = [
            (4, SECRET, 0, &[0, 31, 33, 64]),
            (6, SIGNING, 0, &[0, 31, 33]),
            (7, SIGNING, SLOT, &[0, 33, 64, 66]),
            (9, CIPHER, 16, &[0, 1, 15]),
            (9, CIPHER, 12, &[0, 11]),
            (12, WRAPPING, SLOT, &[0, 8, 16, 23, 25, 32]),
            (14, CERTIFICATE, 0, &[0]),
            (14, ANCHOR, 0, &[0, 33, 64, 66]),
        ];
        for (number, object, second, lengths) in lengths {
            for &length in lengths {
                let input = vec![4; length];
                let refused = setup.operate(M, number, object, second, &[&input, b"", nonce]);
                assert_eq!(refused, size, "command {number} with {length} bytes");
            }
        }
        for length in [0, 11, 13, 16] {
            let nonce = vec![1; length];
            for number in [8, 9] {
                let inputs: [&[u8]; 3] = [&[0; 20], b"", &nonce];
                assert_eq!(setup.operate(M, number, CIPHER, 16, &inputs), size);
            }
        }
        let salt = [0; 129];
        let inputs: [&[u8]; 3] = [&hex(CDH_PEER), b"", &salt];
        assert_eq!(setup.operate(M, 7, SIGNING, SLOT, &inputs), size);
        // The output is too short by one byte.
        setup.done(M, 14, CERTIFICATE, 0, &[&[7; 100]]);
        let driver = capsules_trust::key_store::DRIVER_NUM;
        for (number, object, second, input, output) in [
            (5, SIGNING, 0, 0, 65),
            (6, SIGNING, 0, 32, 64),
            (8, CIPHER, 12, 20, 32),
            (9, CIPHER, 12, 20, 8),
            (15, CERTIFICATE, 0, 0, 100),
        ] {
            setup.host.allow_rw(M, driver, 0, 1100, output - 1);
            let input = vec![0; input];
            let refused = setup.operate(M, number, object, second, &[&input, b"", nonce]);
            assert_eq!(refused, size, "command {number}");
        }
    });
}

#[test]
fn slots_of_others() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 6);
        setup.done(M, 3, SIGNING, 0, &[]);
        setup.done(M, 3, RENEWED, 0, &[]);
        setup.commission();
        let peer = hex(CDH_PEER);
        setup.done(M, 7, SIGNING, SLOT, &[&peer, b"", b""]);
        let nodevice = Err(ErrorCode::NODEVICE);
        let nonce: &[u8] = &[1; 12];
        for app in [U, GUEST] {
            let inputs: [&[u8]; 3] = [b"0123456789abcdef", b"", nonce];
            assert_eq!(setup.operate(app, 8, SLOT, 16, &inputs), nodevice);
            assert_eq!(setup.operate(app, 9, SLOT, 16, &inputs), nodevice);
            assert_eq!(setup.operate(app, 10, SLOT, 0, &[b"x"]), nodevice);
            assert_eq!(setup.operate(app, 19, SLOT, 0, &[]), nodevice);
            let closed = setup.command(app, 20, SLOT, 0);
            assert_eq!(closed, SyscallReturn::Failure(ErrorCode::NODEVICE));
        }
        // A slot that is taken is not taken over.
        let taken = setup.operate(U, 7, SIGNING, SLOT, &[&peer, b"", b""]);
        assert_eq!(taken, Err(ErrorCode::BUSY));
        setup.done(U, 7, SIGNING, SLOT + 1, &[&peer, b"", b""]);
        // The same key, for which each may do what its own grant says.
        let digests = [(M, SLOT), (U, SLOT + 1)]
            .map(|(app, slot)| setup.done(app, 10, slot, 0, &[b"message"]));
        assert_eq!(digests[0], digests[1]);
        let inputs: [&[u8]; 3] = [b"x", b"", nonce];
        assert_eq!(setup.operate(U, 8, SLOT + 1, 16, &inputs), nodevice);
        setup.done(M, 8, SLOT, 16, &inputs);
        // What no slot can do.
        for number in [5, 6] {
            let refused = setup.operate(M, number, SLOT, 0, &[&[0; 32]]);
            assert_eq!(refused, Err(ErrorCode::NOSUPPORT));
        }
        // A key that may only encrypt does not wrap, nor is another's wrapped.
        setup.done(M, 7, RENEWED, SLOT + 2, &[&peer, b"", b""]);
        assert_eq!(setup.operate(M, 11, SLOT + 2, SLOT, &[]), nodevice);
        assert_eq!(setup.operate(M, 11, SLOT, SLOT + 1, &[]), nodevice);
        assert_eq!(setup.done(M, 11, SLOT, SLOT + 2, &[]).len(), 24);
        // Closed, it is free.
        assert_eq!(setup.command(M, 20, SLOT, 0), SyscallReturn::Success);
        assert_eq!(setup.operate(M, 10, SLOT, 0, &[b"x"]), nodevice);
        setup.done(U, 7, SIGNING, SLOT, &[&peer, b"", b""]);
        setup.done(U, 19, SLOT, 0, &[]);
        assert_eq!(setup.operate(U, 10, SLOT, 0, &[b"x"]), nodevice);
    });
}
