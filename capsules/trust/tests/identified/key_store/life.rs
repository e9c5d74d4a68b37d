//! The meter's life: starts, states, versions of apps, flash of others.

use std::cell::Cell;

use capsules_trust::key_store::policy::State;
use capsules_trust::key_store::vault::VaultClient;
use capsules_trust::key_store::{AppVersions, Condition, Vault};
use drivers::key_store::Command;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use meter_hil::word_flash::WordFlash;

use super::operations::{hex, RFC_DIGEST, RFC_PUBLIC, RFC_SECRET, RFC_SIGNATURE};
use super::setup::{
    blank, start, start_with_root, ANCHOR, CERTIFICATE, CIPHER, COUNTER, GUEST, M, SECRET, SIGNING,
    U,
};
use testing::random::SeededRandom;
use testing::words_in_ram::WordsInRam;
use testing::{forever, on_kernel_thread};

#[test]
fn keys_outlive_a_start() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words, 8);
        assert_eq!(setup.store.condition(), Condition::Open);
        setup.done(M, Command::Import, SIGNING, 0, &[&hex(RFC_SECRET)]);
        setup.done(M, Command::Advance, COUNTER, 9, &[]);
        setup.done(M, Command::Store, CERTIFICATE, 0, &[b"certificate"]);
        setup.commission();
        let setup = start(&words, 9);
        assert_eq!(
            setup.command(GUEST, Command::State, 0, 0),
            SyscallReturn::SuccessU32(1)
        );
        let signature = setup.done(M, Command::Sign, SIGNING, 0, &[&hex(RFC_DIGEST)]);
        assert_eq!(signature, hex(RFC_SIGNATURE));
        assert_eq!(
            setup.command(U, Command::Counter, COUNTER, 0),
            SyscallReturn::SuccessU32(9)
        );
        assert_eq!(
            setup.done(M, Command::Read, CERTIFICATE, 0, &[]),
            b"certificate"
        );
        // One of them is of the ledger.
        assert_eq!(setup.store.usage().changes, 6);
    });
}

#[test]
fn the_state_goes_one_way() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words, 10);
        let state = |setup: &super::setup::Setup| setup.command(M, Command::State, 0, 0);
        assert_eq!(state(&setup), SyscallReturn::SuccessU32(0));
        let nodevice = Err(ErrorCode::NODEVICE);
        let off = Err(ErrorCode::OFF);
        assert_eq!(
            setup.operate(GUEST, Command::AdvanceState, 1, 0, &[]),
            nodevice
        );
        assert_eq!(setup.operate(U, Command::AdvanceState, 1, 0, &[]), nodevice);
        assert_eq!(setup.operate(M, Command::AdvanceState, 2, 0, &[]), nodevice);
        assert_eq!(setup.operate(U, Command::AdvanceState, 2, 0, &[]), off);
        setup.done(M, Command::Import, SECRET, 0, &[&[1; 32]]);
        setup.commission();
        assert_eq!(state(&setup), SyscallReturn::SuccessU32(1));
        assert_eq!(setup.store.state(), Ok(State::Operational));
        assert_eq!(setup.operate(M, Command::AdvanceState, 1, 0, &[]), off);
        assert_eq!(setup.operate(U, Command::AdvanceState, 0, 0, &[]), off);
        // Importing ended with the factory, though this grant does not.
        assert_eq!(
            setup.operate(M, Command::Import, CIPHER, 0, &[&[1; 16]]),
            off
        );
        setup.done(M, Command::Hmac, SECRET, 0, &[b"x"]);
        setup.done(M, Command::Store, ANCHOR, 0, &[&hex(RFC_PUBLIC)]);
        setup.done(M, Command::Advance, COUNTER, 4, &[]);
        setup.done(U, Command::AdvanceState, 2, 0, &[]);
        for setup in [setup, start(&words, 11)] {
            assert_eq!(state(&setup), SyscallReturn::SuccessU32(2));
            assert_eq!(setup.operate(M, Command::Hmac, SECRET, 0, &[b"x"]), off);
            assert_eq!(setup.operate(U, Command::AdvanceState, 2, 0, &[]), off);
        }
    });
}

/// The plain bytes of keys are in flash at no time.
#[test]
fn no_key_in_the_clear() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words, 12);
        setup.done(M, Command::Import, SIGNING, 0, &[&hex(RFC_SECRET)]);
        setup.done(M, Command::Import, SECRET, 0, &[&[0xA5; 32]]);
        let bytes: Vec<u8> = words
            .borrow()
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        assert!(!bytes.windows(8).any(|part| part == &hex(RFC_SECRET)[..8]));
        assert!(!bytes.windows(8).any(|part| part == [0xA5; 8]));
    });
}

#[test]
fn versions_of_apps() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words, 13);
        assert_eq!(setup.store.newest(1), Ok(0));
        for (short_id, version) in [(1, 3), (2, 7), (1, 2), (5, 1), (1, 4)] {
            assert_eq!(setup.store.raise(short_id, version), Ok(()));
        }
        setup.work();
        for setup in [setup, start(&words, 14)] {
            let newest = [1, 2, 3, 5].map(|short_id| setup.store.newest(short_id));
            assert_eq!(newest, [Ok(4), Ok(7), Ok(0), Ok(1)]);
            assert_eq!(setup.store.raise(2, 6), Ok(()));
            setup.work();
            assert_eq!(setup.store.newest(2), Ok(7));
            for short_id in [0, 0x1000, u32::MAX] {
                assert_eq!(setup.store.newest(short_id), Err(ErrorCode::INVAL));
                assert_eq!(setup.store.raise(short_id, 1), Err(ErrorCode::INVAL));
            }
            // No app reaches them.
            let read = setup.command(M, Command::Counter, 0x7001, 0);
            assert_eq!(read, SyscallReturn::Failure(ErrorCode::NODEVICE));
            let raised = setup.operate(M, Command::Advance, 0x7001, 9, &[]);
            assert_eq!(raised, Err(ErrorCode::NODEVICE));
        }
    });
}

