//! Verifying signatures.

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
