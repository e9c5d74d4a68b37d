//! What is refused: the wrong app, object, kind, state, size, number.

use capsules_trust::key_store::policy::{Operations, State};
use drivers::key_store::Command;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use super::operations::{hex, CDH_PEER};
use super::setup::{
    blank, start, Setup, ABSENT, ANCHOR, CERTIFICATE, CIPHER, COUNTER, GUEST, M, MAKER, NOBODYS,
    POLICY, RENEWED, SECRET, SIGNING, SLOT, U, USER, WRAPPING,
};
use testing::on_kernel_thread;

/// Commands with an object, the operation that they ask for, and their second argument.
const COMMANDS: [(Command, Operations, usize); 17] = [
    (Command::Generate, Operations::GENERATE, 0),
    (Command::Import, Operations::IMPORT, 0),
    (Command::PublicKey, Operations::PUBLIC_KEY, 0),
    (Command::Sign, Operations::SIGN, 0),
    (Command::Agree, Operations::AGREE, SLOT),
    (Command::Encrypt, Operations::ENCRYPT, 16),
    (Command::Decrypt, Operations::DECRYPT, 16),
    (Command::Hmac, Operations::HMAC, 0),
    (Command::Wrap, Operations::WRAP, SLOT),
    (Command::Unwrap, Operations::UNWRAP, SLOT),
    (Command::Verify, Operations::VERIFY, 0),
    (Command::Store, Operations::STORE, 0),
    (Command::Read, Operations::READ, 0),
    (Command::Counter, Operations::READ, 0),
    (Command::Advance, Operations::ADVANCE, 1),
    (Command::Activate, Operations::ACTIVATE, 0),
    (Command::Erase, Operations::ERASE, 0),
];

fn refusal(
    setup: &Setup,
    app: usize,
    command: Command,
    first: usize,
    second: usize,
) -> Option<ErrorCode> {
    match setup.command(app, command, first, second) {
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
                    for (command, operation, second) in COMMANDS {
                        let error = refusal(&setup, app, command, object, second);
                        let told = POLICY.access(id, object as u16, operation, state);
                        let known = [ErrorCode::NODEVICE, ErrorCode::NOSUPPORT, ErrorCode::OFF];
                        let what = format!("{state:?} app {app} {command:?} of {object}");
                        match told {
                            Err(expected) => assert_eq!(error, Some(expected), "{what}"),
                            // Import ends with the factory; of the wrong command
                            // to read nothing comes; a slot that is empty has no key.
                            Ok(_)
                                if matches!(
                                    command,
                                    Command::Import
                                        | Command::Wrap
                                        | Command::Read
                                        | Command::Counter
                                ) => {}
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
            setup.done(M, Command::Generate, key, 0, &[]);
        }
        setup.done(M, Command::Store, CERTIFICATE, 0, &[b"certificate"]);
        use Command::*;
        let wrong = [
            (
                SIGNING,
                &[
                    Encrypt, Decrypt, Hmac, Verify, Store, Read, Counter, Advance,
                ][..],
            ),
            (
                CIPHER,
                &[
                    PublicKey, Sign, Agree, Hmac, Verify, Store, Read, Counter, Advance,
                ],
            ),
            (
                SECRET,
                &[
                    PublicKey, Sign, Agree, Encrypt, Decrypt, Wrap, Unwrap, Verify, Store, Read,
                    Counter, Advance,
                ],
            ),
            (
                ANCHOR,
                &[
                    Generate, Import, PublicKey, Sign, Agree, Encrypt, Decrypt, Hmac, Wrap, Unwrap,
                    Counter, Advance, Activate,
                ],
            ),
            (
                CERTIFICATE,
                &[
                    Generate, Import, PublicKey, Sign, Agree, Encrypt, Decrypt, Hmac, Wrap, Unwrap,
                    Verify, Counter, Advance, Activate,
                ],
            ),
            (
                COUNTER,
                &[
                    Generate, Import, PublicKey, Sign, Agree, Encrypt, Decrypt, Hmac, Wrap, Unwrap,
                    Verify, Store, Read, Activate, Erase,
                ],
            ),
        ];
        for (object, commands) in wrong {
            for (command, _, second) in COMMANDS {
                if commands.contains(&command) {
                    let error = refusal(&setup, M, command, object, second);
                    let expected = Some(ErrorCode::NOSUPPORT);
                    assert_eq!(error, expected, "{command:?} of {object}");
                }
            }
        }
    });
}

