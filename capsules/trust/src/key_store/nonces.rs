//! No nonce twice: which values of a counter have been part of one.
//!
//! An object of the policy may name a counter for its nonces. Then the last four
//! bytes of every nonce under it, or under a session key that came out of it, are
//! a value of that counter, big endian, as in DLMS/COSEM's invocation counter:
//! greater than all used before, and not greater than the counter, which is raised
//! ahead. What was used is kept in RAM alone; at a start, whatever the counter
//! stands at counts as used.

use core::cell::Cell;

use kernel::ErrorCode;

/// Counters that nonces can be bound to.
pub const PLACES: usize = 4;

/// The greatest used value of each counter.
pub struct Nonces([Cell<Option<(u16, u32)>>; PLACES]);

impl Default for Nonces {
    fn default() -> Self {
        Self::new()
    }
}

impl Nonces {
    /// Makes a table in which nothing is known of any counter.
    pub const fn new() -> Self {
        Nonces([const { Cell::new(None) }; PLACES])
    }

    /// Takes note of where a counter stands, which counts if nothing is known of it
    /// since the start. To be called before each change of the counter.
    pub fn note(&self, counter: u16, value: u32) {
        if self.place_of(counter).is_none() {
            if let Some(free) = self.0.iter().find(|place| place.get().is_none()) {
                free.set(Some((counter, value)));
            }
        }
    }

    /// Marks a value of a counter that stands at `reserved` as used.
    ///
    /// # Errors
    /// Fails with `ALREADY` if the value, or a greater one, was used; with `RESERVE` if the
    /// counter has to be raised first; with `NOMEM` if nonces are bound to too many counters.
    pub fn spend(&self, counter: u16, reserved: u32, value: u32) -> Result<(), ErrorCode> {
        self.note(counter, reserved);
        let place = self.place_of(counter).ok_or(ErrorCode::NOMEM)?;
        if place.get().is_some_and(|(_, spent)| value <= spent) {
            return Err(ErrorCode::ALREADY);
        }
        if value > reserved {
            return Err(ErrorCode::RESERVE);
        }
        place.set(Some((counter, value)));
        Ok(())
    }

    fn place_of(&self, counter: u16) -> Option<&Cell<Option<(u16, u32)>>> {
        let known = |place: &&Cell<Option<(u16, u32)>>| {
            place.get().is_some_and(|(known, _)| known == counter)
        };
        self.0.iter().find(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_rise_and_stay_below_the_counter() {
        let nonces = Nonces::new();
        // At the start it stood at 10: all of these may have been used.
        nonces.note(1, 10);
        nonces.note(1, 20);
        for used in [0, 9, 10] {
            assert_eq!(nonces.spend(1, 20, used), Err(ErrorCode::ALREADY));
        }
        assert_eq!(nonces.spend(1, 20, 21), Err(ErrorCode::RESERVE));
        assert_eq!(nonces.spend(1, 20, 12), Ok(()));
        for used in [11, 12] {
            assert_eq!(nonces.spend(1, 20, used), Err(ErrorCode::ALREADY));
        }
        assert_eq!(nonces.spend(1, 20, 20), Ok(()));
        assert_eq!(nonces.spend(1, u32::MAX, u32::MAX), Ok(()));
        assert_eq!(nonces.spend(1, u32::MAX, u32::MAX), Err(ErrorCode::ALREADY));
    }

    #[test]
    fn a_counter_of_which_nothing_was_noted_has_no_value_left() {
        let nonces = Nonces::new();
        assert_eq!(nonces.spend(1, 20, 20), Err(ErrorCode::ALREADY));
        assert_eq!(nonces.spend(1, 21, 21), Ok(()));
    }

    #[test]
    fn more_counters_than_there_are_places() {
        let nonces = Nonces::new();
        (0..PLACES as u16).for_each(|counter| nonces.note(counter, 0));
        nonces.note(9, 0);
        assert_eq!(nonces.spend(9, 1, 1), Err(ErrorCode::NOMEM));
        assert_eq!(nonces.spend(0, 1, 1), Ok(()));
    }
}
