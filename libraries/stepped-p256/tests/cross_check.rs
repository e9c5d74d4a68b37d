//! Every operation against the `p256` crate's own, and the work that it takes.

mod common;

use std::collections::BTreeSet;

use common::{agree, public_key, secrets, sign, verify};
use p256::ecdh::diffie_hellman;
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::{PublicKey, SecretKey};
use stepped_p256::{Agreement, PublicKeyDerivation, Signing, Verification};

#[test]
fn the_same_results_in_the_same_number_of_steps() {
    let secrets = secrets();
    let mut counts = [(); 3].map(|()| BTreeSet::new());
    for (index, secret) in secrets.iter().enumerate() {
        let digest = secrets[(index + 7) % secrets.len()];
        let key = SigningKey::from_bytes(secret.into()).unwrap();
        let theirs: Signature = key.sign_prehash(&digest).unwrap();
        let (signature, steps) = sign(secret, &digest).unwrap();
        assert_eq!(signature[..], theirs.to_bytes()[..]);
        counts[0].insert(steps);

        let (public, steps) = public_key(secret).unwrap();
        let verifying = VerifyingKey::from(&key);
        assert_eq!(public[..], *verifying.to_encoded_point(false).as_bytes());
        counts[1].insert(steps);
        assert_eq!(verify(&public, &digest, &signature), Ok(true));
        let read = Signature::from_slice(&signature).unwrap();
        assert!(verifying.verify_prehash(&digest, &read).is_ok());

        let peer = public_key(&digest).unwrap().0;
        let (shared, steps) = agree(secret, &peer).unwrap();
        let secret = SecretKey::from_slice(secret).unwrap();
        let peer = PublicKey::from_sec1_bytes(&peer).unwrap();
        let theirs = diffie_hellman(secret.to_nonzero_scalar(), peer.as_affine());
        assert_eq!(shared[..], theirs.raw_secret_bytes()[..]);
        counts[2].insert(steps);
    }
    for counts in counts {
        assert_eq!(counts.len(), 1, "{counts:?}");
    }
}

#[test]
fn states_are_small() {
    const LIMIT: usize = 2_560;
    assert!(size_of::<Signing>() <= LIMIT);
    assert!(size_of::<PublicKeyDerivation>() <= LIMIT);
    assert!(size_of::<Agreement>() <= LIMIT);
    assert!(size_of::<Verification>() <= LIMIT);
}
