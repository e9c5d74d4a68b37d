//! What the tests share: operations run to their end, and bytes from hexadecimal.
#![allow(dead_code)]

use stepped_p256::{
    Agreement, InvalidKey, Progress, PublicKeyDerivation, Signing, Verification, MAX_STEPS,
};

/// The result of an operation and the number of its steps.
pub fn run<T: Copy + PartialEq + core::fmt::Debug>(
    mut step: impl FnMut() -> Progress<T>,
) -> (T, usize) {
    for steps in 1..=MAX_STEPS {
        if let Progress::Done(result) = step() {
            assert_eq!(step(), Progress::Done(result), "a result stays");
            return (result, steps);
        }
    }
    panic!("more than {MAX_STEPS} steps");
}

pub fn sign(secret: &[u8; 32], digest: &[u8; 32]) -> Result<([u8; 64], usize), InvalidKey> {
    let mut signing = Signing::new(secret, digest)?;
    Ok(run(|| signing.step()))
}

pub fn public_key(secret: &[u8; 32]) -> Result<([u8; 65], usize), InvalidKey> {
    let mut derivation = PublicKeyDerivation::new(secret)?;
    Ok(run(|| derivation.step()))
}

pub fn agree(secret: &[u8; 32], peer: &[u8; 65]) -> Result<([u8; 32], usize), InvalidKey> {
    let mut agreement = Agreement::new(secret, peer)?;
    Ok(run(|| agreement.step()))
}

pub fn verify(
    public: &[u8; 65],
    digest: &[u8; 32],
    signature: &[u8; 64],
) -> Result<bool, InvalidKey> {
    let mut verification = Verification::new(public, digest, signature)?;
    Ok(run(|| verification.step()).0)
}

pub fn hex<const N: usize>(text: &str) -> [u8; N] {
    assert_eq!(text.len(), 2 * N);
    core::array::from_fn(|index| {
        u8::from_str_radix(&text[2 * index..2 * index + 2], 16).expect("hexadecimal digits")
    })
}

/// n, the order of the group, plus a small number.
pub fn order_plus(offset: i8) -> [u8; 32] {
    let mut bytes: [u8; 32] =
        hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    bytes[31] = bytes[31].wrapping_add_signed(offset);
    bytes
}

/// The extreme secrets, and some in between, with runs of zero and one bits.
pub fn secrets() -> Vec<[u8; 32]> {
    let small = |value: u8| {
        let mut bytes = [0; 32];
        bytes[31] = value;
        bytes
    };
    let mut secrets = vec![
        small(1),
        small(2),
        small(3),
        small(15),
        small(16),
        order_plus(-1),
        order_plus(-2),
        order_plus(-3),
        hex("8000000000000000000000000000000000000000000000000000000000000000"),
        hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        hex("00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff"),
        hex("f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"),
        hex("0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"),
    ];
    // A fixed sequence of others (xorshift), below n because the first bit is 0.
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    for _ in 0..40 {
        let mut bytes: [u8; 32] = core::array::from_fn(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        });
        bytes[0] &= 0x7F;
        secrets.push(bytes);
    }
    secrets
}
