//! Exponentiation modulo a number, of which RSA consists. Numbers are big endian.

use crate::errorcode::ErrorCode;

/// Is told of a result, of numbers that may be in flash.
pub trait Client<'a> {
    /// The exponentiation has ended, and the buffers are back.
    fn mod_exponent_done(
        &'a self,
        status: Result<bool, ErrorCode>,
        message: &'static mut [u8],
        modulus: &'static [u8],
        exponent: &'static [u8],
        result: &'static mut [u8],
    );
}

/// Computes with numbers that may be in flash.
pub trait RsaCryptoBase<'a> {
    /// Sets the object that is told of the result.
    fn set_client(&'a self, client: &'a dyn Client<'a>);

    /// Erases what is secret.
    fn clear_data(&self);

    /// Starts to compute `message` to the power of `exponent`, modulo `modulus`. BUSY: the
    /// hardware is in use. ALREADY: one is under way. INVAL: a number cannot be. SIZE:
    /// `result` has another length. NOSUPPORT: it cannot be done here.
    #[allow(clippy::type_complexity)]
    fn mod_exponent(
        &self,
        message: &'static mut [u8],
        modulus: &'static [u8],
        exponent: &'static [u8],
        result: &'static mut [u8],
    ) -> Result<
        (),
        (
            ErrorCode,
            &'static mut [u8],
            &'static [u8],
            &'static [u8],
            &'static mut [u8],
        ),
    >;
}

/// Is told of a result, of numbers in RAM.
pub trait MutableClient<'a> {
    /// The exponentiation has ended, and the buffers are back.
    fn mod_exponent_done(
        &'a self,
        status: Result<bool, ErrorCode>,
        message: &'static mut [u8],
        modulus: &'static mut [u8],
        exponent: &'static mut [u8],
        result: &'static mut [u8],
    );
}

/// Computes with numbers in RAM.
pub trait MutableRsaCryptoBase<'a> {
    /// Sets the object that is told of the result.
    fn set_client(&'a self, client: &'a dyn MutableClient<'a>);

    /// Erases what is secret.
    fn clear_data(&self);

    /// Starts to compute, as [`RsaCryptoBase::mod_exponent`] does.
    #[allow(clippy::type_complexity)]
    fn mod_exponent(
        &self,
        message: &'static mut [u8],
        modulus: &'static mut [u8],
        exponent: &'static mut [u8],
        result: &'static mut [u8],
    ) -> Result<
        (),
        (
            ErrorCode,
            &'static mut [u8],
            &'static mut [u8],
            &'static mut [u8],
            &'static mut [u8],
        ),
    >;
}