#[test]
fn arguments_out_of_range() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 4);
        setup.done(M, Command::Generate, SIGNING, 0, &[]);
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
        for (command, ..) in COMMANDS {
            for object in far {
                let error = refusal(&setup, M, command, object, 0);
                assert!(error.is_some(), "{command:?} of {object:#x}");
            }
        }
        for number in [21, 22, 100, usize::MAX] {
            let answer = setup.call(M, number, SIGNING, 0);
            assert_eq!(answer, SyscallReturn::Failure(ErrorCode::NOSUPPORT));
        }
        let invalid = Some(ErrorCode::INVAL);
        for second in [2, 3, usize::MAX] {
            assert_eq!(
                refusal(&setup, M, Command::PublicKey, SIGNING, second),
                invalid
            );
            assert_eq!(refusal(&setup, M, Command::Sign, SIGNING, second), invalid);
        }
        for second in [0, SIGNING, SLOT + 8, SLOT | 2 << 16, usize::MAX] {
            assert_eq!(refusal(&setup, M, Command::Agree, SIGNING, second), invalid);
        }
        for tag in [0, 4, 8, 13, 14, 15, 17, 128, usize::MAX] {
            assert_eq!(refusal(&setup, M, Command::Encrypt, CIPHER, tag), invalid);
            assert_eq!(refusal(&setup, M, Command::Decrypt, CIPHER, tag), invalid);
        }
        for state in [3, 4, 255, usize::MAX] {
            assert_eq!(refusal(&setup, M, Command::AdvanceState, state, 0), invalid);
        }
        for slot in [0, SIGNING, SLOT + 8, usize::MAX] {
            let error = refusal(&setup, M, Command::Close, slot, 0);
            assert_eq!(error, Some(ErrorCode::NODEVICE));
        }
        setup.done(M, Command::Generate, WRAPPING, 0, &[]);
        setup.input(M, 0, &[0; 24]);
        for target in [0, ABSENT, SLOT + 8, 0x7001, usize::MAX] {
            let error = refusal(&setup, M, Command::Unwrap, WRAPPING, target);
            assert_eq!(error, Some(ErrorCode::NODEVICE), "{target:#x}");
        }
        // Only keys of AES can come wrapped.
        for target in [SIGNING, SECRET, COUNTER] {
            let error = refusal(&setup, M, Command::Unwrap, WRAPPING, target);
            assert_eq!(error, Some(ErrorCode::NOSUPPORT), "{target:#x}");
        }
        // It is still of use.
        setup.done(M, Command::Sign, SIGNING, 0, &[&[1; 32]]);
    });
}

#[test]
fn sizes_out_of_range() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 5);
        for key in [SIGNING, CIPHER, WRAPPING] {
            setup.done(M, Command::Generate, key, 0, &[]);
        }
        let size = Err(ErrorCode::SIZE);
        let nonce: &[u8] = &[1; 12];
        let lengths: [(Command, usize, usize, &[usize]); 8] = [
            (Command::Import, SECRET, 0, &[0, 31, 33, 64]),
            (Command::Sign, SIGNING, 0, &[0, 31, 33]),
            (Command::Agree, SIGNING, SLOT, &[0, 33, 64, 66]),
            (Command::Decrypt, CIPHER, 16, &[0, 1, 15]),
            (Command::Decrypt, CIPHER, 12, &[0, 11]),
            (Command::Unwrap, WRAPPING, SLOT, &[0, 8, 16, 23, 25, 32]),
            (Command::Store, CERTIFICATE, 0, &[0]),
            (Command::Store, ANCHOR, 0, &[0, 33, 64, 66]),
        ];
        for (command, object, second, lengths) in lengths {
            for &length in lengths {
                let input = vec![4; length];
                let refused = setup.operate(M, command, object, second, &[&input, b"", nonce]);
                assert_eq!(refused, size, "{command:?} with {length} bytes");
            }
        }
        for length in [0, 11, 13, 16] {
            let nonce = vec![1; length];
            for command in [Command::Encrypt, Command::Decrypt] {
                let inputs: [&[u8]; 3] = [&[0; 20], b"", &nonce];
                assert_eq!(setup.operate(M, command, CIPHER, 16, &inputs), size);
            }
        }
        let salt = [0; 129];
        let inputs: [&[u8]; 3] = [&hex(CDH_PEER), b"", &salt];
        assert_eq!(
            setup.operate(M, Command::Agree, SIGNING, SLOT, &inputs),
            size
        );
        // The output is too short by one byte.
        setup.done(M, Command::Store, CERTIFICATE, 0, &[&[7; 100]]);
        let driver = capsules_trust::key_store::DRIVER_NUM;
        for (command, object, second, input, output) in [
            (Command::PublicKey, SIGNING, 0, 0, 65),
            (Command::Sign, SIGNING, 0, 32, 64),
            (Command::Encrypt, CIPHER, 12, 20, 32),
            (Command::Decrypt, CIPHER, 12, 20, 8),
            (Command::Read, CERTIFICATE, 0, 0, 100),
        ] {
            setup.host.allow_rw(M, driver, 0, 1100, output - 1);
            let input = vec![0; input];
            let refused = setup.operate(M, command, object, second, &[&input, b"", nonce]);
            assert_eq!(refused, size, "{command:?}");
        }
    });
}

