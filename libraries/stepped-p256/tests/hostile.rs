//! Keys and signatures that must be refused.

mod common;

use common::{agree, hex, order_plus, public_key, sign, verify};
use stepped_p256::{Evidence, InvalidKey, Progress, Verification};

const PRIME: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

fn secret() -> [u8; 32] {
    core::array::from_fn(|index| index as u8 + 1)
}

#[test]
fn secrets_out_of_range() {
    let peer = public_key(&secret()).unwrap().0;
    for secret in [[0; 32], order_plus(0), order_plus(1), [0xFF; 32]] {
        assert_eq!(sign(&secret, &[1; 32]), Err(InvalidKey));
        assert_eq!(public_key(&secret), Err(InvalidKey));
        assert_eq!(agree(&secret, &peer), Err(InvalidKey));
    }
}

#[test]
fn points_that_are_none() {
    let good = public_key(&secret()).unwrap().0;
    let mut bad = vec![[0; 65], [0xFF; 65]];
    for tag in (0..=u8::MAX).filter(|tag| *tag != 4) {
        let mut point = good;
        point[0] = tag;
        bad.push(point);
    }
    // Off the curve by one bit, in either coordinate.
    for bit in 8..65 * 8 {
        let mut point = good;
        point[bit / 8] ^= 1 << (bit % 8);
        bad.push(point);
    }
    // (0, y) with the y of a real point is written once as x = 0 and once, not
    // canonically, as x = p.
    let y: [u8; 32] = hex("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
    let mut with_zero = [0; 65];
    with_zero[0] = 4;
    with_zero[33..].copy_from_slice(&y);
    assert!(agree(&secret(), &with_zero).is_ok());
    let mut with_prime = with_zero;
    with_prime[1..33].copy_from_slice(&hex::<32>(PRIME));
    bad.push(with_prime);
    let mut uncompressed_zero = [0; 65];
    uncompressed_zero[0] = 4;
    bad.push(uncompressed_zero);

    let signature = sign(&secret(), &[1; 32]).unwrap().0;
    for point in bad {
        assert_eq!(agree(&secret(), &point), Err(InvalidKey), "{point:02x?}");
        assert_eq!(verify(&point, &[1; 32], &signature), Err(InvalidKey));
    }
}

#[test]
fn altered_signatures_and_digests() {
    let public = public_key(&secret()).unwrap().0;
    let digest = [0xA5; 32];
    let good = sign(&secret(), &digest).unwrap().0;
    assert_eq!(verify(&public, &digest, &good), Ok(true));
    for byte in 0..good.len() {
        let mut signature = good;
        signature[byte] ^= 1 << (byte % 8);
        assert_eq!(verify(&public, &digest, &signature), Ok(false));
    }
    for byte in 0..digest.len() {
        let mut other = digest;
        other[byte] ^= 0x80 >> (byte % 8);
        assert_eq!(verify(&public, &other, &good), Ok(false));
    }
    let other_key = public_key(&[0x33; 32]).unwrap().0;
    assert_eq!(verify(&other_key, &digest, &good), Ok(false));
}

#[test]
fn signatures_out_of_range() {
    let public = public_key(&secret()).unwrap().0;
    let digest = [0xA5; 32];
    let good = sign(&secret(), &digest).unwrap().0;
    for half in [0, 32] {
        for value in [[0; 32], order_plus(0), order_plus(1), [0xFF; 32]] {
            let mut signature = good;
            signature[half..half + 32].copy_from_slice(&value);
            assert_eq!(verify(&public, &digest, &signature), Ok(false));
        }
    }
    assert_eq!(verify(&public, &digest, &[0; 64]), Ok(false));
}

/// With the digest zero and r = s, u1 is 0; with the key G and u1 = -u2, the sum
/// is the identity, which has no x.
#[test]
fn sums_at_the_edge() {
    let one = {
        let mut bytes = [0; 32];
        bytes[31] = 1;
        bytes
    };
    let generator = public_key(&one).unwrap().0;
    let generator_x: [u8; 32] = generator[1..33].try_into().unwrap();
    // u1 = digest / s, u2 = r / s: the digest 0 leaves r / s times the key, and
    // with s = r that is the key itself, whose x is r.
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&generator_x);
    signature[32..].copy_from_slice(&generator_x);
    assert_eq!(verify(&generator, &[0; 32], &signature), Ok(true));
    // digest = n - r: the sum is the identity.
    let negated: [u8; 32] = hex("94e82e0c1ed3bdb90743191a9c5bbf0d45e37d2c792c6ae3ff18917d23ca62bb");
    let mut opposite = [0; 64];
    opposite[31] = 1;
    opposite[63] = 1;
    assert_eq!(verify(&generator, &order_plus(-1), &opposite), Ok(false));
    let mut with_sum = [0; 64];
    with_sum[..32].copy_from_slice(&generator_x);
    with_sum[32..].copy_from_slice(&one);
    assert_eq!(verify(&generator, &negated, &with_sum), Ok(false));
}

/// The words that are left beside the verdict are right for right signatures alone.
#[test]
fn evidence_is_without_doubt_for_right_signatures_alone() {
    let public = public_key(&secret()).unwrap().0;
    let evidence = |digest: &[u8; 32], signature: &[u8; 64]| {
        let mut verification = Verification::new(&public, digest, signature).unwrap();
        assert_eq!(verification.evidence(), Evidence::NONE);
        let verdict = loop {
            match verification.step() {
                Progress::More => assert_eq!(verification.evidence(), Evidence::NONE),
                Progress::Done(verdict) => break verdict,
            }
        };
        (verdict, verification.evidence().doubt())
    };
    for digest in [[1; 32], [0xFE; 32]] {
        let signature = sign(&secret(), &digest).unwrap().0;
        assert_eq!(evidence(&digest, &signature), (true, 0));
        for bit in (0..512).step_by(37) {
            let mut wrong = signature;
            wrong[bit / 8] ^= 1 << (bit % 8);
            let (verdict, doubt) = evidence(&digest, &wrong);
            assert!(!verdict && doubt.count_ones() > 8, "bit {bit}: {doubt:#x}");
        }
    }
    assert!(Evidence::NONE.doubt().count_ones() > 8);
    let (verdict, doubt) = evidence(&[1; 32], &[0; 64]);
    assert!(!verdict && doubt != 0);
}
