//! The check of a credential: which bytes it covers, whose signature it finds, and in how many steps.

use std::vec;
use std::vec::Vec;

use sha2::{Digest, Sha256};
use stepped_p256::{Progress, PublicKeyDerivation, Signing, MAX_STEPS};

use super::{Check, Signer, HASHED_PER_STEP};

fn finish<T>(mut step: impl FnMut() -> Progress<T>) -> T {
    loop {
        if let Progress::Done(result) = step() {
            return result;
        }
    }
}

fn signer(secret: u8) -> Signer {
    let mut derivation = PublicKeyDerivation::new(&[secret; 32]).unwrap();
    Signer {
        public_key: finish(|| derivation.step()),
        apps: &[1],
    }
}

fn sign(secret: u8, region: &[u8]) -> [u8; 64] {
    let mut signing = Signing::new(&[secret; 32], &Sha256::digest(region).into()).unwrap();
    finish(|| signing.step())
}

fn found(region: &[u8], signature: &[u8; 64], signers: &[Signer]) -> Option<usize> {
    let mut check = Check::new(region, signature, signers);
    finish(|| check.step())
}

fn region(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 256) as u8).collect()
}

#[test]
fn the_signer_is_found_by_number() {
    let signers = [signer(1), signer(2), signer(3)];
    let region = region(5_000);
    for (number, secret) in (0..).zip(1..=3) {
        assert_eq!(
            found(&region, &sign(secret, &region), &signers),
            Some(number)
        );
    }
    assert_eq!(found(&region, &sign(4, &region), &signers), None);
    assert_eq!(found(&region, &sign(1, &region), &[]), None);
}

#[test]
fn every_byte_is_covered() {
    let signers = [signer(1)];
    for length in [1, 300, HASHED_PER_STEP, HASHED_PER_STEP + 1] {
        let good = region(length);
        let signature = sign(1, &good);
        assert_eq!(found(&good, &signature, &signers), Some(0));
        for at in (0..length).step_by(if length > 300 { 97 } else { 1 }) {
            let mut altered = good.clone();
            altered[at] ^= 1 << (at % 8);
            assert_eq!(found(&altered, &signature, &signers), None, "byte {at}");
        }
        assert_eq!(found(&good[..length - 1], &signature, &signers), None);
        let longer = [good.as_slice(), &[0]].concat();
        assert_eq!(found(&longer, &signature, &signers), None);
    }
}

#[test]
fn an_empty_region_is_checked_too() {
    assert_eq!(found(&[], &sign(1, &[]), &[signer(1)]), Some(0));
}

#[test]
fn a_key_that_is_no_point_is_passed_over() {
    let broken = Signer {
        public_key: [4; 65],
        apps: &[1],
    };
    let region = region(64);
    let signers = [broken, signer(1)];
    assert_eq!(found(&region, &sign(1, &region), &signers), Some(1));
}

#[test]
fn steps_are_bounded() {
    let signers = vec![signer(1), signer(2)];
    let region = region(20 * HASHED_PER_STEP);
    let signature = sign(3, &region);
    let mut check = Check::new(&region, &signature, &signers);
    let steps = (1..)
        .find(|_| check.step() == Progress::Done(None))
        .unwrap();
    assert!(steps > 20);
    assert!(steps <= 21 + signers.len() * MAX_STEPS);
}
