//! The key store through its own system calls: what is made on the meter, the host can check.

use libtock::apis::key_store::command;
use libtock::platform::ErrorCode;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use system_tests::key_bridge::{Bridge, ANCHOR, COUNTER, KEY, NOTHING};

/// The host's own implementation verifies what the meter signed, and the meter
/// verifies it as well.
#[test]
fn a_signature_of_the_meter_is_verified_by_a_peer() {
    let mut bridge = Bridge::quiet();
    assert_eq!(bridge.call(command::GENERATE, KEY, 0, NOTHING), Ok(vec![]));
    let public = bridge
        .call(command::PUBLIC_KEY, KEY, 0, NOTHING)
        .expect("a public key");
    let peer = VerifyingKey::from_sec1_bytes(&public).expect("a point");
    let store = bridge.call(command::STORE, ANCHOR, 0, [&public, &[], &[]]);
    assert_eq!(store, Ok(vec![]));
    for round in 0..4u8 {
        let digest = [round.wrapping_mul(0x55); 32];
        let signature = bridge
            .call(command::SIGN, KEY, 0, [&digest, &[], &[]])
            .expect("a signature");
        let parsed = Signature::from_slice(&signature).expect("r and s");
        peer.verify_prehash(&digest, &parsed).expect("authentic");
        let mut input = [&digest[..], &signature].concat();
        let verified = bridge.call(command::VERIFY, ANCHOR, 0, [&input, &[], &[]]);
        assert_eq!(verified, Ok(vec![]));
        input[31] ^= 1;
        let other = bridge.call(command::VERIFY, ANCHOR, 0, [&input, &[], &[]]);
        assert_eq!(other, Err(ErrorCode::Fail));
    }
}

#[test]
fn a_counter_rises_and_never_falls() {
    let mut bridge = Bridge::quiet();
    for value in [1, 2, 0x1_0000, u32::MAX] {
        let raised = bridge.call(command::ADVANCE, COUNTER, value, NOTHING);
        assert_eq!(raised, Ok(vec![]));
        let lowered = bridge.call(command::ADVANCE, COUNTER, value - 1, NOTHING);
        assert_eq!(lowered, Err(ErrorCode::Invalid));
    }
}
