//! What is done with keys: in steps, in one set of buffers that is wiped after each operation.

pub mod command;
pub mod derivation;
pub mod symmetric;

use kernel::ErrorCode;
use stepped_p256::{wipe_stack, Agreement, Progress, PublicKeyDerivation, Signing, Verification};
use zeroize::Zeroize;

use self::command::{Action, Command, Seal, MAX_INPUT, MAX_SECOND, PUBLIC_KEY, SIGNATURE};
use self::derivation::{derive, Derivation};
use super::policy::{Kind, State};
use super::sessions::{is_slot, Rights, KEY};
use super::vault::{Change, Generation, Request};
use meter_hil::random_source::RandomSource;

/// Bytes of a secret of 32 bytes and the coordinates of its public key: what the
/// vault holds of a key on P-256.
const KEY_PAIR: usize = 32 + 64;
/// Random secrets that are tried before it is the generator that must be wrong:
/// one of 2^32 is no key.
const TRIES: usize = 4;
/// Object number of the records of the state.
const STATE_OBJECT: u16 = 0xFFFF;

/// Where keys come from.
pub trait Keys {
    /// As [`Vault::read`](super::vault::Vault::read).
    fn read(
        &self,
        object: u16,
        generation: Generation,
        kind: Kind,
        bytes: &mut [u8],
    ) -> Result<usize, ErrorCode>;

    /// As [`Vault::holds`](super::vault::Vault::holds).
    fn holds(&self, object: u16, generation: Generation) -> Result<bool, ErrorCode>;

    /// The key of a session slot of the process.
    fn session(&self, slot: u16, key: &mut [u8; KEY]) -> Result<(), ErrorCode>;

    /// A counter that stands at this value is about to be raised.
    fn note(&self, counter: u16, value: u32);

    /// As [`Nonces::spend`](super::nonces::Nonces::spend), of what the counter
    /// stands at.
    fn spend(&self, nonces: u16, value: u32) -> Result<(), ErrorCode>;
}

/// What the policy says of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Kind of the object; none of a slot and of the state.
    pub kind: Option<Kind>,
    /// What a session key that comes out of it may be used for; its nonces are
    /// bound as those of the key itself.
    pub session: Rights,
    /// A new key may become the successor of the one that is there.
    pub succeeds: bool,
}

/// What is to be done after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Another step.
    More,
    /// It is done; so many bytes of output stand in the buffer.
    Finished(usize),
    /// The buffer's content, of so many bytes, goes into the vault.
    Commit(Request, usize),
    /// The key at the start of the buffer goes into this slot, for this use.
    Fill(u16, Rights),
    /// The slot is to be emptied.
    Close(u16),
}

/// An operation of several steps. Each wipes itself when dropped.
enum Task {
    None,
    Sign(Signing),
    Derive(PublicKeyDerivation, Request),
    Agree(Agreement, u16, Derivation, Rights),
    /// The shared secret stands in the buffer.
    DeriveSession(u16, Derivation, Rights),
    /// With a key of so many bytes.
    Symmetric(Action, usize),
    Verify(Verification),
}

/// The buffers, and the operation that runs.
pub struct Working {
    /// Input, then output or what goes into the vault.
    pub data: [u8; MAX_INPUT + 16],
    /// Bytes of input.
    pub length: usize,
    /// Associated data, or information.
    pub associated: [u8; MAX_INPUT],
    /// Bytes of it.
    pub associated_length: usize,
    /// Nonce or salt.
    pub second: [u8; MAX_SECOND],
    /// Bytes of it.
    pub second_length: usize,
    secret: [u8; KEY_PAIR],
    task: Task,
}

impl Default for Working {
    fn default() -> Self {
        Self::new()
    }
}

impl Working {
    /// Makes buffers without content, and no operation under way.
    pub const fn new() -> Self {
        Working {
            data: [0; MAX_INPUT + 16],
            length: 0,
            associated: [0; MAX_INPUT],
            associated_length: 0,
            second: [0; MAX_SECOND],
            second_length: 0,
            secret: [0; KEY_PAIR],
            task: Task::None,
        }
    }

    /// Forgets all, and what is left of it on the stack below.
    #[inline(never)]
    pub fn wipe(&mut self) {
        self.task = Task::None;
        self.secret.zeroize();
        self.data.zeroize();
        self.associated.zeroize();
        self.second.zeroize();
        self.length = 0;
        self.associated_length = 0;
        self.second_length = 0;
        wipe_stack();
    }

