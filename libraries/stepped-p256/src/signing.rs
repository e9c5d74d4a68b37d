//! ECDSA signatures (FIPS 186-5, section 6.4) with the nonces of RFC 6979.

use p256::elliptic_curve::bigint::U256;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::subtle::ConstantTimeEq;
use p256::{FieldBytes, ProjectivePoint, Scalar};
use rfc6979::HmacDrbg;
use sha2::Sha256;
use zeroize::Zeroize;

use crate::inversion::Inversion;
use crate::keys::nonzero_scalar;
use crate::multiplication::Multiplication;
use crate::{finished, InvalidKey, Progress};

/// Computes a signature over a digest of 32 bytes.
pub struct Signing {
    secret: Scalar,
    digest: Scalar,
    /// Nonces that gave no signature so far.
    refused_nonces: u32,
    nonce: Scalar,
    r: Scalar,
    stage: Stage,
    signature: Option<[u8; 64]>,
}

// One of them at a time, in place: there is no heap to hold the large one.
#[allow(clippy::large_enum_variant)]
enum Stage {
    Nonce,
    Multiply(Multiplication),
    Normalise(ProjectivePoint),
    Invert(Inversion),
    Combine(Scalar),
}

impl Signing {
    /// For a secret (big-endian) and the digest of what is signed.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if the secret is not in 1 to n - 1.
    pub fn new(secret: &[u8; 32], digest: &[u8; 32]) -> Result<Self, InvalidKey> {
        Ok(Self {
            secret: nonzero_scalar(secret).ok_or(InvalidKey)?,
            digest: <Scalar as Reduce<U256>>::reduce_bytes(&FieldBytes::from(*digest)),
            refused_nonces: 0,
            nonce: Scalar::ZERO,
            r: Scalar::ZERO,
            stage: Stage::Nonce,
            signature: None,
        })
    }

    /// Does one step. The result is r and s, 32 bytes each, big endian.
    pub fn step(&mut self) -> Progress<[u8; 64]> {
        if self.signature.is_none() {
            self.advance();
        }
        finished(&self.signature)
    }

    #[inline(never)]
    fn advance(&mut self) {
        match &mut self.stage {
            Stage::Nonce => {
                self.nonce = nonce(&self.secret, &self.digest, self.refused_nonces);
                self.set_stage(Stage::Multiply(Multiplication::new(
                    ProjectivePoint::GENERATOR,
                    &self.nonce,
                )));
            }
            Stage::Multiply(multiplication) => {
                if let Progress::Done(product) = multiplication.step() {
                    self.set_stage(Stage::Normalise(product));
                }
            }
            Stage::Normalise(product) => {
                self.r = <Scalar as Reduce<U256>>::reduce_bytes(&product.to_affine().x());
                self.set_stage(Stage::Invert(Inversion::new(self.nonce)));
            }
            Stage::Invert(inversion) => {
                if let Progress::Done(inverse) = inversion.step() {
                    self.set_stage(Stage::Combine(inverse));
                }
            }
            Stage::Combine(inverse) => {
                let s = *inverse * (self.digest + self.r * self.secret);
                if bool::from(self.r.ct_eq(&Scalar::ZERO) | s.ct_eq(&Scalar::ZERO)) {
                    self.refused_nonces += 1;
                    self.set_stage(Stage::Nonce);
                    return;
                }
                let mut signature = [0; 64];
                signature[..32].copy_from_slice(&self.r.to_bytes());
                signature[32..].copy_from_slice(&s.to_bytes());
                self.signature = Some(signature);
                self.wipe();
            }
        }
    }

    fn set_stage(&mut self, stage: Stage) {
        self.stage.wipe();
        self.stage = stage;
    }

    fn wipe(&mut self) {
        self.secret.zeroize();
        self.nonce.zeroize();
        self.set_stage(Stage::Nonce);
    }
}

impl Stage {
    /// Wipes what does not wipe itself when dropped.
    fn wipe(&mut self) {
        match self {
            Stage::Normalise(product) => product.zeroize(),
            Stage::Combine(inverse) => inverse.zeroize(),
            Stage::Nonce | Stage::Multiply(_) | Stage::Invert(_) => {}
        }
    }
}

impl Drop for Signing {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// The nonce of RFC 6979, section 3.2, after `refused` others.
///
/// The generator is made anew for each, so that its state need not be kept. One
/// try in 2^32 is out of range; that it was tells nothing about the one used.
fn nonce(secret: &Scalar, digest: &Scalar, refused: u32) -> Scalar {
    let mut secret = secret.to_bytes();
    let mut generator = HmacDrbg::<Sha256>::new(&secret, &digest.to_bytes(), &[]);
    secret.zeroize();
    let mut bytes = [0; 32];
    let mut left = refused;
    loop {
        generator.fill_bytes(&mut bytes);
        if let Some(nonce) = nonzero_scalar(&bytes) {
            if left == 0 {
                bytes.zeroize();
                return nonce;
            }
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_nonce_is_followed_by_another() {
        let (secret, digest) = (Scalar::from(7u64), Scalar::from(9u64));
        let nonces = [0, 1, 2].map(|refused| nonce(&secret, &digest, refused));
        assert_ne!(nonces[0], nonces[1]);
        assert_ne!(nonces[1], nonces[2]);
        assert_ne!(nonces[0], nonces[2]);
    }

    #[test]
    fn nothing_secret_stays_after_the_last_step() {
        let mut signing = Signing::new(&[0x5A; 32], &[1; 32]).unwrap();
        while signing.step() == Progress::More {}
        assert_eq!(signing.secret, Scalar::ZERO);
        assert_eq!(signing.nonce, Scalar::ZERO);
        assert!(matches!(signing.stage, Stage::Nonce));
    }
}
