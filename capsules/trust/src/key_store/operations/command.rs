//! Commands, as apps give them.

use drivers::key_store::{is_slot, Command as Number, Derivation, SEALED_BYTES as MAX_SEALED};
pub use drivers::key_store::{
    INPUT_BYTES as MAX_INPUT, PUBLIC_KEY_BYTES as PUBLIC_KEY, SALT_BYTES as MAX_SECOND,
    SIGNATURE_BYTES as SIGNATURE,
};
use kernel::ErrorCode;

use super::symmetric::{DIGEST, NONCE, TAGS, WRAPPED};
use crate::key_store::policy::{Kind, Operations, State};
use crate::key_store::sessions::KEY;
use crate::key_store::vault::Generation;

/// What takes longer than a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change the state.
    AdvanceState(State),
    /// Make a key.
    Generate,
    /// Take a key.
    Import,
    /// Give the public key.
    PublicKey(Generation),
    /// Sign.
    Sign(Generation),
    /// Agree on a key, for a slot.
    Agree(u16, Derivation),
    /// Encrypt.
    Encrypt(Seal),
    /// Decrypt.
    Decrypt(Seal),
    /// Authenticate.
    Hmac,
    /// Wrap the key of a slot.
    Wrap(u16),
    /// Unwrap into a slot or an object.
    Unwrap(u16),
    /// Verify.
    Verify,
    /// Store.
    Store,
    /// Read.
    Read,
    /// Raise a counter.
    Advance(u32),
    /// Make the successor the current key.
    Activate,
    /// Erase.
    Erase,
}

/// How a text is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Bytes of the tag.
    pub tag: usize,
    /// The key that stands behind the first byte of the associated data.
    pub with: Option<u16>,
}

impl Seal {
    /// From the second argument: bytes of the tag, and from bit 16 on the key.
    fn parse(argument: usize) -> Result<Self, ErrorCode> {
        let tag = argument & 0xFFFF;
        let with = u16::try_from(argument >> 16).map_err(|_| ErrorCode::INVAL)?;
        TAGS.contains(&tag)
            .then_some(Seal {
                tag,
                with: (with != 0).then_some(with),
            })
            .ok_or(ErrorCode::INVAL)
    }

    /// Whether it takes so much associated data beside a text.
    fn takes(&self, associated: usize, text: usize) -> bool {
        let (least, key) = self.with.map_or((0, 0), |_| (1, KEY));
        let most = MAX_INPUT.min(MAX_SEALED.saturating_sub(text));
        (least..=most.saturating_sub(key)).contains(&associated)
    }
}

/// A command that takes longer than a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// What to do.
    pub action: Action,
    /// With what: an object or a slot. 0 for a change of state.
    pub object: u16,
    /// Which command it is.
    pub number: Number,
}

impl Command {
    /// Returns the command of this number with its two arguments taken apart.
    ///
    /// # Errors
    /// Fails with `NODEVICE` if no object has that number, with `INVAL` if another argument
    /// is out of range, and with `NOSUPPORT` if it is a command that takes no longer than a
    /// system call.
    pub fn parse(number: Number, first: usize, second: usize) -> Result<Self, ErrorCode> {
        let generation = || Generation::from_number(second).ok_or(ErrorCode::INVAL);
        let action = match number {
            Number::AdvanceState => {
                let state = State::from_number(first).ok_or(ErrorCode::INVAL)?;
                return Ok(Command {
                    action: Action::AdvanceState(state),
                    object: 0,
                    number,
                });
            }
            Number::Generate => Action::Generate,
            Number::Import => Action::Import,
            Number::PublicKey => Action::PublicKey(generation()?),
            Number::Sign => Action::Sign(generation()?),
            Number::Agree => {
                let derivation = Derivation::from_number(second >> 16);
                let slot = second as u16;
                if !is_slot(slot) {
                    return Err(ErrorCode::INVAL);
                }
                Action::Agree(slot, derivation.ok_or(ErrorCode::INVAL)?)
            }
            Number::Encrypt => Action::Encrypt(Seal::parse(second)?),
            Number::Decrypt => Action::Decrypt(Seal::parse(second)?),
            Number::Hmac => Action::Hmac,
            Number::Wrap => Action::Wrap(object(second)?),
            Number::Unwrap => Action::Unwrap(object(second)?),
            Number::Verify => Action::Verify,
            Number::Store => Action::Store,
            Number::Read => Action::Read,
            Number::Advance => {
                Action::Advance(u32::try_from(second).map_err(|_| ErrorCode::INVAL)?)
            }
            Number::Activate => Action::Activate,
            Number::Erase => Action::Erase,
            Number::Exists | Number::State | Number::Counter | Number::Close => {
                return Err(ErrorCode::NOSUPPORT);
            }
        };
        Ok(Command {
            action,
            object: object(first)?,
            number,
        })
    }

