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
    Verdict(bool, Evidence),
}

/// What a verification leaves behind beside its verdict: two words that are computed from the
/// numbers which have to be the same, and not chosen by a branch. An instruction that is lost
/// may turn a verdict; it does not make these words right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence([u32; 2]);

impl Evidence {
    /// Of no signature.
    pub const NONE: Evidence = Evidence([0; 2]);
    /// Of a right one: two words that differ in half of their bits, from each other as from
    /// those of none.
    const RIGHT: [u32; 2] = [0x3AC5_96E1, 0x9D2B_4E78];

    /// Of two numbers.
    #[inline(never)]
    fn of(x: &FieldBytes, r: &FieldBytes) -> Self {
        let words = |bytes: &FieldBytes| {
            let bytes = core::hint::black_box(*bytes);
            core::array::from_fn::<u32, 8, _>(|word| {
                let at = 4 * word;
                u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
            })
        };
        let ones = words(x).into_iter().zip(words(r));
        let first = ones.fold(0, |sum, (a, b)| sum | (a ^ b));
        let others = words(r).into_iter().zip(words(x)).rev();
        let second = others.fold(0u32, |sum, (a, b)| sum.rotate_left(9) ^ a.wrapping_sub(b));
        Evidence([Self::RIGHT[0] ^ first, Self::RIGHT[1] ^ second])
    }

    /// Returns the bits in which the words differ from those of a right signature: none if it
    /// was right.
    #[must_use]
    pub fn doubt(self) -> u32 {
        (self.0[0] ^ Self::RIGHT[0]) | (self.0[1] ^ Self::RIGHT[1])
    }
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
            _ => (Scalar::ZERO, Stage::Verdict(false, Evidence::NONE)),
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
                let x = <Scalar as Reduce<U256>>::reduce_bytes(&x);
                let evidence = Evidence::of(&x.to_bytes(), &self.r.to_bytes());
                self.stage = Stage::Verdict(x == self.r, evidence);
            }
            Stage::Verdict(..) => {}
        }
        match self.stage {
            Stage::Verdict(verdict, _) => Progress::Done(verdict),
            _ => Progress::More,
        }
    }

    /// Returns the evidence of the verdict; none before there is one.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        match self.stage {
            Stage::Verdict(_, evidence) => evidence,
            _ => Evidence::NONE,
        }
    }
}
