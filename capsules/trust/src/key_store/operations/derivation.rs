//! From an agreed secret to a session key.

pub use drivers::key_store::Derivation;
use hkdf::Hkdf;
use kernel::ErrorCode;
use sha2::{Digest, Sha256};

/// Derives a key of 16 bytes from an agreed `secret`, and writes it to `key`.
///
/// - `information`: HKDF's info, or DLMS's OtherInfo
/// - `salt`: HKDF's; DLMS has none
///
/// # Errors
/// Fails with `FAIL` if HKDF refuses the length of the key, which it does not for 16 bytes.
pub fn derive(
    derivation: Derivation,
    secret: &[u8; 32],
    salt: &[u8],
    information: &[u8],
    key: &mut [u8; 16],
) -> Result<(), ErrorCode> {
    match derivation {
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
