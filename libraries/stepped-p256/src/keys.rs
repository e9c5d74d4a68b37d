//! Keys from bytes and to bytes: SEC 1, section 2.3, uncompressed points only.

use p256::elliptic_curve::ff::PrimeField;
use p256::elliptic_curve::sec1::{FromEncodedPoint, ToEncodedPoint};
use p256::elliptic_curve::subtle::ConstantTimeEq;
use p256::{AffinePoint, EncodedPoint, FieldBytes, ProjectivePoint, Scalar};

use crate::InvalidKey;

/// The first byte of an uncompressed point.
const UNCOMPRESSED: u8 = 4;

/// A scalar from big-endian bytes, if it lies in 1 to n - 1.
pub fn nonzero_scalar(bytes: &[u8; 32]) -> Option<Scalar> {
    let scalar = Option::<Scalar>::from(Scalar::from_repr(FieldBytes::from(*bytes)))?;
    let zero: bool = scalar.ct_eq(&Scalar::ZERO).into();
    (!zero).then_some(scalar)
}

/// A point of the curve that is not its identity; coordinates below the prime.
pub fn public_point(bytes: &[u8; 65]) -> Result<ProjectivePoint, InvalidKey> {
    if bytes[0] != UNCOMPRESSED {
        return Err(InvalidKey);
    }
    let encoded = EncodedPoint::from_bytes(bytes).map_err(|_| InvalidKey)?;
    Option::<AffinePoint>::from(AffinePoint::from_encoded_point(&encoded))
        .map(ProjectivePoint::from)
        .ok_or(InvalidKey)
}

/// The uncompressed bytes of a point that is not the identity.
pub fn public_bytes(point: &AffinePoint) -> [u8; 65] {
    let encoded = point.to_encoded_point(false);
    let mut bytes = [0; 65];
    // Only the identity, which no caller has, is shorter.
    if let Some(all) = encoded.as_bytes().get(..bytes.len()) {
        bytes.copy_from_slice(all);
    }
    bytes
}
