//! Apps take turns; they end, restart, and change their buffers at the worst moment.

use capsules_system::crash_log::ExitClient;
use capsules_trust::key_store::policy::{Policy, SessionShare};
use capsules_trust::key_store::DRIVER_NUM;
use drivers::key_store::Command;
use kernel::hil::time::Alarm;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use super::operations::{hex, CDH_PEER, RFC_DIGEST, RFC_SECRET, RFC_SIGNATURE};
use super::setup::{
    blank, start, Setup, CIPHER, COUNTER, M, OUTPUT, POLICY, SECRET, SIGNING, SLOT, U, WRAPPING,
};
use testing::on_kernel_thread;

fn with_key(test: impl FnOnce(Setup) + Send + 'static) {
    on_kernel_thread(|| {
        let setup = start(&blank(), 7);
        setup.done(M, Command::Import, SIGNING, 0, &[&hex(RFC_SECRET)]);
        setup.done(M, Command::Generate, CIPHER, 0, &[]);
        setup.commission();
        test(setup);
    });
}

#[test]
fn two_apps_are_both_served() {
    with_key(|setup| {
        setup.input(M, 0, &hex(RFC_DIGEST));
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        setup.input(U, 0, b"plain");
        setup.input(U, 1, b"");
        setup.input(U, 2, &[1; 12]);
        assert_eq!(
            setup.command(U, Command::Encrypt, CIPHER, 16),
            SyscallReturn::Success
        );
        // One operation an app.
        let busy = SyscallReturn::Failure(ErrorCode::BUSY);
        assert_eq!(setup.command(M, Command::Sign, SIGNING, 0), busy);
        assert_eq!(setup.command(U, Command::Encrypt, CIPHER, 12), busy);
        assert_eq!(setup.outcome(M, Command::Sign), Ok(hex(RFC_SIGNATURE)));
        let sealed = setup.outcome(U, Command::Encrypt);
        assert_eq!(sealed.map(|sealed| sealed.len()), Ok(21));
        // What is answered at once does not wait.
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        let value = setup.command(U, Command::Counter, COUNTER, 0);
        assert_eq!(value, SyscallReturn::SuccessU32(0));
        assert_eq!(setup.outcome(M, Command::Sign), Ok(hex(RFC_SIGNATURE)));
    });
}

/// An app that asks again and again does not keep the others out.
#[test]
fn turns_go_round() {
    with_key(|setup| {
        setup.input(M, 0, &[1; 32]);
        setup.input(U, 0, b"plain");
        setup.input(U, 2, &[1; 12]);
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        assert_eq!(
            setup.command(U, Command::Encrypt, CIPHER, 16),
            SyscallReturn::Success
        );
        let mut served = [0; 2];
        for _ in 0..4000 {
            setup.steps(1);
            for (app, count) in [M, U].into_iter().zip(&mut served) {
                *count += setup.host.upcalls(app).len();
            }
            setup.command(M, Command::Sign, SIGNING, 0);
            if served[1] > 0 {
                break;
            }
        }
        assert_eq!(served[1], 1);
        assert!(served[0] <= 2, "{served:?}");
    });
}

#[test]
fn the_input_is_copied_once() {
    with_key(|setup| {
        setup.input(M, 0, &hex(RFC_DIGEST));
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        setup.steps(1);
        for step in 0..200 {
            (0..32).for_each(|byte| testing::poke(setup.host.memory(M) + byte, step as u8));
            setup.steps(1);
        }
        assert_eq!(setup.outcome(M, Command::Sign), Ok(hex(RFC_SIGNATURE)));
    });
}

#[test]
fn buffers_are_taken_away_meanwhile() {
    with_key(|setup| {
        setup.input(M, 0, &hex(RFC_DIGEST));
        let before = setup.host.peek(M, OUTPUT, 64);
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        setup.steps(3);
        // The output is too short now: nothing is written.
        setup.host.allow_rw(M, DRIVER_NUM, 0, OUTPUT, 63);
        assert_eq!(setup.outcome(M, Command::Sign), Err(ErrorCode::SIZE));
        assert_eq!(setup.host.peek(M, OUTPUT, 64), before);
        // It is elsewhere now: it is written there, and only there.
        setup.host.allow_rw(M, DRIVER_NUM, 0, OUTPUT, 64);
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        setup.steps(3);
        setup.host.allow_rw(M, DRIVER_NUM, 0, OUTPUT + 200, 64);
        assert!(setup.outcome(M, Command::Sign).is_ok());
        assert_eq!(setup.host.peek(M, OUTPUT, 64), before);
        let signature = setup.host.peek(M, OUTPUT + 200, 64);
        assert_eq!(signature, hex(RFC_SIGNATURE));
        // The input is gone before the turn comes.
        setup.host.allow_rw(M, DRIVER_NUM, 0, OUTPUT, 64);
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        setup.input(M, 0, b"");
        assert_eq!(setup.outcome(M, Command::Sign), Err(ErrorCode::SIZE));
    });
}

