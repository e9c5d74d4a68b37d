//! Known answers of the symmetric operations and the derivations.

use std::vec::Vec;

use kernel::ErrorCode;

use super::derivation::{derive, Derivation};
use super::symmetric::{decrypt, encrypt, hmac, unwrap, wrap};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

/// Test case 4 of the GCM specification (McGrew and Viega).
struct Gcm {
    key: [u8; 16],
    nonce: [u8; 12],
    associated: Vec<u8>,
    plain: Vec<u8>,
    sealed: Vec<u8>,
}

fn gcm() -> Gcm {
    Gcm {
        key: array("feffe9928665731c6d6a8f9467308308"),
        nonce: array("cafebabefacedbaddecaf888"),
        associated: hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        plain: hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        ),
        sealed: hex(
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
             21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
             5bc94fbc3221a5db94fae95ae7121a47",
        ),
    }
}

#[test]
fn gcm_with_both_tags() {
    let Gcm {
        key,
        nonce,
        associated,
        plain,
        sealed,
    } = gcm();
    for tag in [16, 12] {
        let mut data = plain.clone();
        data.resize(plain.len() + 16, 0);
        let length = encrypt(&key, &nonce, &associated, &mut data, plain.len(), tag).unwrap();
        assert_eq!(length, plain.len() + tag);
        // A short tag is the start of a long one.
        assert_eq!(data[..length], sealed[..length]);
        let opened = decrypt(&key, &nonce, &associated, &mut data, length, tag);
        assert_eq!(opened, Ok(plain.len()));
        assert_eq!(data[..plain.len()], plain);
    }
}

#[test]
fn gcm_refuses_what_was_altered() {
    let Gcm {
        key,
        nonce,
        associated,
        sealed,
        ..
    } = gcm();
    for bit in 0..8 * sealed.len() {
        let mut data = sealed.clone();
        data[bit / 8] ^= 1 << (bit % 8);
        let length = data.len();
        let opened = decrypt(&key, &nonce, &associated, &mut data, length, 16);
        assert_eq!(opened, Err(ErrorCode::FAIL));
        assert!(data.iter().all(|byte| *byte == 0), "nothing is left");
    }
    let mut data = sealed.clone();
    let opened = decrypt(&key, &nonce, b"other", &mut data, sealed.len(), 16);
    assert_eq!(opened, Err(ErrorCode::FAIL));
    // A tag of the other length is another tag.
    let mut data = sealed.clone();
    let opened = decrypt(&key, &nonce, &associated, &mut data, sealed.len(), 12);
    assert_eq!(opened, Err(ErrorCode::FAIL));
    let mut short = [0; 15];
    let opened = decrypt(&key, &nonce, &associated, &mut short, 15, 16);
    assert_eq!(opened, Err(ErrorCode::SIZE));
    for tag in [0, 4, 8, 13, 15, 17] {
        let mut data = [0; 64];
        let sealed = encrypt(&key, &nonce, b"", &mut data, 8, tag);
        assert_eq!(sealed, Err(ErrorCode::INVAL));
    }
}

/// RFC 4231, test case 2.
#[test]
fn hmac_of_the_rfc() {
    let digest = hmac(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(
        digest,
        array("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    );
}

/// RFC 3394, section 4.1.
#[test]
fn key_wrap_of_the_rfc() {
    let wrapping = array("000102030405060708090A0B0C0D0E0F");
    let key = array("00112233445566778899AABBCCDDEEFF");
    let mut wrapped = [0; 24];
    wrap(&wrapping, &key, &mut wrapped).unwrap();
    assert_eq!(
        wrapped,
        array("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")
    );
    let mut unwrapped = [0; 16];
    unwrap(&wrapping, &wrapped, &mut unwrapped).unwrap();
    assert_eq!(unwrapped, key);
    for bit in 0..8 * wrapped.len() {
        let mut altered = wrapped;
        altered[bit / 8] ^= 1 << (bit % 8);
        let mut unwrapped = [1; 16];
        let refused = unwrap(&wrapping, &altered, &mut unwrapped);
        assert_eq!(refused, Err(ErrorCode::FAIL));
        assert_eq!(unwrapped, [0; 16]);
    }
}

/// The definitions of RFC 5869 and NIST SP 800-56A, computed independently.
#[test]
fn derivations() {
    let secret = array("46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
    let mut key = [0; 16];
    derive(
        Derivation::Dlms,
        &secret,
        b"not used",
        b"other information",
        &mut key,
    )
    .unwrap();
    assert_eq!(key, array("65a9c7de485e5fa35c261e48be8df898"));
    // As in security suite 1: the algorithm of AES-GCM-128, and two system titles.
    let information = hex("60857405080300 4d4d4d0000bc614e 434c490000000001");
    derive(Derivation::Dlms, &secret, b"", &information, &mut key).unwrap();
    assert_eq!(key, array("1565c137437dd7df25723f1040d01ea3"));
    derive(Derivation::Hkdf, &secret, b"salt", b"info", &mut key).unwrap();
    assert_eq!(key, array("e1aa2ca1585a968791857a01d02739b1"));
}
