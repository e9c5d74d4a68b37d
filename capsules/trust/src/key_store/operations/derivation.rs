//! From an agreed secret to a session key.

use hkdf::Hkdf;
use kernel::ErrorCode;
use sha2::{Digest, Sha256};

/// How a session key is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// HKDF-SHA-256 (RFC 5869).
    Hkdf,
    /// The key derivation of DLMS/COSEM's security suite 1: NIST SP 800-56A
    /// section 5.8.1, one round of SHA-256.
    Dlms,
}

impl Derivation {
    /// The derivation with this number.
    pub fn from_number(number: usize) -> Option<Self> {
        match number {
            0 => Some(Derivation::Hkdf),
            1 => Some(Derivation::Dlms),
            _ => None,
        }
    }

    /// Derives a key of 16 bytes.
    ///
    /// - `information`: HKDF's info, or DLMS's OtherInfo
    /// - `salt`: HKDF's; DLMS has none
    pub fn derive(
        self,
        secret: &[u8; 32],
        salt: &[u8],
        information: &[u8],
        key: &mut [u8; 16],
    ) -> Result<(), ErrorCode> {
        match self {
            Derivation::Hkdf => Hkdf::<Sha256>::new(Some(salt), secret)
                .expand(information, key)
                .map_err(|_| ErrorCode::FAIL),
            Derivation::Dlms => {
                let round = Sha256::new()
                    .chain_update(1u32.to_be_bytes())
                    .chain_update(secret)
                    .chain_update(information)
                    .finalize();
                key.copy_from_slice(&round[..16]);
                Ok(())
            }
        }
    }
}
