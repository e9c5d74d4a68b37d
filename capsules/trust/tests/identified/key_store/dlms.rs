//! What DLMS/COSEM asks of the key store: its authentication key within the associated data, and nonces that never come twice.

use drivers::key_store::Command;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use super::operations::{hex, CDH_PEER, CDH_SECRET};
use super::setup::{
    blank, start, Setup, AGREEMENT, AUTHENTICATION, CIPHER, INVOCATION, M, SECRET, SIGNING, SLOT,
    U, UNICAST,
};
use testing::on_kernel_thread;

/// Keys of the examples in DLMS UA 1000-2 (Green Book), security suite 0 and 1.
const ENCRYPTION_KEY: &str = "000102030405060708090A0B0C0D0E0F";
const AUTHENTICATION_KEY: &str = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF";
const SYSTEM_TITLE: &str = "4D4D4D0000BC614E";
const COUNT: u32 = 0x0123_4567;
const TAG: usize = 12;
/// The second argument that names the authentication key.
const WITH: usize = TAG | AUTHENTICATION << 16;

fn nonce(count: u32) -> Vec<u8> {
    [hex(SYSTEM_TITLE), count.to_be_bytes().to_vec()].concat()
}

fn with_keys(test: impl FnOnce(Setup) + Send + 'static) {
    on_kernel_thread(|| {
        let setup = start(&blank(), 31);
        setup.done(M, Command::Import, CIPHER, 0, &[&hex(ENCRYPTION_KEY)]);
        setup.done(M, Command::Import, UNICAST, 0, &[&hex(ENCRYPTION_KEY)]);
        setup.done(
            M,
            Command::Import,
            AUTHENTICATION,
            0,
            &[&hex(AUTHENTICATION_KEY)],
        );
        setup.done(M, Command::Import, AGREEMENT, 0, &[&hex(CDH_SECRET)]);
        test(setup);
    });
}

/// Text, associated data without the key, ciphertext and tag: authenticated
/// encryption, authentication alone, and the answer of HLS 5 (GMAC). As published,
/// and computed again with OpenSSL.
const EXAMPLES: [(&str, &str, &str); 3] = [
    (
        "C0010000080000010000FF0200",
        "30",
        "411312FF935A47566827C467BC 7D825C3BE4A77C3FCC056B6B",
    ),
    (
        "",
        "10 C0010000080000010000FF0200",
        "06725D910F9221D263877516",
    ),
    ("", "10 4B35366956616759", "FE1466AFB3DBCD4F9389E2B7"),
];

#[test]
fn examples_of_the_green_book() {
    with_keys(|setup| {
        let nonce = nonce(COUNT);
        for (text, associated, sealed) in EXAMPLES {
            let (text, associated, sealed) = (hex(text), hex(associated), hex(sealed));
            let made = setup.done(
                M,
                Command::Encrypt,
                CIPHER,
                WITH,
                &[&text, &associated, &nonce],
            );
            assert_eq!(made, sealed);
            let opened = setup.done(
                M,
                Command::Decrypt,
                CIPHER,
                WITH,
                &[&sealed, &associated, &nonce],
            );
            assert_eq!(opened, text);
            // Without the key it is another text.
            let without = setup.operate(
                M,
                Command::Decrypt,
                CIPHER,
                TAG,
                &[&sealed, &associated, &nonce],
            );
            assert_eq!(without, Err(ErrorCode::FAIL));
            let by_hand = [&associated[..1], &hex(AUTHENTICATION_KEY), &associated[1..]].concat();
            let opened = setup.done(
                M,
                Command::Decrypt,
                CIPHER,
                TAG,
                &[&sealed, &by_hand, &nonce],
            );
            assert_eq!(opened, text);
        }
    });
}

#[test]
fn lengths_with_an_authentication_key() {
    with_keys(|setup| {
        let nonce = nonce(COUNT);
        for (length, fits) in [(0, false), (1, true), (1_008, true), (1_009, false)] {
            let associated = vec![0x30; length];
            setup.input(M, 0, b"");
            setup.input(M, 2, &nonce);
            setup.long_input(M, 1, &associated);
            let answer = setup.command(M, Command::Encrypt, CIPHER, WITH);
            if fits {
                assert_eq!(answer, SyscallReturn::Success, "{length}");
                assert_eq!(
                    setup
                        .outcome(M, Command::Encrypt)
                        .map(|sealed| sealed.len()),
                    Ok(TAG)
                );
            } else {
                assert_eq!(answer, SyscallReturn::Failure(ErrorCode::SIZE), "{length}");
            }
        }
    });
}

