//! Who may do what with which object in which state: the tables that the board generates.
//!
//! All of it is `const`: `Operations::SIGN.union(Operations::PUBLIC_KEY)`.

pub use drivers::key_store::{
    Kind, Operation, Operations, State, FIRST_RESERVED_OBJECT as RESERVED,
};

pub use capsules_support::allowance::Rate;

/// A set of states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States(u8);

impl States {
    /// None.
    pub const NONE: States = States(0);
    /// Factory.
    pub const FACTORY: States = States(1);
    /// Operational.
    pub const OPERATIONAL: States = States(2);
    /// Decommissioned.
    pub const DECOMMISSIONED: States = States(4);

    /// Returns the set of the states that are in either set.
    pub const fn union(self, other: States) -> States {
        States(self.0 | other.0)
    }

    /// Returns whether `state` is in the set.
    pub const fn contains(self, state: State) -> bool {
        self.0 & (1 << state as u8) != 0
    }
}

/// An object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its number: below [`RESERVED`].
    pub number: u16,
    /// What it is.
    pub kind: Kind,
    /// The counter that the nonces of this key are bound to, and those of session
    /// keys that come out of it ([`super::nonces`]).
    pub nonces: Option<u16>,
    /// By how much an app may raise it in one call, if it is a counter.
    pub step: u32,
}

/// What an app may do with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// ShortId of the app.
    pub app: u32,
    /// Number of the object.
    pub object: u16,
    /// What it may do.
    pub operations: Operations,
    /// What it may do with a session key that comes out of the object by
    /// [`Operations::AGREE`] or [`Operations::UNWRAP`].
    pub session: Operations,
    /// In which states.
    pub states: States,
}

/// A change of state that an app may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// ShortId of the app.
    pub app: u32,
    /// State before.
    pub from: State,
    /// State after.
    pub to: State,
}

/// How many session slots an app may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionShare {
    /// ShortId of the app.
    pub app: u32,
    /// Slots that it can fill whatever other apps do, and no more.
    pub slots: u8,
}

/// How many changes an app may ask for: of one object, or of all that have no line of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// ShortId of the app.
    pub app: u32,
    /// Number of the object, or [`OTHERS`](Self::OTHERS).
    pub object: u16,
    /// What it earns in a week, and what it keeps.
    pub rate: Rate,
    /// What it has in the meter's life.
    pub lifetime: u32,
}

impl Budget {
    /// Stands for all objects without a line of their own.
    pub const OTHERS: u16 = 0;
    /// What a line keeps at the most is given in so many blocks ([`super::budgets`]).
    pub const BLOCKS: u16 = 8;
}

/// The whole policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// All objects.
    pub objects: &'static [Object],
    /// What apps may do with them. An app may have several lines for an object.
    pub grants: &'static [Grant],
    /// Who may change the state.
    pub transitions: &'static [Transition],
    /// Who may hold how many session slots; no app twice. An app that is not named
    /// holds none.
    pub shares: &'static [SessionShare],
    /// How many changes apps may ask for; an app and an object without a line may ask for
    /// none.
    pub budgets: &'static [Budget],
}

impl Policy {
    /// Returns whether there are slots for the shares of all apps at the same time, so that
    /// none can keep another from its own.
    pub const fn shares_fit(&self) -> bool {
        let mut slots = 0;
        let mut index = 0;
        while index < self.shares.len() {
            slots += self.shares[index].slots as usize;
            index += 1;
        }
        slots <= drivers::key_store::SLOTS
    }
}