    /// Does the first step of a command, whose inputs stand in the buffers, and returns what
    /// is to be done next.
    ///
    /// # Errors
    /// Fails with the error that ends the operation; its upcall carries it as the status.
    #[inline(never)]
    pub fn begin(
        &mut self,
        command: Command,
        permit: Permit,
        keys: &dyn Keys,
        random: &dyn RandomSource,
    ) -> Result<Turn, ErrorCode> {
        let turn = self.begin_unwiped(command, permit, keys, random);
        wipe_stack();
        turn
    }

    /// Does another step of the operation that [`begin`](Self::begin) began, and returns what
    /// is to be done next.
    ///
    /// # Errors
    /// Fails with the error that ends the operation; its upcall carries it as the status.
    #[inline(never)]
    pub fn step(&mut self) -> Result<Turn, ErrorCode> {
        let turn = self.step_unwiped();
        wipe_stack();
        turn
    }

    // Apart, so that its frame lies where the stack is wiped.
    #[inline(never)]
    fn begin_unwiped(
        &mut self,
        command: Command,
        permit: Permit,
        keys: &dyn Keys,
        random: &dyn RandomSource,
    ) -> Result<Turn, ErrorCode> {
        let object = command.object;
        let missing = ErrorCode::FAIL;
        match command.action {
            Action::AdvanceState(state) => Ok(Turn::Commit(state_request(state), 0)),
            Action::Generate => self.generate(object, permit, keys, random),
            Action::Import => {
                self.secret[..self.length].copy_from_slice(&self.data[..self.length]);
                let request = new_key(object, permit, keys)?;
                self.make_key(request, self.length)
            }
            Action::PublicKey(generation) => {
                self.load_pair(object, generation, keys)?;
                self.data[0] = 4;
                self.data[1..PUBLIC_KEY].copy_from_slice(&self.secret[32..]);
                Ok(Turn::Finished(PUBLIC_KEY))
            }
            Action::Sign(generation) => {
                self.load_pair(object, generation, keys)?;
                self.begin_signing()
            }
            Action::Agree(slot, derivation) => {
                self.load_pair(object, Generation::Current, keys)?;
                self.begin_agreement(slot, derivation, permit.session)
            }
            Action::Encrypt(_) | Action::Decrypt(_) | Action::Hmac => {
                self.begin_symmetric(command, permit, keys)
            }
            Action::Wrap(slot) => {
                let wrapping = self.load_symmetric(object, permit, keys)?;
                let wrapping = self.secret[..wrapping].first_chunk().ok_or(missing)?;
                let (wrapped, key) = self.data.split_at_mut(symmetric::WRAPPED);
                let key = key.first_chunk_mut().ok_or(missing)?;
                keys.session(slot, key)?;
                let wrapped = wrapped.first_chunk_mut().ok_or(missing)?;
                symmetric::wrap(wrapping, key, wrapped)?;
                Ok(Turn::Finished(symmetric::WRAPPED))
            }
            Action::Unwrap(target) => self.unwrap(object, target, permit, keys),
            Action::Verify => {
                keys.read(
                    object,
                    Generation::Current,
                    Kind::TrustAnchor,
                    &mut self.secret[..PUBLIC_KEY],
                )?;
                self.begin_verification()
            }
            Action::Store => self.store(object, permit),
            Action::Read => {
                let kind = permit.kind.ok_or(ErrorCode::NODEVICE)?;
                let data = &mut self.data;
                let length = keys.read(object, Generation::Current, kind, data)?;
                Ok(Turn::Finished(length))
            }
            Action::Advance(value) => {
                let before = counter(keys, object)?;
                if value <= before {
                    return Err(ErrorCode::INVAL);
                }
                keys.note(object, before);
                self.data[..4].copy_from_slice(&value.to_le_bytes());
                let request = request(Change::Current, Kind::Counter, object);
                Ok(Turn::Commit(request, 4))
            }
            Action::Activate => {
                let kind = permit.kind.ok_or(ErrorCode::NODEVICE)?;
                let data = &mut self.data;
                let length = keys.read(object, Generation::Successor, kind, data)?;
                Ok(Turn::Commit(request(Change::Current, kind, object), length))
            }
            Action::Erase => {
                let Some(kind) = permit.kind else {
                    return Ok(Turn::Close(object));
                };
                let there = keys.holds(object, Generation::Current)?
                    || keys.holds(object, Generation::Successor)?;
                if !there {
                    return Err(ErrorCode::UNINSTALLED);
                }
                Ok(Turn::Commit(request(Change::Erase, kind, object), 0))
            }
        }
    }