/// What one step takes is bounded: text and associated data share it.
#[test]
fn a_long_text_leaves_little_room_for_associated_data() {
    use capsules_trust::key_store::operations::command;
    let fits = |second: usize, text: usize, associated: usize| {
        let sizes = [text, associated, 12];
        let encrypt = command::Command::parse(Command::Encrypt, CIPHER, second).unwrap();
        let sealed = [text + TAG, associated, 12];
        let decrypt = command::Command::parse(Command::Decrypt, CIPHER, second).unwrap();
        let both = [
            encrypt.check_sizes(None, sizes, 2_000),
            decrypt.check_sizes(None, sealed, 2_000),
        ];
        assert_eq!(both[0], both[1]);
        both[0].is_ok()
    };
    for (text, most) in [(0, 1_024), (64, 1_024), (65, 1_023), (1_024, 64)] {
        assert!(fits(TAG, text, most), "{text}");
        assert!(!fits(TAG, text, most + 1), "{text}");
        assert!(fits(WITH, text, most - 16), "{text}");
        assert!(!fits(WITH, text, most - 15), "{text}");
    }
    assert!(!fits(WITH, 0, 0));
}

#[test]
fn who_may_authenticate_with_a_key() {
    with_keys(|setup| {
        let inputs: [&[u8]; 3] = [b"text", b"\x30", &nonce(COUNT)];
        let with = |key: usize| TAG | key << 16;
        for command in [Command::Encrypt, Command::Decrypt] {
            let try_with = |app, key| setup.operate(app, command, CIPHER, with(key), &inputs);
            let nodevice = Err(ErrorCode::NODEVICE);
            assert_eq!(try_with(M, 0x7001), nodevice);
            assert_eq!(try_with(M, SLOT), nodevice);
            assert_eq!(try_with(M, 99), nodevice);
            assert_eq!(try_with(M, UNICAST), nodevice, "not granted for that");
            assert_eq!(try_with(M, SECRET), Err(ErrorCode::NOSUPPORT));
            let far = setup.operate(M, command, CIPHER, TAG | 1 << 32, &inputs);
            assert_eq!(far, Err(ErrorCode::INVAL));
        }
        setup.done(M, Command::Erase, AUTHENTICATION, 0, &[]);
        let missing = setup.operate(M, Command::Encrypt, CIPHER, WITH, &inputs);
        assert_eq!(missing, Err(ErrorCode::UNINSTALLED));
        setup.commission();
        let foreign = setup.operate(U, Command::Encrypt, CIPHER, WITH, &inputs);
        assert_eq!(foreign, Err(ErrorCode::NODEVICE));
    });
}

/// An app that knows a session key could compute the authentication key from tags
/// under it: only where the page says so.
#[test]
fn session_keys_authenticate_where_it_is_granted() {
    with_keys(|setup| {
        let inputs: [&[u8]; 3] = [b"text", b"\x30", &nonce(1)];
        let peer: [&[u8]; 3] = [&hex(CDH_PEER), b"", b""];
        setup.done(M, Command::Import, SIGNING, 0, &[&hex(CDH_SECRET)]);
        setup.done(M, Command::Agree, SIGNING, SLOT, &peer);
        setup.done(M, Command::Encrypt, SLOT, WITH, &inputs);
        setup.done(M, Command::Agree, AGREEMENT, SLOT + 1, &peer);
        for command in [Command::Encrypt, Command::Decrypt] {
            let refused = setup.operate(M, command, SLOT + 1, WITH, &inputs);
            assert_eq!(refused, Err(ErrorCode::NODEVICE));
        }
    });
}

fn seal(setup: &Setup, key: usize, count: u32) -> Result<(), ErrorCode> {
    let inputs: [&[u8]; 3] = [b"text", b"", &nonce(count)];
    setup
        .operate(M, Command::Encrypt, key, 16, &inputs)
        .map(drop)
}