#[test]
fn an_app_ends_in_the_middle() {
    with_key(|setup| {
        for steps in [0, 1, 2, 30] {
            setup.input(M, 0, &hex(RFC_DIGEST));
            assert_eq!(
                setup.command(M, Command::Sign, SIGNING, 0),
                SyscallReturn::Success
            );
            setup.steps(steps);
            setup.host.restart(M);
            setup.join(M);
            setup.work();
            assert!(setup.host.upcalls(M).is_empty());
            // Another one is served, and so is the app after its restart.
            let inputs: [&[u8]; 3] = [b"plain", b"", &[1; 12]];
            setup.done(U, Command::Encrypt, CIPHER, 16, &inputs);
            let signature = setup.done(M, Command::Sign, SIGNING, 0, &[&hex(RFC_DIGEST)]);
            assert_eq!(signature, hex(RFC_SIGNATURE));
        }
        setup.input(M, 0, &hex(RFC_DIGEST));
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        setup.steps(2);
        setup.host.end(M);
        let inputs: [&[u8]; 3] = [b"plain", b"", &[1; 12]];
        setup.done(U, Command::Encrypt, CIPHER, 16, &inputs);
    });
}

/// An upcall that finds no room is kept until there is some; meanwhile nothing of
/// that app is taken, and others are served.
#[test]
fn an_upcall_is_never_lost() {
    with_key(|setup| {
        setup.input(M, 0, &hex(RFC_DIGEST));
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        setup.host.stall(M);
        setup.work();
        let inputs: [&[u8]; 3] = [b"plain", b"", &[1; 12]];
        setup.done(U, Command::Encrypt, CIPHER, 16, &inputs);
        setup.clock.pass_ms(3_000);
        setup.host.resume(M);
        assert!(setup.host.upcalls(M).is_empty());
        setup.clock.pass_ms(1_100);
        assert_eq!(setup.outcome(M, Command::Sign), Ok(hex(RFC_SIGNATURE)));
        assert!(!setup.clock.is_armed());
        // Until then its operation is under way; a new run owes nothing.
        assert_eq!(
            setup.command(M, Command::Sign, SIGNING, 0),
            SyscallReturn::Success
        );
        setup.host.stall(M);
        setup.work();
        setup.host.resume(M);
        let busy = SyscallReturn::Failure(ErrorCode::BUSY);
        assert_eq!(setup.command(M, Command::Sign, SIGNING, 0), busy);
        setup.host.restart(M);
        setup.join(M);
        let signature = setup.done(M, Command::Sign, SIGNING, 0, &[&hex(RFC_DIGEST)]);
        assert_eq!(signature, hex(RFC_SIGNATURE));
    });
}

/// What was on its way into the vault arrives, also for a dead app.
#[test]
fn an_app_ends_while_a_change_is_written() {
    with_key(|setup| {
        use capsules_trust::key_store::AppVersions;
        use kernel::deferred_call::DeferredCallClient;
        assert_eq!(
            setup.command(M, Command::Advance, COUNTER, 5),
            SyscallReturn::Success
        );
        // The record has begun.
        setup.store.handle_deferred_call();
        setup.host.restart(M);
        setup.join(M);
        setup.work();
        let value = setup.command(M, Command::Counter, COUNTER, 0);
        assert_eq!(value, SyscallReturn::SuccessU32(5));
        assert_eq!(setup.store.newest(1), Ok(0));
    });
}

#[test]
fn session_keys_go_with_their_process() {
    with_key(|setup| {
        let peer = hex(CDH_PEER);
        let nodevice = Err(ErrorCode::NODEVICE);
        let agree =
            |app, slot| setup.operate(app, Command::Agree, SIGNING, slot, &[&peer, b"", b""]);
        assert_eq!(agree(M, SLOT), Ok(vec![]));
        assert_eq!(agree(U, SLOT), Err(ErrorCode::BUSY));
        setup.host.restart(M);
        setup.join(M);
        assert_eq!(setup.operate(M, Command::Hmac, SLOT, 0, &[b"x"]), nodevice);
        assert_eq!(agree(U, SLOT), Ok(vec![]));
        assert_eq!(agree(M, SLOT), Err(ErrorCode::BUSY));
        setup.host.end(U);
        assert_eq!(agree(M, SLOT), Ok(vec![]));
    });
}

