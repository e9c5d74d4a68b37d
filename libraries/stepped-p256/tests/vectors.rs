//! Published vectors: RFC 6979 for signatures, NIST's CAVS for key agreement.

mod common;

use common::{agree, hex, public_key, sign, verify};
use sha2::{Digest, Sha256};

const SECRET: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const PUBLIC: &str = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
                      7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

/// RFC 6979, appendix A.2.5, with SHA-256: message, r and s.
const SIGNATURES: [(&str, &str); 2] = [
    (
        "sample",
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ),
    (
        "test",
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367\
         019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ),
];

#[test]
fn signatures_of_rfc_6979() {
    for (message, expected) in SIGNATURES {
        let digest: [u8; 32] = Sha256::digest(message).into();
        let (signature, _) = sign(&hex(SECRET), &digest).unwrap();
        assert_eq!(signature, hex(expected), "{message}");
        assert_eq!(verify(&hex(PUBLIC), &digest, &signature), Ok(true));
    }
}

#[test]
fn public_key_of_rfc_6979() {
    assert_eq!(public_key(&hex(SECRET)).unwrap().0, hex::<65>(PUBLIC));
}

#[test]
fn key_agreement_of_nist() {
    let secret = hex("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534");
    let public = "04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230\
                  28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141";
    let peer = "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287\
                db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";
    assert_eq!(public_key(&secret).unwrap().0, hex::<65>(public));
    assert_eq!(
        agree(&secret, &hex(peer)).unwrap().0,
        hex("46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b")
    );
}
