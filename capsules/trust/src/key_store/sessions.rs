//! Session slots: symmetric keys in RAM alone, each of one process.

pub use drivers::key_store::{
    is_slot, FIRST_SLOT as FIRST, SESSION_KEY_BYTES as KEY, SLOTS as COUNT,
};
use kernel::ErrorCode;
use zeroize::Zeroize;

use super::policy::Operations;

/// What a key may be used for, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// For what.
    pub operations: Operations,
    /// The counter that its nonces are bound to.
    pub nonces: Option<u16>,
}

impl Rights {
    /// Nothing.
    pub const NONE: Rights = Rights {
        operations: Operations::NONE,
        nonces: None,
    };
}

/// The slots. `O` names a process.
pub struct Sessions<O> {
    owners: [Option<(O, Rights)>; COUNT],
    keys: [[u8; KEY]; COUNT],
}

impl<O: Copy + PartialEq> Default for Sessions<O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O: Copy + PartialEq> Sessions<O> {
    /// Makes slots that are all empty.
    pub const fn new() -> Self {
        Sessions {
            owners: [const { None }; COUNT],
            keys: [[0; KEY]; COUNT],
        }
    }

    /// Checks that `owner`, whose share is of `share` slots, may put a key into this one.
    ///
    /// # Errors
    /// Fails with `INVAL` if it is no slot, with `BUSY` if it is another's, and with `NOMEM`
    /// if the owner holds its share in other slots.
    pub fn may_fill(&self, number: u16, owner: O, share: usize) -> Result<(), ErrorCode> {
        let index = index_of(number).ok_or(ErrorCode::INVAL)?;
        let owned = |slot: &&Option<(O, Rights)>| slot.is_some_and(|(other, _)| other == owner);
        match self.owners[index] {
            Some((other, _)) if other != owner => Err(ErrorCode::BUSY),
            None if self.owners.iter().filter(owned).count() >= share => Err(ErrorCode::NOMEM),
            _ => Ok(()),
        }
    }

    /// Puts a key with its rights into a slot; a key that was there is gone.
    ///
    /// # Errors
    /// Fails in the cases of [`may_fill`](Self::may_fill).
    pub fn fill(
        &mut self,
        number: u16,
        owner: O,
        share: usize,
        rights: Rights,
        key: &[u8; KEY],
    ) -> Result<(), ErrorCode> {
        self.may_fill(number, owner, share)?;
        let index = index_of(number).ok_or(ErrorCode::INVAL)?;
        self.owners[index] = Some((owner, rights));
        self.keys[index].copy_from_slice(key);
        Ok(())
    }

    /// Returns the rights of the key in a slot, if its owner may use it for `operation`.
    ///
    /// # Errors
    /// Fails with `NODEVICE` if it is no slot of this owner, or may not be used for that, and
    /// with `NOSUPPORT` if no slot can do that.
    pub fn permitted(
        &self,
        number: u16,
        owner: O,
        operation: Operations,
    ) -> Result<Rights, ErrorCode> {
        let (_, rights) = self
            .slot(number, owner)
            .and_then(|index| self.owners[index])
            .ok_or(ErrorCode::NODEVICE)?;
        if !Operations::SESSION.contains(operation) {
            return Err(ErrorCode::NOSUPPORT);
        }
        let allowed = rights.operations.contains(operation);
        allowed.then_some(rights).ok_or(ErrorCode::NODEVICE)
    }

    /// Returns the key in a slot.
    ///
    /// # Errors
    /// Fails with `NODEVICE` if it is no slot of this owner.
    pub fn key(&self, number: u16, owner: O) -> Result<&[u8; KEY], ErrorCode> {
        let index = self.slot(number, owner).ok_or(ErrorCode::NODEVICE)?;
        Ok(&self.keys[index])
    }

    /// Empties a slot and wipes its key.
    ///
    /// # Errors
    /// Fails with `NODEVICE` if it is no slot of this owner.
    pub fn close(&mut self, number: u16, owner: O) -> Result<(), ErrorCode> {
        let index = self.slot(number, owner).ok_or(ErrorCode::NODEVICE)?;
        self.wipe(index);
        Ok(())
    }

    /// Empties the slots of all processes that are not there any more.
    pub fn keep(&mut self, is_there: impl Fn(O) -> bool) {
        for index in 0..COUNT {
            if self.owners[index].is_some_and(|(owner, _)| !is_there(owner)) {
                self.wipe(index);
            }
        }
    }

    fn slot(&self, number: u16, owner: O) -> Option<usize> {
        let index = index_of(number)?;
        let (found, _) = self.owners[index]?;
        (found == owner).then_some(index)
    }

    fn wipe(&mut self, index: usize) {
        self.owners[index] = None;
        self.keys[index].zeroize();
    }
}

impl<O> Drop for Sessions<O> {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}

fn index_of(number: u16) -> Option<usize> {
    is_slot(number).then(|| usize::from(number - FIRST))
}
