//! ECDH: SP 800-56A, section 5.7.1.2, the elliptic curve CDH primitive (cofactor 1).

use p256::elliptic_curve::point::AffineCoordinates;
use p256::ProjectivePoint;
use zeroize::Zeroize;

use crate::keys::{nonzero_scalar, public_point};
use crate::multiplication::Multiplication;
use crate::{finished, InvalidKey, Progress};

/// Computes the x coordinate of secret times the peer's public key.
pub struct Agreement {
    multiplication: Multiplication,
    product: Option<ProjectivePoint>,
    shared: Option<[u8; 32]>,
}

impl Agreement {
    /// For a secret (big-endian) and a peer's public key (SEC 1 uncompressed).
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if the secret is not in 1 to n - 1 or the peer's key is not
    /// a point of the curve.
    pub fn new(secret: &[u8; 32], peer: &[u8; 65]) -> Result<Self, InvalidKey> {
        let peer = public_point(peer)?;
        let mut scalar = nonzero_scalar(secret).ok_or(InvalidKey)?;
        let multiplication = Multiplication::new(peer, &scalar);
        scalar.zeroize();
        Ok(Self {
            multiplication,
            product: None,
            shared: None,
        })
    }

    /// Does one step. The result is the x coordinate, big endian: a secret.
    pub fn step(&mut self) -> Progress<[u8; 32]> {
        self.advance();
        finished(&self.shared)
    }

    #[inline(never)]
    fn advance(&mut self) {
        match (&self.product, &self.shared) {
            (_, Some(_)) => {}
            (Some(product), None) => self.shared = Some(product.to_affine().x().into()),
            (None, None) => {
                if let Progress::Done(product) = self.multiplication.step() {
                    self.product = Some(product);
                }
            }
        }
    }
}

impl Drop for Agreement {
    fn drop(&mut self) {
        self.product.zeroize();
        self.shared.zeroize();
    }
}
