//! Keys, trust anchors, certificates and counters (driver 0x80000004, docs/syscalls/80000004_key_store.md).

use crate::platform::lend::LentRw;
use crate::platform::{share, AllowRo, AllowRw, DefaultConfig, ErrorCode, Subscribe, Syscalls};
use core::cell::Cell;
use core::marker::PhantomData;
use drivers::key_store::{self as definition, read_only, read_write, upcall, NUMBER};
pub use drivers::key_store::{Command, Generation, State};

/// The objects that the meter's manifest grants this application, by its numbers,
/// and its session slots. Each call waits for its end.
///
/// Every call may fail
///
/// - with `NoDevice` if there is no driver, if the operation is not granted, or if
///   there is no such object or slot of this application: which, is not told;
/// - with `Off` if it is granted, but not in this state of the meter, or if the key
///   store is not open;
/// - with `Uninstalled` if the object, or its successor, has no content;
/// - with `NoSupport` if an object of this kind cannot do that;
/// - with `Busy` while an operation of this application is under way, or while the
///   vault settles what a power cut left;
/// - with `Fail` if the record was altered, or flash or random numbers failed.
///
/// Each call says in which other cases it fails.
pub struct KeyStore<S: Syscalls>(PhantomData<S>);

/// How [`KeyStore::agree`] makes a key of the shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation<'a> {
    /// HKDF-SHA-256 (RFC 5869) with this salt, at most 128 bytes.
    Hkdf(&'a [u8]),
    /// The one of DLMS/COSEM's security suite 1.
    Dlms,
}

/// Bytes of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// DLMS/COSEM's.
    Bytes12 = 12,
    /// The whole one.
    Bytes16 = 16,
}

/// How an operation ended: status, bytes of output, command.
type Done = Cell<Option<(u32, u32, u32)>>;

impl<S: Syscalls> KeyStore<S> {
    /// Whether the driver is there.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn exists() -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Returns the meter's state.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no driver or it is not granted, with `Off` if the
    /// key store is not open, and with `BadRVal` if the driver answers with a number that
    /// is no state.
    pub fn state() -> Result<State, ErrorCode> {
        let number: u32 = S::command(DRIVER_NUM, Command::State.number(), 0, 0).to_result()?;
        State::from_number(number as usize).ok_or(ErrorCode::BadRVal)
    }

    /// Moves the meter on to a later state.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, with `NoDevice` if the step is not
    /// this application's to ask for, and with `Off` if it does not begin at this state.
    pub fn advance_state(state: State) -> Result<(), ErrorCode> {
        Self::change(Command::AdvanceState, state as u32, 0, &[])
    }

    /// Makes a key, or a successor if the application may activate one.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, with `Already` if there is a key and
    /// the application may not activate another, and with `NoMem` if the vault is full.
    pub fn generate(object: u32) -> Result<(), ErrorCode> {
        Self::change(Command::Generate, object, 0, &[])
    }

    /// Brings a key in, in the factory state: 32 bytes, or 16 for AES.
    ///
    /// # Errors
    /// Fails with an error of [`KeyStore::generate`], with `Size` if the key has another
    /// length than its kind, and with `Invalid` if the bytes are no key.
    pub fn import(object: u32, key: &[u8]) -> Result<(), ErrorCode> {
        Self::change(Command::Import, object, 0, key)
    }

    /// Returns the public key of a private one, SEC 1 uncompressed.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may.
    pub fn public_key(object: u32, generation: Generation) -> Result<[u8; 65], ErrorCode> {
        Self::fixed(Command::PublicKey, object, generation as u32, &[])
    }

    /// Signs a digest by ECDSA; returns r and s.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may.
    pub fn sign(
        object: u32,
        generation: Generation,
        digest: &[u8; 32],
    ) -> Result<[u8; 64], ErrorCode> {
        Self::fixed(Command::Sign, object, generation as u32, digest)
    }

    /// Agrees with `peer` (SEC 1 uncompressed) on a key for the session slot.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, with `Size` if the information (1,024 bytes)
    /// or the salt (128 bytes) is too long, with `Invalid` if `peer` is no point of the
    /// curve or there is no such slot, with `Busy` if the slot is another process's, and
    /// with `NoMem` if the application holds as many slots as it may.
    pub fn agree(
        object: u32,
        slot: u32,
        peer: &[u8; 65],
        derivation: Derivation<'_>,
        information: &[u8],
    ) -> Result<(), ErrorCode> {
        let (number, salt) = match derivation {
            Derivation::Hkdf(salt) => (definition::Derivation::Hkdf, salt),
            Derivation::Dlms => (definition::Derivation::Dlms, &[][..]),
        };
        let second = slot | u32::from(number.number()) << 16;
        let inputs = [peer, information, salt];
        Self::call(Command::Agree, object, second, inputs, &mut []).map(drop)
    }

