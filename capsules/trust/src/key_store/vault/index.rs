//! Where in the active bank each object stands: all that the vault keeps of them in RAM.

pub use drivers::key_store::Generation;

use super::format::{record_slots, Change, Head, LIVE_SLOTS};
use crate::key_store::policy::{Kind, State};

/// Objects, successors counted, that the vault holds at most.
pub const MAX_OBJECTS: usize = 64;

/// One record that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Object.
    pub object: u16,
    /// Which of its keys.
    pub generation: Generation,
    /// Kind.
    pub kind: Kind,
    /// Where the record stands.
    pub slot: u16,
    /// How many slots it takes.
    pub slots: u8,
    /// Its content did not survive.
    pub lost: bool,
}

/// All records that count.
pub struct Index {
    entries: [Option<Entry>; MAX_OBJECTS],
    state: State,
    /// Where the record of the state stands; none in the first state.
    state_slot: Option<u16>,
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

impl Index {
    /// Makes the index of an empty vault.
    pub const fn new() -> Self {
        Index {
            entries: [None; MAX_OBJECTS],
            state: State::Factory,
            state_slot: None,
        }
    }

    /// Returns the meter's state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the slot at which the record of the state begins, if there is one.
    pub fn state_slot(&self) -> Option<u16> {
        self.state_slot
    }

    /// Returns the entry of an object's current content, or of its successor, if there is
    /// one.
    pub fn find(&self, object: u16, generation: Generation) -> Option<&Entry> {
        let mut entries = self.entries.iter().flatten();
        entries.find(|entry| entry.object == object && entry.generation == generation)
    }

    /// Goes through all entries, each with its number in the index.
    pub fn entries(&self) -> impl Iterator<Item = (usize, &Entry)> {
        let entries = self.entries.iter().enumerate();
        entries.filter_map(|(number, entry)| Some((number, entry.as_ref()?)))
    }

    /// Returns the entry of this number in the index, to be changed, if there is one.
    pub fn entry_mut(&mut self, number: usize) -> Option<&mut Entry> {
        self.entries.get_mut(number)?.as_mut()
    }

    /// Notes that the record of the state begins at this slot now.
    pub fn move_state(&mut self, slot: u16) {
        self.state_slot = Some(slot);
    }

    /// Returns how many records a copy of the vault would have.
    pub fn records(&self) -> u16 {
        (self.entries().count() + usize::from(self.state_slot.is_some())) as u16
    }

    /// Returns how many slots all records that count take.
    pub fn live_slots(&self) -> usize {
        let state = self.state_slot.map_or(0, |_| record_slots(0));
        let slots = self.entries().map(|(_, entry)| usize::from(entry.slots));
        slots.sum::<usize>() + state
    }

    /// Whether a record fits beside those that stay.
    pub fn has_room(&self, change: Change, object: u16, length: usize) -> bool {
        let generation = match change {
            Change::Current => Generation::Current,
            Change::Successor => Generation::Successor,
            _ => return true,
        };
        let before = self.find(object, generation);
        let freed = before.map_or(0, |entry| entry.slots.into());
        let slots = self.live_slots() - freed + record_slots(length);
        // The state's record must always fit.
        let reserved = record_slots(0) * usize::from(self.state_slot.is_none());
        slots + reserved <= LIVE_SLOTS && (before.is_some() || self.entries().count() < MAX_OBJECTS)
    }

    /// Takes over what a record changes. Whether a secret that stood in the bank
    /// is of no use any more; none if the record makes no sense.
    pub fn apply(&mut self, head: &Head, slot: usize) -> Option<bool> {
        let before = self.secrets();
        let (generation, lost) = match head.change {
            Change::Erase => {
                self.remove(|entry| entry.object == head.object);
                return Some(self.secrets() < before);
            }
            Change::State(state) => {
                self.state = state;
                self.state_slot = Some(slot as u16);
                if state == State::Decommissioned {
                    self.remove(|entry| entry.kind.is_erased_at_the_end());
                }
                return Some(self.secrets() < before);
            }
            Change::Current => (Generation::Current, false),
            Change::Lost => (Generation::Current, true),
            Change::Successor => (Generation::Successor, false),
            Change::LostSuccessor => (Generation::Successor, true),
        };
        let kind = Kind::from_number(head.kind.into())?;
        // A key that becomes the current one leaves no successor; a copy of it does.
        let ends_successor = generation == Generation::Current && head.step != 0;
        self.remove(|entry| {
            entry.object == head.object && (entry.generation == generation || ends_successor)
        });
        let stale = self.secrets() < before;
        let free = self.entries.iter_mut().find(|entry| entry.is_none())?;
        *free = Some(Entry {
            object: head.object,
            generation,
            kind,
            slot: slot as u16,
            slots: head.slots() as u8,
            lost,
        });
        Some(stale)
    }

    fn secrets(&self) -> usize {
        let entries = self.entries();
        entries.filter(|(_, entry)| entry.kind.is_secret()).count()
    }

    fn remove(&mut self, goes: impl Fn(&Entry) -> bool) {
        for entry in &mut self.entries {
            if entry.as_ref().is_some_and(&goes) {
                *entry = None;
            }
        }
    }
}
