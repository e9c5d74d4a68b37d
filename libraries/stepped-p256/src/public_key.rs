//! The public key of a secret.

use p256::ProjectivePoint;
use zeroize::Zeroize;

use crate::keys::{nonzero_scalar, public_bytes};
use crate::multiplication::Multiplication;
use crate::{finished, InvalidKey, Progress};

/// Computes secret times G.
pub struct PublicKeyDerivation {
    multiplication: Multiplication,
    product: Option<ProjectivePoint>,
    public: Option<[u8; 65]>,
}

impl PublicKeyDerivation {
    /// For the secret, a big-endian number.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if it is not in 1 to n - 1.
    pub fn new(secret: &[u8; 32]) -> Result<Self, InvalidKey> {
        let mut scalar = nonzero_scalar(secret).ok_or(InvalidKey)?;
        let multiplication = Multiplication::new(ProjectivePoint::GENERATOR, &scalar);
        scalar.zeroize();
        Ok(Self {
            multiplication,
            product: None,
            public: None,
        })
    }

    /// Does one step. The result is the public key, SEC 1 uncompressed.
    pub fn step(&mut self) -> Progress<[u8; 65]> {
        self.advance();
        finished(&self.public)
    }

    #[inline(never)]
    fn advance(&mut self) {
        match (&self.product, &self.public) {
            (_, Some(_)) => {}
            (Some(product), None) => self.public = Some(public_bytes(&product.to_affine())),
            (None, None) => {
                if let Progress::Done(product) = self.multiplication.step() {
                    self.product = Some(product);
                }
            }
        }
    }
}

impl Drop for PublicKeyDerivation {
    fn drop(&mut self) {
        // The projective coordinates tell more about the secret than the result does.
        self.product.zeroize();
    }
}