#[test]
fn slots_of_others() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 6);
        setup.done(M, Command::Generate, SIGNING, 0, &[]);
        setup.done(M, Command::Generate, RENEWED, 0, &[]);
        setup.commission();
        let peer = hex(CDH_PEER);
        setup.done(M, Command::Agree, SIGNING, SLOT, &[&peer, b"", b""]);
        let nodevice = Err(ErrorCode::NODEVICE);
        let nonce: &[u8] = &[1; 12];
        for app in [U, GUEST] {
            let inputs: [&[u8]; 3] = [b"0123456789abcdef", b"", nonce];
            assert_eq!(
                setup.operate(app, Command::Encrypt, SLOT, 16, &inputs),
                nodevice
            );
            assert_eq!(
                setup.operate(app, Command::Decrypt, SLOT, 16, &inputs),
                nodevice
            );
            assert_eq!(
                setup.operate(app, Command::Hmac, SLOT, 0, &[b"x"]),
                nodevice
            );
            assert_eq!(setup.operate(app, Command::Erase, SLOT, 0, &[]), nodevice);
            let closed = setup.command(app, Command::Close, SLOT, 0);
            assert_eq!(closed, SyscallReturn::Failure(ErrorCode::NODEVICE));
        }
        // A slot that is taken is not taken over.
        let taken = setup.operate(U, Command::Agree, SIGNING, SLOT, &[&peer, b"", b""]);
        assert_eq!(taken, Err(ErrorCode::BUSY));
        setup.done(U, Command::Agree, SIGNING, SLOT + 1, &[&peer, b"", b""]);
        // The same key, for which each may do what its own grant says.
        let digests = [(M, SLOT), (U, SLOT + 1)]
            .map(|(app, slot)| setup.done(app, Command::Hmac, slot, 0, &[b"message"]));
        assert_eq!(digests[0], digests[1]);
        let inputs: [&[u8]; 3] = [b"x", b"", nonce];
        assert_eq!(
            setup.operate(U, Command::Encrypt, SLOT + 1, 16, &inputs),
            nodevice
        );
        setup.done(M, Command::Encrypt, SLOT, 16, &inputs);
        // What no slot can do.
        for command in [Command::PublicKey, Command::Sign] {
            let refused = setup.operate(M, command, SLOT, 0, &[&[0; 32]]);
            assert_eq!(refused, Err(ErrorCode::NOSUPPORT));
        }
        // A key that may only encrypt does not wrap, nor is another's wrapped.
        setup.done(M, Command::Agree, RENEWED, SLOT + 2, &[&peer, b"", b""]);
        assert_eq!(
            setup.operate(M, Command::Wrap, SLOT + 2, SLOT, &[]),
            nodevice
        );
        assert_eq!(
            setup.operate(M, Command::Wrap, SLOT, SLOT + 1, &[]),
            nodevice
        );
        assert_eq!(setup.done(M, Command::Wrap, SLOT, SLOT + 2, &[]).len(), 24);
        // Closed, it is free.
        assert_eq!(
            setup.command(M, Command::Close, SLOT, 0),
            SyscallReturn::Success
        );
        assert_eq!(setup.operate(M, Command::Hmac, SLOT, 0, &[b"x"]), nodevice);
        setup.done(U, Command::Agree, SIGNING, SLOT, &[&peer, b"", b""]);
        setup.done(U, Command::Erase, SLOT, 0, &[]);
        assert_eq!(setup.operate(U, Command::Hmac, SLOT, 0, &[b"x"]), nodevice);
    });
}
