//! AES: block modes, CCM and GCM.

use crate::errorcode::ErrorCode;

/// Bytes of a block.
pub const AES_BLOCK_SIZE: usize = 16;
/// Bytes of an AES-128 key.
pub const AES128_KEY_SIZE: usize = 16;
/// Bytes of an AES-256 key.
pub const AES256_KEY_SIZE: usize = 32;
/// Bytes of an initialisation vector or first counter.
pub const AES_IV_SIZE: usize = 16;
/// Bytes of the nonce of CCM.
pub const CCM_NONCE_LENGTH: usize = 13;

mod sealed {
    pub trait Sealed {}
}

/// A key size as a type: [`AES128`] or [`AES256`].
pub trait AESKeySize: sealed::Sealed {
    /// Bytes of the key.
    const LENGTH: usize;
}

/// Keys of 128 bits.
pub struct AES128;

impl sealed::Sealed for AES128 {}

impl AESKeySize for AES128 {
    const LENGTH: usize = AES128_KEY_SIZE;
}

/// Keys of 256 bits.
pub struct AES256;

impl sealed::Sealed for AES256 {}

impl AESKeySize for AES256 {
    const LENGTH: usize = AES256_KEY_SIZE;
}

/// Is told when a block operation is done.
pub trait Client<'a> {
    /// The buffers as they were passed to [`AES::crypt`]; `dest` holds the
    /// result.
    fn crypt_done(&'a self, source: Option<&'static mut [u8]>, dest: &'static mut [u8]);
}

/// What [`AES::crypt`] refuses: the reason and the buffers.
pub type CryptRefused = (
    Result<(), ErrorCode>,
    Option<&'static mut [u8]>,
    &'static mut [u8],
);

/// A block engine. Key, vector and mode are kept from one operation to the next.
pub trait AES<'a, K: AESKeySize> {
    /// Turns the engine on, which has to come before anything else.
    fn enable(&self);

    /// Turns the engine off.
    fn disable(&self);

    /// Sets who is told when an operation is done.
    fn set_client(&'a self, client: &'a dyn Client<'a>);

    /// Sets the key. It returns INVAL unless the key is `K::LENGTH` bytes long.
    fn set_key(&self, key: &[u8]) -> Result<(), ErrorCode>;

    /// Sets vector or counter. It returns INVAL unless that is a block long.
    fn set_iv(&self, iv: &[u8]) -> Result<(), ErrorCode>;

    /// Begins a message: the next operation starts from the vector that was set.
    fn start_message(&self);

    /// Works on `source`, or where it is `None` on the indices from
    /// `start_index` to `stop_index` of `dest`, and stores the result at those
    /// indices of `dest`. `None` when it started. INVAL: the indices do not lie
    /// in `dest`, are no whole blocks apart, or do not fit `source`. BUSY: an
    /// operation is under way.
    fn crypt(
        &self,
        source: Option<&'static mut [u8]>,
        dest: &'static mut [u8],
        start_index: usize,
        stop_index: usize,
    ) -> Option<CryptRefused>;
}

/// An engine that can do counter mode.
pub trait AESCtr {
    /// Chooses counter mode, for encryption or decryption.
    fn set_mode_aesctr(&self, encrypting: bool) -> Result<(), ErrorCode>;
}

/// An engine that can do cipher block chaining.
pub trait AESCBC {
    /// Chooses cipher block chaining, for encryption or decryption.
    fn set_mode_aescbc(&self, encrypting: bool) -> Result<(), ErrorCode>;
}

/// An engine that can do single blocks.
pub trait AESECB {
    /// Chooses single blocks, for encryption or decryption.
    fn set_mode_aesecb(&self, encrypting: bool) -> Result<(), ErrorCode>;
}

/// Is told when a CCM operation is done.
pub trait CCMClient {
    /// `tag_is_valid` says whether a decrypted message is authentic; what was
    /// decrypted must not be used unless it is.
    fn crypt_done(&self, buf: &'static mut [u8], res: Result<(), ErrorCode>, tag_is_valid: bool);
}

/// Authenticated encryption with CCM.
pub trait AESCCM<'a, K: AESKeySize> {
    /// Sets who is told when an operation is done.
    fn set_client(&'a self, client: &'a dyn CCMClient);

    /// Sets the key.
    fn set_key(&self, key: &[u8]) -> Result<(), ErrorCode>;

    /// Sets the nonce of [`CCM_NONCE_LENGTH`] bytes.
    fn set_nonce(&self, nonce: &[u8]) -> Result<(), ErrorCode>;

    /// Works on `buf`, which holds associated data from `a_off` to `m_off`, the
    /// message of `m_len` bytes from `m_off` on, and behind it room for the tag
    /// of `mic_len` bytes.
    #[allow(clippy::too_many_arguments)]
    fn crypt(
        &self,
        buf: &'static mut [u8],
        a_off: usize,
        m_off: usize,
        m_len: usize,
        mic_len: usize,
        confidential: bool,
        encrypting: bool,
    ) -> Result<(), (ErrorCode, &'static mut [u8])>;
}

/// Is told when a GCM operation is done.
pub trait GCMClient {
    /// `tag_is_valid` says whether a decrypted message is authentic; what was
    /// decrypted must not be used unless it is.
    fn crypt_done(&self, buf: &'static mut [u8], res: Result<(), ErrorCode>, tag_is_valid: bool);
}

/// Authenticated encryption with GCM.
pub trait AESGCM<'a, K: AESKeySize> {
    /// Sets who is told when an operation is done.
    fn set_client(&'a self, client: &'a dyn GCMClient);

    /// Sets the key. It returns INVAL unless the key is `K::LENGTH` bytes long.
    fn set_key(&self, key: &[u8]) -> Result<(), ErrorCode>;

    /// Sets the vector. It returns INVAL beyond 12 bytes.
    fn set_iv(&self, nonce: &[u8]) -> Result<(), ErrorCode>;

    /// Works on `buf`, which holds associated data from `aad_offset` to
    /// `message_offset`, the message of `message_len` bytes, and behind it room
    /// for the tag of `tag_len` bytes. BUSY: an operation is under way. SIZE: it
    /// does not fit `buf`.
    fn crypt(
        &self,
        buf: &'static mut [u8],
        aad_offset: usize,
        message_offset: usize,
        message_len: usize,
        tag_len: usize,
        encrypting: bool,
    ) -> Result<(), (ErrorCode, &'static mut [u8])>;
}