/// The kernel says that a process has ended: no system call is needed.
#[test]
fn session_keys_are_wiped_when_their_process_ends() {
    with_key(|setup| {
        use kernel::deferred_call::DeferredCallClient;
        let inputs: [&[u8]; 3] = [&hex(CDH_PEER), b"", b""];
        setup.done(M, Command::Agree, SIGNING, SLOT, &inputs);
        setup.done(M, Command::Agree, SIGNING, SLOT + 1, &inputs);
        setup.done(U, Command::Agree, SIGNING, SLOT + 2, &inputs);
        // All three slots have the same key.
        let memory = core::ptr::from_ref(setup.store).addr();
        let bytes = || -> Vec<u8> {
            (memory..memory + size_of_val(setup.store))
                .map(testing::peek)
                .collect()
        };
        let slots = |key: &[u8]| bytes().windows(16).filter(|part| *part == key).count();
        let key = bytes()
            .windows(16)
            .find(|part| part.iter().filter(|byte| **byte == 0).count() < 4 && slots(part) == 3)
            .map(<[u8]>::to_vec)
            .expect("the keys stand in the slots");
        setup.host.end(M);
        setup.store.process_ended();
        setup.store.handle_deferred_call();
        assert_eq!(slots(&key), 1);
        setup.host.restart(U);
        setup.store.process_ended();
        setup.store.handle_deferred_call();
        assert_eq!(slots(&key), 0);
    });
}

#[test]
fn session_keys_go_with_the_state() {
    with_key(|setup| {
        let peer = hex(CDH_PEER);
        setup.done(M, Command::Agree, SIGNING, SLOT, &[&peer, b"", b""]);
        setup.done(M, Command::Hmac, SLOT, 0, &[b"x"]);
        setup.done(U, Command::AdvanceState, 2, 0, &[]);
        let gone = setup.operate(M, Command::Hmac, SLOT, 0, &[b"x"]);
        assert_eq!(gone, Err(ErrorCode::NODEVICE));
    });
}

/// No app can fill the slots that are another's share.
#[test]
fn an_app_holds_its_share_of_slots_and_no_more() {
    with_key(|setup| {
        let peer = hex(CDH_PEER);
        let agree =
            |app, slot| setup.operate(app, Command::Agree, SIGNING, slot, &[&peer, b"", b""]);
        for slot in SLOT..SLOT + 6 {
            assert_eq!(agree(M, slot), Ok(vec![]));
        }
        for slot in SLOT + 6..SLOT + 8 {
            assert_eq!(agree(M, slot), Err(ErrorCode::NOMEM));
            let wrapped = [0; 24];
            let unwrapped = setup.operate(M, Command::Unwrap, WRAPPING, slot, &[&wrapped]);
            assert_eq!(unwrapped, Err(ErrorCode::NOMEM));
        }
        for slot in SLOT..SLOT + 6 {
            assert_eq!(agree(U, slot), Err(ErrorCode::BUSY));
        }
        for slot in SLOT + 6..SLOT + 8 {
            assert_eq!(agree(U, slot), Ok(vec![]));
        }
        // An owner puts another key into one of its own.
        for (app, slot) in [(M, SLOT), (U, SLOT + 7)] {
            setup.done(app, Command::Agree, SIGNING, slot, &[&peer, b"other", b""]);
        }
        // One that is closed can be another's, who has its share as before.
        assert_eq!(
            setup.command(M, Command::Close, SLOT, 0),
            SyscallReturn::Success
        );
        assert_eq!(agree(U, SLOT), Err(ErrorCode::NOMEM));
        assert_eq!(
            setup.command(U, Command::Close, SLOT + 6, 0),
            SyscallReturn::Success
        );
        assert_eq!(agree(U, SLOT), Ok(vec![]));
        assert_eq!(agree(M, SLOT + 6), Ok(vec![]));
    });
}

#[test]
fn shares_that_are_more_than_there_are_do_not_fit() {
    assert!(POLICY.shares_fit());
    let more = [POLICY.shares, &[SessionShare { app: 9, slots: 1 }]].concat();
    let policy = Policy {
        shares: Vec::leak(more),
        ..POLICY
    };
    assert!(!policy.shares_fit());
}

#[test]
fn nothing_is_made_without_randomness() {
    with_key(|setup| {
        setup.random.fails.set(Some(ErrorCode::FAIL));
        let failed = Err(ErrorCode::FAIL);
        assert_eq!(setup.operate(M, Command::Generate, SECRET, 0, &[]), failed);
        assert_eq!(setup.operate(M, Command::Advance, COUNTER, 1, &[]), failed);
        // What needs none goes on.
        setup.done(M, Command::Sign, SIGNING, 0, &[&hex(RFC_DIGEST)]);
        setup.random.fails.set(None);
        setup.done(M, Command::Generate, SECRET, 0, &[]);
    });
}
