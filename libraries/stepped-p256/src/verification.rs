//! Verification of ECDSA signatures: FIPS 186-5, section 6.4.2.

use p256::elliptic_curve::bigint::U256;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::{FieldBytes, ProjectivePoint, Scalar};

use crate::inversion::Inversion;
use crate::joint_multiplication::JointMultiplication;
use crate::keys::{nonzero_scalar, public_point};
use crate::{InvalidKey, Progress};

/// Tells whether a signature over a digest of 32 bytes is the key's.
pub struct Verification {
    public: ProjectivePoint,
    digest: Scalar,
    r: Scalar,
    stage: Stage,
}

// One of them at a time, in place: there is no heap to hold the large one.
#[allow(clippy::large_enum_variant)]
enum Stage {
    Invert(Inversion),
    Multiply(JointMultiplication),
    Compare(ProjectivePoint),
    Verdict(bool),
}

impl Verification {
    /// For a public key (SEC 1 uncompressed), the digest of what was signed, and
    /// the signature, r and s of 32 bytes each, big endian. An r or s that is not
    /// in 1 to n - 1 is a wrong signature.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if the key is not a point of the curve.
    pub fn new(
        public: &[u8; 65],
        digest: &[u8; 32],
        signature: &[u8; 64],
    ) -> Result<Self, InvalidKey> {
        let half = |start: usize| {
            let mut bytes = [0; 32];
            bytes.copy_from_slice(&signature[start..start + 32]);
            nonzero_scalar(&bytes)
        };
        let (r, stage) = match (half(0), half(32)) {
            (Some(r), Some(s)) => (r, Stage::Invert(Inversion::new(s))),
            _ => (Scalar::ZERO, Stage::Verdict(false)),
        };
        Ok(Self {
            public: public_point(public)?,
            digest: <Scalar as Reduce<U256>>::reduce_bytes(&FieldBytes::from(*digest)),
            r,
            stage,
        })
    }

    /// Does one step. The result is whether the signature is right.
    pub fn step(&mut self) -> Progress<bool> {
        match &mut self.stage {
            Stage::Invert(inversion) => {
                if let Progress::Done(inverse) = inversion.step() {
                    self.stage = Stage::Multiply(JointMultiplication::new(
                        (ProjectivePoint::GENERATOR, &(self.digest * inverse)),
                        (self.public, &(self.r * inverse)),
                    ));
                }
            }
            Stage::Multiply(multiplication) => {
                if let Progress::Done(sum) = multiplication.step() {
                    self.stage = Stage::Compare(sum);
                }
            }
            Stage::Compare(sum) => {
                // The identity has 0 for an x here, and r is not 0.
                let x = sum.to_affine().x();
                let verdict = <Scalar as Reduce<U256>>::reduce_bytes(&x) == self.r;
                self.stage = Stage::Verdict(verdict);
            }
            Stage::Verdict(_) => {}
        }
        match self.stage {
            Stage::Verdict(verdict) => Progress::Done(verdict),
            _ => Progress::More,
        }
    }
}
