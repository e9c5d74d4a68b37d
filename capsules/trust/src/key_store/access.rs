//! Whether an app may: the policy's tables, asked.

use kernel::ErrorCode;

use super::policy::{Kind, Object, Operations, Policy, State, RESERVED};
use super::sessions::Rights;

/// What a grant allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Kind of the object.
    pub kind: Kind,
    /// What a session key that comes out of it may be used for.
    pub session: Rights,
}

impl Policy {
    /// Returns the kind of an object, or none if the policy has no object of that number.
    pub fn kind_of(&self, object: u16) -> Option<Kind> {
        self.find(object).map(|object| object.kind)
    }

    fn find(&self, object: u16) -> Option<&Object> {
        let mut objects = self.objects.iter();
        objects.find(|known| known.number == object && object < RESERVED)
    }

    /// Returns by how much an app may raise a counter in one call.
    pub fn step_of(&self, counter: u16) -> u32 {
        self.find(counter).map_or(0, |object| object.step)
    }

    /// Whether the nonces of some key are bound to this counter.
    pub fn binds_nonces(&self, counter: u16) -> bool {
        let mut objects = self.objects.iter();
        objects.any(|object| object.nonces == Some(counter))
    }

    /// Returns what an app gets if it may do something with an object in this state of the
    /// meter. `app` is the verified ShortId, if there is one.
    ///
    /// # Errors
    /// Fails with `NODEVICE` if the app has no grant for the operation, or if there is no
    /// such object: which of the two is not told. Fails with `NOSUPPORT` if it has a grant,
    /// but objects of this kind cannot do that, and with `OFF` if it may do it, but not in
    /// this state.
    pub fn access(
        &self,
        app: Option<u32>,
        object: u16,
        operation: Operations,
        state: State,
    ) -> Result<Access, ErrorCode> {
        let app = app.ok_or(ErrorCode::NODEVICE)?;
        let Object { kind, nonces, .. } = *self.find(object).ok_or(ErrorCode::NODEVICE)?;
        let grants = self.grants.iter();
        let mut grants = grants.filter(|grant| grant.app == app && grant.object == object);
        if grants.clone().next().is_none() {
            return Err(ErrorCode::NODEVICE);
        }
        if !kind.operations().contains(operation) {
            return Err(ErrorCode::NOSUPPORT);
        }
        let allows = |grant: &&super::policy::Grant| grant.operations.contains(operation);
        if !grants.clone().any(|grant| allows(&grant)) {
            return Err(ErrorCode::NODEVICE);
        }
        let grant = grants.find(|grant| allows(grant) && grant.states.contains(state));
        let grant = grant.ok_or(ErrorCode::OFF)?;
        Ok(Access {
            kind,
            session: Rights {
                operations: grant.session.intersection(Operations::SESSION),
                nonces,
            },
        })
    }

    /// Returns how many session slots an app may hold at a time.
    pub fn share_of(&self, app: Option<u32>) -> usize {
        let mut shares = self.shares.iter();
        let share = shares.find(|share| Some(share.app) == app);
        share.map_or(0, |share| share.slots.into())
    }

    /// Checks that an app may change the meter's state.
    ///
    /// # Errors
    /// Fails with `NODEVICE` if the app may never change to that state, and with `OFF` if it
    /// may, but not from this one.
    pub fn transition(&self, app: Option<u32>, from: State, to: State) -> Result<(), ErrorCode> {
        let transitions = self.transitions.iter();
        let mut known = transitions.filter(|step| Some(step.app) == app && step.to == to);
        if known.clone().next().is_none() {
            return Err(ErrorCode::NODEVICE);
        }
        // One way only, whatever the table says.
        let found = known.any(|step| step.from == from) && from < to;
        found.then_some(()).ok_or(ErrorCode::OFF)
    }
}