#[test]
fn no_nonce_comes_twice() {
    with_keys(|setup| {
        let already = Err(ErrorCode::ALREADY);
        // Nothing is reserved yet.
        assert_eq!(seal(&setup, UNICAST, 0), already);
        assert_eq!(seal(&setup, UNICAST, 1), Err(ErrorCode::RESERVE));
        setup.done(M, Command::Advance, INVOCATION, 100, &[]);
        assert_eq!(seal(&setup, UNICAST, 101), Err(ErrorCode::RESERVE));
        assert_eq!(seal(&setup, UNICAST, 7), Ok(()));
        for count in [0, 6, 7] {
            assert_eq!(seal(&setup, UNICAST, count), already);
        }
        assert_eq!(seal(&setup, UNICAST, 8), Ok(()));
        // Raised further, what was used stays used.
        setup.done(M, Command::Advance, INVOCATION, 200, &[]);
        assert_eq!(seal(&setup, UNICAST, 8), already);
        assert_eq!(seal(&setup, UNICAST, 150), Ok(()));
        // By the kernel as well.
        assert_eq!(setup.store.raise_counter(INVOCATION as u16, 300), Ok(()));
        setup.work();
        assert_eq!(seal(&setup, UNICAST, 150), already);
        assert_eq!(seal(&setup, UNICAST, 300), Ok(()));
        // A new run of the app does not get them back.
        setup.host.restart(M);
        setup.join(M);
        assert_eq!(seal(&setup, UNICAST, 300), already);
        // Opening needs no fresh one, and other keys none of this counter.
        let inputs: [&[u8]; 3] = [b"text", b"", &nonce(7)];
        let sealed = setup.done(M, Command::Encrypt, CIPHER, 16, &inputs);
        let inputs: [&[u8]; 3] = [&sealed, b"", &nonce(7)];
        assert_eq!(
            setup.done(M, Command::Decrypt, UNICAST, 16, &inputs),
            b"text"
        );
    });
}

/// The same key can be agreed on again and again: its nonces go on.
#[test]
fn no_nonce_comes_twice_under_a_session_key() {
    with_keys(|setup| {
        let peer: [&[u8]; 3] = [&hex(CDH_PEER), b"", b""];
        setup.done(M, Command::Advance, INVOCATION, 10, &[]);
        // Nothing was used when it was raised.
        for (slot, count) in [(SLOT, 1), (SLOT + 1, 2)] {
            setup.done(M, Command::Agree, AGREEMENT, slot, &peer);
            assert_eq!(seal(&setup, slot, count), Ok(()));
        }
        assert_eq!(
            setup.command(M, Command::Close, SLOT, 0),
            SyscallReturn::Success
        );
        setup.done(M, Command::Agree, AGREEMENT, SLOT, &peer);
        assert_eq!(seal(&setup, SLOT, 2), Err(ErrorCode::ALREADY));
        assert_eq!(seal(&setup, SLOT, 3), Ok(()));
        assert_eq!(seal(&setup, UNICAST, 3), Err(ErrorCode::ALREADY));
    });
}

/// Nobody knows which values the run before had used.
#[test]
fn after_a_start_all_that_was_reserved_is_used() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words, 32);
        setup.done(M, Command::Import, UNICAST, 0, &[&hex(ENCRYPTION_KEY)]);
        setup.done(M, Command::Advance, INVOCATION, 100, &[]);
        assert_eq!(seal(&setup, UNICAST, 60), Ok(()));
        // Whether or not the counter is raised before the first use.
        for (round, raised_first) in [(1, true), (2, false)] {
            let setup = start(&words, 32 + u64::from(round));
            let stands = 100 * round;
            if raised_first {
                setup.done(M, Command::Advance, INVOCATION, stands as usize + 100, &[]);
            }
            for count in [60, 61, stands] {
                assert_eq!(seal(&setup, UNICAST, count), Err(ErrorCode::ALREADY));
            }
            if !raised_first {
                assert_eq!(seal(&setup, UNICAST, stands + 1), Err(ErrorCode::RESERVE));
                setup.done(M, Command::Advance, INVOCATION, stands as usize + 100, &[]);
            }
            assert_eq!(seal(&setup, UNICAST, stands + 1), Ok(()));
        }
    });
}