    /// Encrypts up to 1,024 bytes with an object or slot; returns ciphertext and tag.
    ///
    /// Where the manifest binds the key's nonces to a counter, the last four bytes
    /// of the nonce are a value of that counter, big endian, greater than all used
    /// before. The counter is raised ahead; after a start no value below is left.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, with `Size` if the text (1,024 bytes) or
    /// the associated data (1,024 bytes, and 1,088 with the text) is too long or the
    /// output too short, with `Already` if the nonce's value is used up, and with
    /// `Reserve` if the counter has to be raised first.
    pub fn encrypt<'a>(
        key: u32,
        tag: Tag,
        nonce: &[u8; 12],
        associated: &[u8],
        text: &[u8],
        output: &'a mut [u8],
    ) -> Result<&'a [u8], ErrorCode> {
        let inputs = [text, associated, nonce];
        Self::call(Command::Encrypt, key, tag as u32, inputs, output)
    }

    /// Decrypts what [`KeyStore::encrypt`] returns; returns the text.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, with `Size` if text, associated data or
    /// output have a length that [`KeyStore::encrypt`] refuses, and with `Fail` if the text
    /// is not authentic.
    pub fn decrypt<'a>(
        key: u32,
        tag: Tag,
        nonce: &[u8; 12],
        associated: &[u8],
        sealed: &[u8],
        output: &'a mut [u8],
    ) -> Result<&'a [u8], ErrorCode> {
        let inputs = [sealed, associated, nonce];
        Self::call(Command::Decrypt, key, tag as u32, inputs, output)
    }

    /// Encrypts as [`KeyStore::encrypt`] does, with the key of another object behind the
    /// first byte of the associated data: DLMS/COSEM's authentication key behind the
    /// security control byte.
    ///
    /// # Errors
    /// Fails with an error of [`KeyStore::encrypt`], with `Size` also if there is no first
    /// byte or the data is too long with the key, and with `Invalid` if the second object
    /// is 0, which means none, or above 0xFFFF.
    pub fn encrypt_with<'a>(
        (key, authentication): (u32, u32),
        tag: Tag,
        nonce: &[u8; 12],
        associated: &[u8],
        text: &[u8],
        output: &'a mut [u8],
    ) -> Result<&'a [u8], ErrorCode> {
        let second = with_authentication(tag, authentication)?;
        let inputs = [text, associated, nonce];
        Self::call(Command::Encrypt, key, second, inputs, output)
    }

    /// Decrypts what [`KeyStore::encrypt_with`] returns; returns the text.
    ///
    /// # Errors
    /// Fails with an error of [`KeyStore::decrypt`], and with `Size` and `Invalid` where
    /// [`KeyStore::encrypt_with`] does.
    pub fn decrypt_with<'a>(
        (key, authentication): (u32, u32),
        tag: Tag,
        nonce: &[u8; 12],
        associated: &[u8],
        sealed: &[u8],
        output: &'a mut [u8],
    ) -> Result<&'a [u8], ErrorCode> {
        let second = with_authentication(tag, authentication)?;
        let inputs = [sealed, associated, nonce];
        Self::call(Command::Decrypt, key, second, inputs, output)
    }

    /// Returns the HMAC-SHA-256 of a message of up to 1,024 bytes.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, and with `Size` if the message is too long.
    pub fn hmac(key: u32, message: &[u8]) -> Result<[u8; 32], ErrorCode> {
        Self::fixed(Command::Hmac, key, 0, message)
    }

    /// Returns the key of a session slot, wrapped (RFC 3394).
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may.
    pub fn wrap(key: u32, slot: u32) -> Result<[u8; 24], ErrorCode> {
        Self::fixed(Command::Wrap, key, slot, &[])
    }

    /// Unwraps a key into a slot or an object.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, with `Fail` if the bytes were not wrapped
    /// under this key, and with `NoMem` if the vault is full or the application holds as
    /// many slots as it may.
    pub fn unwrap(key: u32, target: u32, wrapped: &[u8; 24]) -> Result<(), ErrorCode> {
        Self::change(Command::Unwrap, key, target, wrapped)
    }

    /// Verifies a signature (r and s) over a digest with a trust anchor.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, and with `Fail` if the signature is not
    /// the anchor's.
    pub fn verify(anchor: u32, digest: &[u8; 32], signature: &[u8; 64]) -> Result<(), ErrorCode> {
        let mut input = [0; 96];
        input[..32].copy_from_slice(digest);
        input[32..].copy_from_slice(signature);
        Self::change(Command::Verify, anchor, 0, &input)
    }

    /// Stores a trust anchor (65 bytes) or a certificate (up to 1,024 bytes).
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, with `Size` if the length is another, with
    /// `Invalid` if the trust anchor is no point of the curve, and with `NoMem` if the
    /// vault is full.
    pub fn store(object: u32, bytes: &[u8]) -> Result<(), ErrorCode> {
        Self::change(Command::Store, object, 0, bytes)
    }

    /// Reads a trust anchor or a certificate into `buffer`; returns its bytes.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, and with `Size` if `buffer` is too short.
    pub fn read(object: u32, buffer: &mut [u8]) -> Result<&[u8], ErrorCode> {
        Self::call(Command::Read, object, 0, [&[]; 3], buffer)
    }

    /// Returns the value of a counter.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may.
    pub fn counter(object: u32) -> Result<u32, ErrorCode> {
        S::command(DRIVER_NUM, Command::Counter.number(), object, 0).to_result()
    }

    /// Raises a counter to `value`.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may, and with `Invalid` if the counter is that
    /// high already.
    pub fn advance(object: u32, value: u32) -> Result<(), ErrorCode> {
        Self::change(Command::Advance, object, value, &[])
    }

    /// Makes the successor the current key; the one before it is gone.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may.
    pub fn activate(object: u32) -> Result<(), ErrorCode> {
        Self::change(Command::Activate, object, 0, &[])
    }

    /// Erases an object, or closes a slot.
    ///
    /// # Errors
    /// Fails as [every call](KeyStore) may.
    pub fn erase(object: u32) -> Result<(), ErrorCode> {
        Self::change(Command::Erase, object, 0, &[])
    }

    /// Wipes a session slot, at once.
    ///
    /// # Errors
    /// Fails with `NoDevice` if it is no slot of this application.
    pub fn close(slot: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Close.number(), slot, 0).to_result()
    }

    /// An operation with an input and without output.
    fn change(command: Command, first: u32, second: u32, input: &[u8]) -> Result<(), ErrorCode> {
        Self::call(command, first, second, [input, &[], &[]], &mut []).map(drop)
    }

    /// An operation that always has so many bytes of output.
    fn fixed<const N: usize>(
        command: Command,
        first: u32,
        second: u32,
        input: &[u8],
    ) -> Result<[u8; N], ErrorCode> {
        let mut output = [0; N];
        let length = Self::call(command, first, second, [input, &[], &[]], &mut output)?.len();
        (length == N).then_some(output).ok_or(ErrorCode::BadRVal)
    }

    /// Any command that ends with an upcall, and the wait for it.
    ///
    /// - `inputs`: input, associated data or information, nonce or salt
    ///
    /// Returns the bytes of `output` that were written.
    ///
    /// # Errors
    /// Fails with the error of the command or of its upcall, with that of an allow or of
    /// the subscription, and with `BadRVal` if the driver claims more bytes than `output`
    /// has.
    pub fn call<'a>(
        command: Command,
        first: u32,
        second: u32,
        inputs: [&[u8]; 3],
        output: &'a mut [u8],
    ) -> Result<&'a [u8], ErrorCode> {
        let done = Done::default();
        let length = share::scope::<
            (
                AllowRo<S, DRIVER_NUM, INPUT>,
                AllowRo<S, DRIVER_NUM, ASSOCIATED>,
                AllowRo<S, DRIVER_NUM, NONCE>,
                AllowRw<S, DRIVER_NUM, OUTPUT>,
                Subscribe<S, DRIVER_NUM, DONE>,
            ),
            _,
            _,
        >(|handle| {
            let (input, associated, nonce, allow_rw, subscribe) = handle.split();
            S::allow_ro::<DefaultConfig, DRIVER_NUM, INPUT>(input, inputs[0])?;
            S::allow_ro::<DefaultConfig, DRIVER_NUM, ASSOCIATED>(associated, inputs[1])?;
            S::allow_ro::<DefaultConfig, DRIVER_NUM, NONCE>(nonce, inputs[2])?;
            S::subscribe::<_, _, DefaultConfig, DRIVER_NUM, DONE>(subscribe, &done)?;
            let lent = LentRw::lend(allow_rw, &mut *output).map_err(|(error, _)| error)?;
            let started = S::command(DRIVER_NUM, command.number(), first, second).to_result();
            let result = started.and_then(|()| Self::wait(command, &done));
            lent.take_back();
            result
        })?;
        output.get(..length as usize).ok_or(ErrorCode::BadRVal)
    }

    fn wait(command: Command, done: &Done) -> Result<u32, ErrorCode> {
        loop {
            S::yield_wait();
            match done.take() {
                Some((0, length, ended)) if ended == command.number() => return Ok(length),
                Some((status, _, ended)) if ended == command.number() => {
                    return Err(ErrorCode::from_kernel(status));
                }
                // Of an operation that somebody else has started.
                _ => {}
            }
        }
    }
}

/// The argument for a tag and the object whose key is authenticated.
fn with_authentication(tag: Tag, authentication: u32) -> Result<u32, ErrorCode> {
    // The kernel takes 0 for none, and has 16 bits for it.
    let object = u16::try_from(authentication).ok().filter(|key| *key != 0);
    let object = object.ok_or(ErrorCode::Invalid)?;
    Ok(tag as u32 | u32::from(object) << 16)
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

/// Number of the first session slot; there are eight.
pub const FIRST_SLOT: u32 = definition::FIRST_SLOT as u32;

/// Subscribe number: an operation has ended (status, bytes of output, command).
pub const DONE: u32 = upcall::DONE;

/// Read-only buffer number of the input.
pub const INPUT: u32 = read_only::INPUT;

/// Read-only buffer number of associated data or information.
pub const ASSOCIATED: u32 = read_only::ASSOCIATED;

/// Read-only buffer number of nonce or salt.
pub const NONCE: u32 = read_only::NONCE;

/// Read-write buffer number of the output.
pub const OUTPUT: u32 = read_write::OUTPUT;
