//! Hashes and message authentication codes, of `DIGEST_LEN` bytes.
//!
//! Data is added piece by piece; then the digest is computed, or compared with
//! an expected one. One operation at a time. Errors: OFF the engine is powered
//! down, BUSY an operation is under way, SIZE there is no data, NOSUPPORT the
//! algorithm is not there, CANCEL `clear_data` ended it, FAIL it failed.

use crate::errorcode::ErrorCode;
use crate::utilities::leasable_buffer::{SubSlice, SubSliceMut};

/// Is told when data was added.
pub trait ClientData<const DIGEST_LEN: usize> {
    /// The window of `data` shows what was not added: nothing, on success.
    fn add_data_done(&self, result: Result<(), ErrorCode>, data: SubSlice<'static, u8>);

    /// The window of `data`, a buffer that may be written, shows what was not
    /// added: nothing, on success.
    fn add_mut_data_done(&self, result: Result<(), ErrorCode>, data: SubSliceMut<'static, u8>);
}

/// Is told when a digest was computed.
pub trait ClientHash<const DIGEST_LEN: usize> {
    /// On success `digest` holds the computed digest.
    fn hash_done(&self, result: Result<(), ErrorCode>, digest: &'static mut [u8; DIGEST_LEN]);
}

/// Is told when a digest was compared.
pub trait ClientVerify<const DIGEST_LEN: usize> {
    /// `result` is `Ok(true)` when the computed digest is that in `compare`.
    fn verification_done(
        &self,
        result: Result<bool, ErrorCode>,
        compare: &'static mut [u8; DIGEST_LEN],
    );
}

/// Is told of everything.
pub trait Client<const DIGEST_LEN: usize>:
    ClientData<DIGEST_LEN> + ClientHash<DIGEST_LEN> + ClientVerify<DIGEST_LEN>
{
}

impl<T, const DIGEST_LEN: usize> Client<DIGEST_LEN> for T where
    T: ClientData<DIGEST_LEN> + ClientHash<DIGEST_LEN> + ClientVerify<DIGEST_LEN>
{
}

/// Is told of data added and digests computed.
pub trait ClientDataHash<const DIGEST_LEN: usize>:
    ClientData<DIGEST_LEN> + ClientHash<DIGEST_LEN>
{
}

impl<T, const DIGEST_LEN: usize> ClientDataHash<DIGEST_LEN> for T where
    T: ClientData<DIGEST_LEN> + ClientHash<DIGEST_LEN>
{
}

/// Is told of data added and digests compared.
pub trait ClientDataVerify<const DIGEST_LEN: usize>:
    ClientData<DIGEST_LEN> + ClientVerify<DIGEST_LEN>
{
}

impl<T, const DIGEST_LEN: usize> ClientDataVerify<DIGEST_LEN> for T where
    T: ClientData<DIGEST_LEN> + ClientVerify<DIGEST_LEN>
{
}

/// Adding data.
pub trait DigestData<'a, const DIGEST_LEN: usize> {
    /// Sets who is told when data was added.
    fn set_data_client(&'a self, client: &'a dyn ClientData<DIGEST_LEN>);

    /// Adds what the window of `data` shows.
    fn add_data(
        &self,
        data: SubSlice<'static, u8>,
    ) -> Result<(), (ErrorCode, SubSlice<'static, u8>)>;

    /// Adds what the window of `data`, a buffer in RAM, shows.
    fn add_mut_data(
        &self,
        data: SubSliceMut<'static, u8>,
    ) -> Result<(), (ErrorCode, SubSliceMut<'static, u8>)>;

    /// Forgets keys and state. An operation under way ends with CANCEL.
    fn clear_data(&self);
}

/// Computing a digest.
pub trait DigestHash<'a, const DIGEST_LEN: usize> {
    /// Sets who is told when it was computed.
    fn set_hash_client(&'a self, client: &'a dyn ClientHash<DIGEST_LEN>);

    /// Computes the digest of all data added, into `digest`.
    fn run(
        &'a self,
        digest: &'static mut [u8; DIGEST_LEN],
    ) -> Result<(), (ErrorCode, &'static mut [u8; DIGEST_LEN])>;
}

/// Comparing a digest.
pub trait DigestVerify<'a, const DIGEST_LEN: usize> {
    /// Sets who is told when it was compared.
    fn set_verify_client(&'a self, client: &'a dyn ClientVerify<DIGEST_LEN>);

    /// Compares the digest of all data added with `compare`.
    fn verify(
        &'a self,
        compare: &'static mut [u8; DIGEST_LEN],
    ) -> Result<(), (ErrorCode, &'static mut [u8; DIGEST_LEN])>;
}

/// A whole digest engine.
pub trait Digest<'a, const DIGEST_LEN: usize>:
    DigestData<'a, DIGEST_LEN> + DigestHash<'a, DIGEST_LEN> + DigestVerify<'a, DIGEST_LEN>
{
    /// Sets the object that is told of every operation's end.
    fn set_client(&'a self, client: &'a dyn Client<DIGEST_LEN>);
}

/// An engine that computes.
pub trait DigestDataHash<'a, const DIGEST_LEN: usize>:
    DigestData<'a, DIGEST_LEN> + DigestHash<'a, DIGEST_LEN>
{
    /// Sets the object that is told of every operation's end.
    fn set_client(&'a self, client: &'a dyn ClientDataHash<DIGEST_LEN>);
}

/// An engine that compares.
pub trait DigestDataVerify<'a, const DIGEST_LEN: usize>:
    DigestData<'a, DIGEST_LEN> + DigestVerify<'a, DIGEST_LEN>
{
    /// Sets the object that is told of every operation's end.
    fn set_client(&'a self, client: &'a dyn ClientDataVerify<DIGEST_LEN>);
}

/// An engine that can do SHA-224.
pub trait Sha224 {
    /// Chooses SHA-224, before data is added.
    fn set_mode_sha224(&self) -> Result<(), ErrorCode>;
}

/// An engine that can do SHA-256.
pub trait Sha256 {
    /// Chooses SHA-256, before data is added.
    fn set_mode_sha256(&self) -> Result<(), ErrorCode>;
}

/// An engine that can do SHA-384.
pub trait Sha384 {
    /// Chooses SHA-384, before data is added.
    fn set_mode_sha384(&self) -> Result<(), ErrorCode>;
}

/// An engine that can do SHA-512.
pub trait Sha512 {
    /// Chooses SHA-512, before data is added.
    fn set_mode_sha512(&self) -> Result<(), ErrorCode>;
}

/// An engine that can do HMAC-SHA-256.
pub trait HmacSha256 {
    /// Chooses HMAC-SHA-256 with `key`, before data is added.
    fn set_mode_hmacsha256(&self, key: &[u8]) -> Result<(), ErrorCode>;
}

/// An engine that can do HMAC-SHA-384.
pub trait HmacSha384 {
    /// Chooses HMAC-SHA-384 with `key`, before data is added.
    fn set_mode_hmacsha384(&self, key: &[u8]) -> Result<(), ErrorCode>;
}

/// An engine that can do HMAC-SHA-512.
pub trait HmacSha512 {
    /// Chooses HMAC-SHA-512 with `key`, before data is added.
    fn set_mode_hmacsha512(&self, key: &[u8]) -> Result<(), ErrorCode>;
}
