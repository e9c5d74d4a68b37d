//! Making and verifying signatures.

use crate::errorcode::ErrorCode;

/// Is told when a signature was verified. `HL` and `SL` are the bytes of hash
/// and signature.
pub trait ClientVerify<const HL: usize, const SL: usize> {
    /// `Ok(true)` when the signature is valid for the hash. CANCEL: ended by the
    /// caller. FAIL: it failed.
    fn verification_done(
        &self,
        result: Result<bool, ErrorCode>,
        hash: &'static mut [u8; HL],
        signature: &'static mut [u8; SL],
    );
}

/// A verifier, which has its key and algorithm already.
pub trait SignatureVerify<'a, const HL: usize, const SL: usize> {
    /// Sets the object that is told of the verdict.
    fn set_verify_client(&self, client: &'a dyn ClientVerify<HL, SL>);

    /// Verifies that `signature` is one of `hash`. OFF: it is powered down.
    /// BUSY: a verification is under way.
    #[allow(clippy::type_complexity)]
    fn verify(
        &self,
        hash: &'static mut [u8; HL],
        signature: &'static mut [u8; SL],
    ) -> Result<(), (ErrorCode, &'static mut [u8; HL], &'static mut [u8; SL])>;
}

/// Is told when a signature was made.
pub trait ClientSign<const HL: usize, const SL: usize> {
    /// The signature is there, or there is none. CANCEL: ended by the caller. FAIL: it
    /// failed.
    fn signing_done(
        &self,
        result: Result<(), ErrorCode>,
        hash: &'static mut [u8; HL],
        signature: &'static mut [u8; SL],
    );
}

/// A signer, which has its key and algorithm already.
pub trait SignatureSign<'a, const HL: usize, const SL: usize> {
    /// Sets the object that is told of the signature.
    fn set_sign_client(&self, client: &'a dyn ClientSign<HL, SL>);

    /// Signs `hash`. OFF: it is powered down. BUSY: another is being made.
    #[allow(clippy::type_complexity)]
    fn sign(
        &self,
        hash: &'static mut [u8; HL],
        signature: &'static mut [u8; SL],
    ) -> Result<(), (ErrorCode, &'static mut [u8; HL], &'static mut [u8; SL])>;
}
