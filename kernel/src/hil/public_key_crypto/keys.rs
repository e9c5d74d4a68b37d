//! Key pairs of one length each, with where their bytes are.
//!
//! The forms without `Mut` have keys in flash too; those with it want them in RAM.

#![allow(
    clippy::len_without_is_empty,
    reason = "upstream's traits have no more methods"
)]

use crate::errorcode::ErrorCode;
use crate::hil::entropy::Entropy32;

/// What a key, or a pair of buffers, that is not taken comes back with.
type Refusal<T> = (ErrorCode, T);
/// Two buffers, for a public and for a private key.
type Pair = (ErrorCode, &'static mut [u8], &'static mut [u8]);

/// Is told that a key pair was generated.
pub trait PubPrivKeyGenerateClient<'a> {
    /// The pair is there, or the buffers are back.
    fn generation_complete(&'a self, result: Result<(), Pair>);
}

/// A public key.
pub trait PubKey {
    /// Takes the key over. BUSY: there is one already. INVAL: it is none. SIZE: it has
    /// another length.
    fn import_public_key(&self, public_key: &'static [u8]) -> Result<(), Refusal<&'static [u8]>>;

    /// Gives the key's bytes back. NODEVICE: there is none.
    fn pub_key(&self) -> Result<&'static [u8], ErrorCode>;

    /// Returns the bytes of the public key, 0 if there is none.
    fn len(&self) -> usize;
}

/// A public key in RAM.
pub trait PubKeyMut {
    /// Takes the key over, as [`PubKey::import_public_key`] does.
    fn import_public_key(
        &self,
        public_key: &'static mut [u8],
    ) -> Result<(), Refusal<&'static mut [u8]>>;

    /// Gives the key's bytes back. NODEVICE: there is none.
    fn pub_key(&self) -> Result<&'static mut [u8], ErrorCode>;

    /// Returns the bytes of the public key, 0 if there is none.
    fn len(&self) -> usize;
}

/// A key pair.
pub trait PubPrivKey: PubKey {
    /// Takes the private key over. BUSY: there is one already. INVAL: it is none. SIZE: it
    /// has another length.
    fn import_private_key(&self, private_key: &'static [u8]) -> Result<(), Refusal<&'static [u8]>>;

    /// Gives the private key's bytes back. NODEVICE: there is none.
    fn priv_key(&self) -> Result<&'static [u8], ErrorCode>;

    /// Returns the bytes of the private key, 0 if there is none.
    fn len(&self) -> usize;
}

/// A key pair in RAM.
pub trait PubPrivKeyMut: PubKeyMut {
    /// Takes the private key over, as [`PubPrivKey::import_private_key`] does.
    fn import_private_key(
        &self,
        private_key: &'static mut [u8],
    ) -> Result<(), Refusal<&'static mut [u8]>>;

    /// Gives the private key's bytes back. NODEVICE: there is none.
    fn priv_key(&self) -> Result<&'static mut [u8], ErrorCode>;

    /// Returns the bytes of the private key, 0 if there is none.
    fn len(&self) -> usize;
}

/// A key pair that can be generated.
pub trait PubPrivKeyGenerate<'a>: PubPrivKey {
    /// Sets the object that is told when a pair was generated.
    fn set_client(&'a self, client: &'a dyn PubPrivKeyGenerateClient<'a>);

    /// Starts to generate a pair into these buffers. BUSY: there is one already. OFF: the
    /// source of randomness has no power. SIZE: a buffer has another length.
    fn generate(
        &'a self,
        trng: &'a dyn Entropy32,
        public_key_buffer: &'static mut [u8],
        private_key_buffer: &'static mut [u8],
    ) -> Result<(), Pair>;
}

/// A public key of RSA. Numbers are big endian.
pub trait RsaKey: PubKey {
    /// Shows the modulus, if there is a key.
    fn map_modulus(&self, closure: &dyn Fn(&[u8])) -> Option<()>;

    /// Gives the modulus back, if there is a key.
    fn take_modulus(&self) -> Option<&'static [u8]>;

    /// Returns the public exponent, if there is a key.
    fn public_exponent(&self) -> Option<u32>;
}

/// A key pair of RSA.
pub trait RsaPrivKey: PubPrivKey + RsaKey {
    /// Shows the private exponent, if there is a key.
    fn map_exponent(&self, closure: &dyn Fn(&[u8])) -> Option<()>;

    /// Gives the private exponent back, if there is a key.
    fn take_exponent(&self) -> Option<&'static [u8]>;
}

/// A public key of RSA in RAM.
pub trait RsaKeyMut: PubKeyMut {
    /// Shows the modulus, if there is a key.
    fn map_modulus(&self, closure: &dyn Fn(&mut [u8])) -> Option<()>;

    /// Gives the modulus back, if there is a key.
    fn take_modulus(&self) -> Option<&'static mut [u8]>;

    /// Returns the public exponent, if there is a key.
    fn public_exponent(&self) -> Option<u32>;
}

/// A key pair of RSA in RAM.
pub trait RsaPrivKeyMut: PubPrivKeyMut + RsaKeyMut {
    /// Shows the private exponent, if there is a key.
    fn map_exponent(&self, closure: &dyn Fn(&mut [u8])) -> Option<()>;

    /// Gives the private exponent back, if there is a key.
    fn take_exponent(&self) -> Option<&'static mut [u8]>;
}
