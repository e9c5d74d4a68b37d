//! What is done with symmetric keys: AES-128-GCM, HMAC-SHA-256, AES key wrap.

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::{AesGcm, TagSize};
use aes_kw::KekAes128;
pub use drivers::key_store::{
    DIGEST_BYTES as DIGEST, NONCE_BYTES as NONCE, TAG_BYTES as TAGS, WRAPPED_BYTES as WRAPPED,
};
use hmac::{Hmac, Mac};
use kernel::ErrorCode;
use sha2::Sha256;
use zeroize::Zeroize;

/// Encrypts the first `length` bytes of `data` in place (AES-128-GCM, NIST SP 800-38D), puts
/// the tag of `tag` bytes behind them, and returns the length of both.
///
/// # Errors
/// Fails with `INVAL` if the tag is to have neither 12 nor 16 bytes, and with `SIZE` if it
/// does not fit into `data`.
pub fn encrypt(
    key: &[u8; 16],
    nonce: &[u8; NONCE],
    associated: &[u8],
    data: &mut [u8],
    length: usize,
    tag: usize,
) -> Result<usize, ErrorCode> {
    let sealed = data.get_mut(..length + tag).ok_or(ErrorCode::SIZE)?;
    let (text, place) = sealed.split_at_mut(length);
    match tag {
        16 => seal::<U16>(key, nonce, associated, text, place),
        12 => seal::<U12>(key, nonce, associated, text, place),
        _ => return Err(ErrorCode::INVAL),
    }?;
    Ok(length + tag)
}

/// Verifies and decrypts in place the first `length` bytes of `data`, of which the last `tag`
/// are the tag, and returns the length of the plaintext.
///
/// # Errors
/// Fails with `FAIL` if they are not authentic, and wipes `data`; with `INVAL` if the tag is
/// to have neither 12 nor 16 bytes; with `SIZE` if `length` is shorter than a tag.
pub fn decrypt(
    key: &[u8; 16],
    nonce: &[u8; NONCE],
    associated: &[u8],
    data: &mut [u8],
    length: usize,
    tag: usize,
) -> Result<usize, ErrorCode> {
    let sealed = data.get_mut(..length).ok_or(ErrorCode::SIZE)?;
    let text = length.checked_sub(tag).ok_or(ErrorCode::SIZE)?;
    let (text, tag_bytes) = sealed.split_at_mut(text);
    let opened = match tag {
        16 => open::<U16>(key, nonce, associated, text, tag_bytes),
        12 => open::<U12>(key, nonce, associated, text, tag_bytes),
        _ => return Err(ErrorCode::INVAL),
    };
    if opened.is_err() {
        data.zeroize();
    }
    opened.map(|()| length - tag)
}

fn seal<T: TagSize>(
    key: &[u8; 16],
    nonce: &[u8; NONCE],
    associated: &[u8],
    text: &mut [u8],
    place: &mut [u8],
) -> Result<(), ErrorCode> {
    let cipher = AesGcm::<Aes128, U12, T>::new(key.into());
    let tag = cipher
        .encrypt_in_place_detached(nonce.into(), associated, text)
        .map_err(|_| ErrorCode::FAIL)?;
    place.copy_from_slice(&tag);
    Ok(())
}

fn open<T: TagSize>(
    key: &[u8; 16],
    nonce: &[u8; NONCE],
    associated: &[u8],
    text: &mut [u8],
    tag: &[u8],
) -> Result<(), ErrorCode> {
    let cipher = AesGcm::<Aes128, U12, T>::new(key.into());
    cipher
        .decrypt_in_place_detached(nonce.into(), associated, text, tag.into())
        .map_err(|_| ErrorCode::FAIL)
}

/// Returns the HMAC-SHA-256 (FIPS 198-1) of `message` under `key`, which may have any length.
pub fn hmac(key: &[u8], message: &[u8]) -> [u8; DIGEST] {
    let mut digest = [0; DIGEST];
    // Every length of key will do for HMAC.
    if let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) {
        mac.update(message);
        digest.copy_from_slice(&mac.finalize().into_bytes());
    }
    digest
}

/// Wraps a key of 16 bytes under the key `wrapping` (RFC 3394), into the 24 bytes of
/// `wrapped`.
///
/// # Errors
/// Fails with `FAIL` if the cipher refuses the lengths, which it does not for these.
pub fn wrap(
    wrapping: &[u8; 16],
    key: &[u8; 16],
    wrapped: &mut [u8; WRAPPED],
) -> Result<(), ErrorCode> {
    KekAes128::new(wrapping.into())
        .wrap(key, wrapped)
        .map_err(|_| ErrorCode::FAIL)
}

/// Unwraps a key of 16 bytes with the key `wrapping` (RFC 3394), into `key`.
///
/// # Errors
/// Fails with `FAIL` if it was not wrapped under this key, and wipes `key`.
pub fn unwrap(
    wrapping: &[u8; 16],
    wrapped: &[u8; WRAPPED],
    key: &mut [u8; 16],
) -> Result<(), ErrorCode> {
    let unwrapped = KekAes128::new(wrapping.into()).unwrap(wrapped, key);
    unwrapped.map_err(|_| {
        key.zeroize();
        ErrorCode::FAIL
    })
}
