//! The key store through its own system calls: what is made on the meter, the host can check.

use drivers::key_store::Command;
use libtock::platform::ErrorCode;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use system_tests::firmware;
use system_tests::key_bridge::{Bridge, AES, ANCHOR, AUTHENTICATION, BOUND, COUNTER, KEY, NOTHING};

/// The host's own implementation verifies what the meter signed, and the meter
/// verifies it as well.
#[test]
fn a_signature_of_the_meter_is_verified_by_a_peer() {
    let mut bridge = Bridge::quiet();
    assert_eq!(bridge.call(Command::Generate, KEY, 0, NOTHING), Ok(vec![]));
    let public = bridge
        .call(Command::PublicKey, KEY, 0, NOTHING)
        .expect("a public key");
    let peer = VerifyingKey::from_sec1_bytes(&public).expect("a point");
    let store = bridge.call(Command::Store, ANCHOR, 0, [&public, &[], &[]]);
    assert_eq!(store, Ok(vec![]));
    for round in 0..4u8 {
        let digest = [round.wrapping_mul(0x55); 32];
        let signature = bridge
            .call(Command::Sign, KEY, 0, [&digest, &[], &[]])
            .expect("a signature");
        let parsed = Signature::from_slice(&signature).expect("r and s");
        peer.verify_prehash(&digest, &parsed).expect("authentic");
        let mut input = [&digest[..], &signature].concat();
        let verified = bridge.call(Command::Verify, ANCHOR, 0, [&input, &[], &[]]);
        assert_eq!(verified, Ok(vec![]));
        input[31] ^= 1;
        let other = bridge.call(Command::Verify, ANCHOR, 0, [&input, &[], &[]]);
        assert_eq!(other, Err(ErrorCode::Fail));
    }
}

/// The examples of DLMS UA 1000-2 (Green Book): authenticated encryption, and the
/// answer of HLS 5.
#[test]
fn dlms_texts_are_sealed_with_an_authentication_key() {
    let mut bridge = Bridge::quiet();
    let encryption: [u8; 16] = core::array::from_fn(|at| at as u8);
    let authentication: [u8; 16] = core::array::from_fn(|at| 0xD0 + at as u8);
    assert_eq!(bridge.import(AES, &encryption), Ok(()));
    assert_eq!(bridge.import(AUTHENTICATION, &authentication), Ok(()));
    let nonce = *b"MMM\x00\x00\xBC\x61\x4E\x01\x23\x45\x67";
    let text = *b"\xC0\x01\x00\x00\x08\x00\x00\x01\x00\x00\xFF\x02\x00";
    let sealed = *b"\x41\x13\x12\xFF\x93\x5A\x47\x56\x68\x27\xC4\x67\xBC\
        \x7D\x82\x5C\x3B\xE4\xA7\x7C\x3F\xCC\x05\x6B\x6B";
    let with = 12 | AUTHENTICATION << 16;
    let made = bridge.call(Command::Encrypt, AES, with, [&text, b"\x30", &nonce]);
    assert_eq!(made.as_deref(), Ok(&sealed[..]));
    let opened = bridge.call(Command::Decrypt, AES, with, [&sealed, b"\x30", &nonce]);
    assert_eq!(opened.as_deref(), Ok(&text[..]));
    let challenge = bridge.call(Command::Encrypt, AES, with, [&[], b"\x10K56iVagY", &nonce]);
    let answer = *b"\xFE\x14\x66\xAF\xB3\xDB\xCD\x4F\x93\x89\xE2\xB7";
    assert_eq!(challenge.as_deref(), Ok(&answer[..]));
    // Neither key for the other.
    let with = 12 | AES << 16;
    let swapped = bridge.call(
        Command::Encrypt,
        AUTHENTICATION,
        with,
        [&[], b"\x10", &nonce],
    );
    assert_eq!(swapped, Err(ErrorCode::NoDevice));
    let other = bridge.call(Command::Encrypt, AES, with, [&[], b"\x10", &nonce]);
    assert_eq!(other, Err(ErrorCode::NoDevice));
}

/// Nonces that were used, or may have been, are not used again, whatever the meter
/// goes through.
#[test]
fn no_nonce_comes_twice_over_a_power_cut() {
    let seal = |bridge: &mut Bridge, count: u32| {
        let mut nonce = *b"meter...----";
        nonce[8..].copy_from_slice(&count.to_be_bytes());
        let sealed = bridge.call(Command::Encrypt, BOUND, 12, [b"text", &[], &nonce]);
        sealed.map(drop)
    };
    let firmware = firmware::key_bridge().without("metering");
    let mut bridge = Bridge::boot(&firmware);
    assert_eq!(bridge.import(BOUND, &[7; 16]), Ok(()));
    assert_eq!(seal(&mut bridge, 1), Err(ErrorCode::Reserve));
    let raised = bridge.call(Command::Advance, COUNTER, 100, NOTHING);
    assert_eq!(raised, Ok(vec![]));
    assert_eq!(seal(&mut bridge, 1), Ok(()));
    assert_eq!(seal(&mut bridge, 1), Err(ErrorCode::Already));
    assert_eq!(seal(&mut bridge, 2), Ok(()));
    let mut bridge = Bridge::boot(&firmware.with_data_of(&bridge.machine.flash()));
    for count in [1, 2, 3, 100] {
        assert_eq!(seal(&mut bridge, count), Err(ErrorCode::Already));
    }
    let raised = bridge.call(Command::Advance, COUNTER, 200, NOTHING);
    assert_eq!(raised, Ok(vec![]));
    assert_eq!(seal(&mut bridge, 101), Ok(()));
}

#[test]
fn a_counter_rises_and_never_falls() {
    let mut bridge = Bridge::quiet();
    for value in [1, 2, 0x1_0000, u32::MAX] {
        let raised = bridge.call(Command::Advance, COUNTER, value, NOTHING);
        assert_eq!(raised, Ok(vec![]));
        let lowered = bridge.call(Command::Advance, COUNTER, value - 1, NOTHING);
        assert_eq!(lowered, Err(ErrorCode::Invalid));
    }
}