#[test]
fn counters_that_the_kernel_raises() {
    on_kernel_thread(|| {
        let setup = start(&blank(), 19);
        assert_eq!(setup.store.counter(COUNTER as u16), Ok(0));
        assert_eq!(setup.store.raise_counter(COUNTER as u16, 5), Ok(()));
        setup.work();
        assert_eq!(setup.store.raise_counter(COUNTER as u16, 4), Ok(()));
        setup.work();
        assert_eq!(setup.store.counter(COUNTER as u16), Ok(5));
        let value = setup.command(M, Command::Counter, COUNTER, 0);
        assert_eq!(value, SyscallReturn::SuccessU32(5));
        for object in [SIGNING as u16, 0x7001, 0x8000] {
            let nodevice = Err(ErrorCode::NODEVICE);
            assert_eq!(setup.store.raise_counter(object, 1), nodevice);
        }
    });
}

#[test]
fn flash_of_another_device_or_time() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words, 15);
        setup.done(M, Command::Advance, COUNTER, 1, &[]);
        let earlier = words.borrow().clone();
        setup.done(M, Command::Advance, COUNTER, 2, &[]);
        let now = words.borrow().clone();
        let mut older = now.clone();
        older[..6 * 1024].copy_from_slice(&earlier[..6 * 1024]);
        for (image, root) in [(&now, [4; 32]), (&older, [3; 32])] {
            *words.borrow_mut() = image.clone();
            let setup = start_with_root(&words, 16, &root);
            assert_eq!(setup.store.condition(), Condition::Refused);
            let failed = Err(ErrorCode::FAIL);
            let state = setup.command(M, Command::State, 0, 0);
            assert_eq!(state, SyscallReturn::Failure(ErrorCode::FAIL));
            let value = setup.command(M, Command::Counter, COUNTER, 0);
            assert_eq!(value, SyscallReturn::Failure(ErrorCode::FAIL));
            assert_eq!(setup.operate(M, Command::Advance, COUNTER, 3, &[]), failed);
            assert_eq!(setup.operate(M, Command::Generate, SIGNING, 0, &[]), failed);
            assert_eq!(setup.operate(M, Command::AdvanceState, 1, 0, &[]), failed);
            assert_eq!(setup.store.newest(1), failed.clone().map(|_| 0));
            assert_eq!(&*words.borrow(), image, "nothing is written over it");
        }
    });
}

#[test]
fn flash_that_does_not_work_is_reported() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words, 17);
        setup.done(M, Command::Advance, COUNTER, 1, &[]);
        setup.flash.broken.set(true);
        let failed = setup.operate(M, Command::Advance, COUNTER, 2, &[]);
        assert_eq!(failed, Err(ErrorCode::FAIL));
        let value = setup.command(M, Command::Counter, COUNTER, 0);
        assert_eq!(value, SyscallReturn::SuccessU32(1));
        setup.flash.broken.set(false);
        setup.done(M, Command::Advance, COUNTER, 3, &[]);
        let setup = start(&words, 18);
        let value = setup.command(M, Command::Counter, COUNTER, 0);
        assert_eq!(value, SyscallReturn::SuccessU32(3));
    });
}

/// Hears when the vault has settled what was in doubt.
#[derive(Default)]
struct Settled(Cell<usize>);

impl VaultClient for Settled {
    fn committed(&self, result: Result<(), ErrorCode>) {
        panic!("nobody asked for {result:?}");
    }

    fn settled(&self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A meter whose part fails just then must not wait for its keys for ever.
#[test]
fn doubt_that_cannot_be_settled() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words, 20);
        setup.done(M, Command::Advance, COUNTER, 1, &[]);
        let before = words.borrow().clone();
        setup.done(M, Command::Advance, COUNTER, 2, &[]);
        // The record stands, but the anchor does not count it.
        words.borrow_mut()[6 * 1024..].copy_from_slice(&before[6 * 1024..]);
        for (broken, fails) in [(true, false), (false, true)] {
            let (flash, random) = (
                forever(WordsInRam::new(&words)),
                forever(SeededRandom::new(21)),
            );
            flash.broken.set(broken);
            random.fails.set(fails.then_some(ErrorCode::FAIL));
            let vault = forever(Vault::new(flash, random));
            let client = forever(Settled::default());
            flash.set_client(vault);
            vault.set_client(client);
            assert_eq!(vault.open(&[3; 32]), Ok(()));
            flash.run();
            assert_eq!(client.0.get(), 1);
            assert_eq!(vault.condition(), Condition::Refused);
            assert_eq!(vault.state(), Err(ErrorCode::FAIL));
        }
        let setup = start(&words, 22);
        assert_eq!(setup.store.condition(), Condition::Open);
        let value = setup.command(M, Command::Counter, COUNTER, 0);
        assert_eq!(value, SyscallReturn::SuccessU32(2));
    });
}