    // The tasks are begun apart from each other: in one function the frame would
    // have room for all of them, which is more than is wiped below it.

    #[inline(never)]
    fn begin_signing(&mut self) -> Result<Turn, ErrorCode> {
        let secret = self.secret.first_chunk().ok_or(ErrorCode::FAIL)?;
        let digest = self.data.first_chunk().ok_or(ErrorCode::FAIL)?;
        let signing = Signing::new(secret, digest).map_err(|_| ErrorCode::FAIL)?;
        self.task = Task::Sign(signing);
        Ok(Turn::More)
    }

    #[inline(never)]
    fn begin_agreement(
        &mut self,
        slot: u16,
        derivation: Derivation,
        rights: Rights,
    ) -> Result<Turn, ErrorCode> {
        let secret = self.secret.first_chunk().ok_or(ErrorCode::FAIL)?;
        let peer = self.data.first_chunk().ok_or(ErrorCode::FAIL)?;
        // The secret was good when it was stored: it is the peer's key.
        let agreement = Agreement::new(secret, peer).map_err(|_| ErrorCode::INVAL)?;
        self.task = Task::Agree(agreement, slot, derivation, rights);
        Ok(Turn::More)
    }

    #[inline(never)]
    fn begin_verification(&mut self) -> Result<Turn, ErrorCode> {
        let missing = ErrorCode::FAIL;
        let anchor = self.secret.first_chunk().ok_or(missing)?;
        let digest = self.data.first_chunk().ok_or(missing)?;
        let signature = self.data[32..].first_chunk::<SIGNATURE>().ok_or(missing)?;
        let verification = Verification::new(anchor, digest, signature);
        self.task = Task::Verify(verification.map_err(|_| ErrorCode::FAIL)?);
        Ok(Turn::More)
    }

    #[inline(never)]
    fn begin_derivation(&mut self, request: Request) -> Result<Turn, ErrorCode> {
        let secret = self.secret.first_chunk().ok_or(ErrorCode::FAIL)?;
        let derivation = PublicKeyDerivation::new(secret).map_err(|_| ErrorCode::INVAL)?;
        self.task = Task::Derive(derivation, request);
        Ok(Turn::More)
    }

    #[inline(never)]
    fn step_unwiped(&mut self) -> Result<Turn, ErrorCode> {
        match &mut self.task {
            Task::None => Err(ErrorCode::FAIL),
            Task::Sign(signing) => Ok(match signing.step() {
                Progress::More => Turn::More,
                Progress::Done(signature) => {
                    self.data[..SIGNATURE].copy_from_slice(&signature);
                    Turn::Finished(SIGNATURE)
                }
            }),
            Task::Derive(derivation, request) => Ok(match derivation.step() {
                Progress::More => Turn::More,
                Progress::Done(public) => {
                    self.data[..32].copy_from_slice(&self.secret[..32]);
                    self.data[32..KEY_PAIR].copy_from_slice(&public[1..]);
                    Turn::Commit(*request, KEY_PAIR)
                }
            }),
            Task::Agree(agreement, slot, derivation, rights) => {
                let Progress::Done(mut shared) = agreement.step() else {
                    return Ok(Turn::More);
                };
                self.secret.zeroize();
                self.secret[..shared.len()].copy_from_slice(&shared);
                shared.zeroize();
                self.task = Task::DeriveSession(*slot, *derivation, *rights);
                Ok(Turn::More)
            }
            Task::DeriveSession(slot, derivation, rights) => {
                let (slot, derivation, rights) = (*slot, *derivation, *rights);
                self.derive_session(slot, derivation, rights)
            }
            Task::Symmetric(action, length) => {
                let (action, length) = (*action, *length);
                self.symmetric(action, length)
            }
            Task::Verify(verification) => match verification.step() {
                Progress::More => Ok(Turn::More),
                Progress::Done(true) => Ok(Turn::Finished(0)),
                Progress::Done(false) => Err(ErrorCode::FAIL),
            },
        }
    }