    /// The operation that must be granted; none for a change of state.
    pub fn operation(&self) -> Option<Operations> {
        Some(match self.action {
            Action::AdvanceState(_) => return None,
            Action::Generate => Operations::GENERATE,
            Action::Import => Operations::IMPORT,
            Action::PublicKey(_) => Operations::PUBLIC_KEY,
            Action::Sign(_) => Operations::SIGN,
            Action::Agree(..) => Operations::AGREE,
            Action::Encrypt(_) => Operations::ENCRYPT,
            Action::Decrypt(_) => Operations::DECRYPT,
            Action::Hmac => Operations::HMAC,
            Action::Wrap(_) => Operations::WRAP,
            Action::Unwrap(_) => Operations::UNWRAP,
            Action::Verify => Operations::VERIFY,
            Action::Store => Operations::STORE,
            Action::Read => Operations::READ,
            Action::Advance(_) => Operations::ADVANCE,
            Action::Activate => Operations::ACTIVATE,
            Action::Erase => Operations::ERASE,
        })
    }

    /// Returns the object that the command changes in flash; none if it changes none, and of a
    /// change of state, of which there are two in the meter's life.
    pub fn changes(&self) -> Option<u16> {
        let changed = match self.action {
            Action::Generate
            | Action::Import
            | Action::Store
            | Action::Advance(_)
            | Action::Activate
            | Action::Erase => self.object,
            Action::Unwrap(target) => target,
            Action::AdvanceState(_)
            | Action::PublicKey(_)
            | Action::Sign(_)
            | Action::Agree(..)
            | Action::Encrypt(_)
            | Action::Decrypt(_)
            | Action::Hmac
            | Action::Wrap(_)
            | Action::Verify
            | Action::Read => return None,
        };
        (!is_slot(changed)).then_some(changed)
    }

    /// Checks that inputs and an output of these lengths, in bytes, will do for the command.
    ///
    /// - `kind`: that of the object; none for a session slot
    /// - `lengths`: those of input, associated data and second input
    /// - `output`: what the output takes at the most
    ///
    /// # Errors
    /// Fails with `SIZE` if one of them is too short or too long.
    pub fn check_sizes(
        &self,
        kind: Option<Kind>,
        lengths: [usize; 3],
        output: usize,
    ) -> Result<(), ErrorCode> {
        let [input, associated, second] = lengths;
        let associated_fits = match self.action {
            Action::Agree(..) => associated <= MAX_INPUT,
            Action::Encrypt(seal) => seal.takes(associated, input),
            Action::Decrypt(seal) => seal.takes(associated, input.saturating_sub(seal.tag)),
            _ => true,
        };
        let second_fits = match self.action {
            Action::Agree(..) => second <= MAX_SECOND,
            Action::Encrypt(_) | Action::Decrypt(_) => second == NONCE,
            _ => true,
        };
        let input_fits = match (self.action, kind) {
            (Action::Import, Some(Kind::Aes128)) => input == 16,
            (Action::Import | Action::Sign(_), _) => input == 32,
            (Action::Agree(..), _) => input == PUBLIC_KEY,
            (Action::Decrypt(Seal { tag, .. }), _) => (tag..=MAX_INPUT + tag).contains(&input),
            (Action::Encrypt(_) | Action::Hmac, _) => input <= MAX_INPUT,
            (Action::Unwrap(_), _) => input == WRAPPED,
            (Action::Verify, _) => input == 32 + SIGNATURE,
            (Action::Store, Some(Kind::TrustAnchor)) => input == PUBLIC_KEY,
            (Action::Store, _) => (1..=MAX_INPUT).contains(&input),
            _ => true,
        };
        let output_fits = output
            >= match self.action {
                Action::PublicKey(_) => PUBLIC_KEY,
                Action::Sign(_) => SIGNATURE,
                Action::Encrypt(seal) => input.saturating_add(seal.tag),
                Action::Decrypt(seal) => input.saturating_sub(seal.tag),
                Action::Hmac => DIGEST,
                Action::Wrap(_) => WRAPPED,
                // How long it is, is known when it has been read.
                _ => 0,
            };
        let all = input_fits && associated_fits && second_fits && output_fits;
        all.then_some(()).ok_or(ErrorCode::SIZE)
    }

    /// Returns which of the three inputs the command reads: input, associated data, second
    /// input.
    pub fn inputs(&self) -> [bool; 3] {
        match self.action {
            Action::Agree(..) | Action::Encrypt(_) | Action::Decrypt(_) => [true; 3],
            Action::Import
            | Action::Sign(_)
            | Action::Hmac
            | Action::Unwrap(_)
            | Action::Verify
            | Action::Store => [true, false, false],
            _ => [false; 3],
        }
    }
}

/// A number that an object or a slot could have.
fn object(number: usize) -> Result<u16, ErrorCode> {
    u16::try_from(number).map_err(|_| ErrorCode::NODEVICE)
}