    fn generate(
        &mut self,
        object: u16,
        permit: Permit,
        keys: &dyn Keys,
        random: &dyn RandomSource,
    ) -> Result<Turn, ErrorCode> {
        let request = new_key(object, permit, keys)?;
        let length = match permit.kind {
            Some(Kind::Aes128) => 16,
            _ => 32,
        };
        for _ in 0..TRIES {
            random.fill(&mut self.secret[..length])?;
            let turn = self.make_key(request, length);
            if turn != Err(ErrorCode::INVAL) {
                return turn;
            }
        }
        Err(ErrorCode::FAIL)
    }

    /// Takes the first bytes of the secret as a new key.
    ///
    /// `INVAL`: they are none.
    fn make_key(&mut self, request: Request, length: usize) -> Result<Turn, ErrorCode> {
        if request.kind == Kind::P256 as u8 {
            return self.begin_derivation(request);
        }
        self.data[..length].copy_from_slice(&self.secret[..length]);
        Ok(Turn::Commit(request, length))
    }

    #[inline(never)]
    fn store(&mut self, object: u16, permit: Permit) -> Result<Turn, ErrorCode> {
        let kind = permit.kind.ok_or(ErrorCode::NODEVICE)?;
        if kind == Kind::TrustAnchor {
            let public = self.data.first_chunk().ok_or(ErrorCode::FAIL)?;
            // No signature is verified: only whether the key is a point.
            Verification::new(public, &[0; 32], &[0; SIGNATURE]).map_err(|_| ErrorCode::INVAL)?;
        }
        let request = request(Change::Current, kind, object);
        Ok(Turn::Commit(request, self.length))
    }

    fn unwrap(
        &mut self,
        object: u16,
        target: u16,
        permit: Permit,
        keys: &dyn Keys,
    ) -> Result<Turn, ErrorCode> {
        let length = self.load_symmetric(object, permit, keys)?;
        let missing = ErrorCode::FAIL;
        let wrapping = self.secret[..length].first_chunk().ok_or(missing)?;
        let (wrapped, rest) = self.data.split_at_mut(symmetric::WRAPPED);
        let wrapped = wrapped.first_chunk().ok_or(missing)?;
        let key: &mut [u8; KEY] = rest.first_chunk_mut().ok_or(missing)?;
        symmetric::unwrap(wrapping, wrapped, key)?;
        self.data
            .copy_within(symmetric::WRAPPED..symmetric::WRAPPED + KEY, 0);
        if is_slot(target) {
            return Ok(Turn::Fill(target, permit.session));
        }
        let successor = permit.succeeds && keys.holds(target, Generation::Current)?;
        let change = if successor {
            Change::Successor
        } else {
            Change::Current
        };
        Ok(Turn::Commit(request(change, Kind::Aes128, target), KEY))
    }

    /// Reads the keys; what is done with them is a step of its own.
    #[inline(never)]
    fn begin_symmetric(
        &mut self,
        command: Command,
        permit: Permit,
        keys: &dyn Keys,
    ) -> Result<Turn, ErrorCode> {
        let length = self.load_symmetric(command.object, permit, keys)?;
        if let Action::Encrypt(seal) | Action::Decrypt(seal) = command.action {
            if let Some(other) = seal.with {
                self.insert_key(other, keys)?;
            }
        }
        if let (Action::Encrypt(_), Some(nonces)) = (command.action, permit.session.nonces) {
            let nonce = self.second.first_chunk::<{ symmetric::NONCE }>();
            let [.., a, b, c, d] = *nonce.ok_or(ErrorCode::FAIL)?;
            keys.spend(nonces, u32::from_be_bytes([a, b, c, d]))?;
        }
        self.task = Task::Symmetric(command.action, length);
        Ok(Turn::More)
    }

    #[inline(never)]
    fn symmetric(&mut self, action: Action, key_length: usize) -> Result<Turn, ErrorCode> {
        let key = &self.secret[..key_length];
        let input = self.length;
        if action == Action::Hmac {
            let digest = symmetric::hmac(key, &self.data[..input]);
            self.data[..digest.len()].copy_from_slice(&digest);
            return Ok(Turn::Finished(digest.len()));
        }
        let key = key.first_chunk().ok_or(ErrorCode::FAIL)?;
        let nonce = self.second.first_chunk().ok_or(ErrorCode::FAIL)?;
        let associated = &self.associated[..self.associated_length];
        let data = &mut self.data;
        let output = match action {
            Action::Encrypt(Seal { tag, .. }) => {
                symmetric::encrypt(key, nonce, associated, data, input, tag)
            }
            Action::Decrypt(Seal { tag, .. }) => {
                symmetric::decrypt(key, nonce, associated, data, input, tag)
            }
            _ => Err(ErrorCode::NOSUPPORT),
        };
        output.map(Turn::Finished)
    }

    /// The key that both sides of an agreement have come to.
    #[inline(never)]
    fn derive_session(
        &mut self,
        slot: u16,
        derivation: Derivation,
        rights: Rights,
    ) -> Result<Turn, ErrorCode> {
        let shared = self.secret.first_chunk().ok_or(ErrorCode::FAIL)?;
        let salt = &self.second[..self.second_length];
        let information = &self.associated[..self.associated_length];
        let key = self.data.first_chunk_mut().ok_or(ErrorCode::FAIL)?;
        derive(derivation, shared, salt, information, key)?;
        Ok(Turn::Fill(slot, rights))
    }

    /// Puts a key behind the first byte of the associated data.
    fn insert_key(&mut self, object: u16, keys: &dyn Keys) -> Result<(), ErrorCode> {
        let size = ErrorCode::SIZE;
        let rest = self.associated_length.checked_sub(1).ok_or(size)?;
        let place = self.associated.get_mut(1..1 + rest + KEY).ok_or(size)?;
        place.copy_within(..rest, KEY);
        let length = keys.read(object, Generation::Current, Kind::Aes128, &mut place[..KEY])?;
        self.associated_length += KEY;
        (length == KEY).then_some(()).ok_or(ErrorCode::FAIL)
    }

    /// Reads a private key and its public one.
    fn load_pair(
        &mut self,
        object: u16,
        generation: Generation,
        keys: &dyn Keys,
    ) -> Result<(), ErrorCode> {
        let length = keys.read(object, generation, Kind::P256, &mut self.secret)?;
        (length == KEY_PAIR).then_some(()).ok_or(ErrorCode::FAIL)
    }

    /// Reads the key of an object or a slot; its length.
    fn load_symmetric(
        &mut self,
        object: u16,
        permit: Permit,
        keys: &dyn Keys,
    ) -> Result<usize, ErrorCode> {
        match permit.kind {
            Some(kind) => keys.read(object, Generation::Current, kind, &mut self.secret),
            None => {
                let key = self.secret.first_chunk_mut().ok_or(ErrorCode::FAIL)?;
                keys.session(object, key).map(|()| KEY)
            }
        }
    }
}

/// Returns the value of a counter, which is 0 if it was never raised.
///
/// # Errors
/// Fails with `FAIL` if the counter's record is not of 4 bytes, and otherwise with the error
/// with which `keys` cannot read it.
pub fn counter(keys: &dyn Keys, object: u16) -> Result<u32, ErrorCode> {
    let mut bytes = [0; 4];
    match keys.read(object, Generation::Current, Kind::Counter, &mut bytes) {
        Ok(4) => Ok(u32::from_le_bytes(bytes)),
        Ok(_) => Err(ErrorCode::FAIL),
        Err(ErrorCode::UNINSTALLED) => Ok(0),
        Err(error) => Err(error),
    }
}

/// The change that lets an object have this content.
pub fn request(change: Change, kind: Kind, object: u16) -> Request {
    Request {
        change,
        kind: kind as u8,
        object,
    }
}

fn state_request(state: State) -> Request {
    Request {
        change: Change::State(state),
        kind: 0,
        object: STATE_OBJECT,
    }
}

/// The change by which a new key comes to an object.
///
/// `ALREADY`: it has one, and the app may not make a successor its current key.
fn new_key(object: u16, permit: Permit, keys: &dyn Keys) -> Result<Request, ErrorCode> {
    let kind = permit.kind.ok_or(ErrorCode::NODEVICE)?;
    let change = match (keys.holds(object, Generation::Current)?, permit.succeeds) {
        (false, _) => Change::Current,
        (true, true) => Change::Successor,
        (true, false) => return Err(ErrorCode::ALREADY),
    };
    Ok(request(change, kind, object))
}

#[cfg(test)]
mod tests;
