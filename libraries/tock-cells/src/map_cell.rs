//! A cell for a larger value, which is worked on in place.

use core::cell::{Cell, UnsafeCell};

/// Holds a value or nothing. A closure gets a mutable reference into the cell,
/// so the value is never moved; while the closure runs the cell looks empty.
pub struct MapCell<T> {
    value: UnsafeCell<Option<T>>,
    /// A closure holds a reference to `value`.
    borrowed: Cell<bool>,
}

/// Ends the borrow, also when the closure unwinds.
struct Borrow<'a>(&'a Cell<bool>);

impl Drop for Borrow<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl<T> MapCell<T> {
    /// Makes a cell with nothing in it.
    pub const fn empty() -> MapCell<T> {
        MapCell {
            value: UnsafeCell::new(None),
            borrowed: Cell::new(false),
        }
    }

    /// Makes a cell with `value` in it.
    pub const fn new(value: T) -> MapCell<T> {
        MapCell {
            value: UnsafeCell::new(Some(value)),
            borrowed: Cell::new(false),
        }
    }

    /// Calls `work` with the slot, unless a closure already has it.
    fn with_slot<R>(&self, work: impl FnOnce(&mut Option<T>) -> R) -> Option<R> {
        if self.borrowed.replace(true) {
            return None;
        }
        let _borrow = Borrow(&self.borrowed);
        // SAFETY: `borrowed` was false, so no other reference to the slot
        // exists, and none is made until `_borrow` is dropped. The cell is not
        // `Sync`.
        Some(work(unsafe { &mut *self.value.get() }))
    }

    /// Is there no value, or is it lent at the moment?
    pub fn is_none(&self) -> bool {
        !self.is_some()
    }

    /// Returns whether there is a value to be had.
    pub fn is_some(&self) -> bool {
        self.with_slot(|slot| slot.is_some()).unwrap_or(false)
    }

    /// A copy of the value; `None` while it is lent.
    pub fn get(&self) -> Option<T>
    where
        T: Copy,
    {
        self.with_slot(|slot| *slot).flatten()
    }

    /// Takes the value out and returns it, or none if there is none to be had.
    pub fn take(&self) -> Option<T> {
        self.with_slot(Option::take).flatten()
    }

    /// Stores `val`, dropping what was there. While the value is lent `val` is
    /// dropped instead.
    pub fn put(&self, val: T) {
        self.replace(val);
    }

    /// Stores `val` and returns what was there; while the value is lent `val`
    /// itself comes back.
    pub fn replace(&self, val: T) -> Option<T> {
        if self.borrowed.get() {
            return Some(val);
        }
        self.with_slot(|slot| slot.replace(val)).flatten()
    }

    /// Calls `closure` with the value, if there is one.
    pub fn map<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(&mut T) -> R,
    {
        self.with_slot(|slot| slot.as_mut().map(closure)).flatten()
    }

    /// As [`Self::map`], with `default` in place of nothing.
    pub fn map_or<F, R>(&self, default: R, closure: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.map(closure).unwrap_or(default)
    }

    /// As [`Self::map`], with the result of `default` in place of nothing.
    pub fn map_or_else<U, D, F>(&self, default: D, closure: F) -> U
    where
        D: FnOnce() -> U,
        F: FnOnce(&mut T) -> U,
    {
        self.map(closure).unwrap_or_else(default)
    }

    /// As [`Self::map`], for a closure that may itself find nothing.
    pub fn and_then<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(&mut T) -> Option<R>,
    {
        self.map(closure).flatten()
    }

    /// Changes the value, or stores the one that `mkval` makes.
    pub fn modify_or_replace<F, G>(&self, modify: F, mkval: G)
    where
        F: FnOnce(&mut T),
        G: FnOnce() -> T,
    {
        self.with_slot(|slot| match slot {
            Some(value) => modify(value),
            None => *slot = Some(mkval()),
        });
    }
}

impl<T> Default for MapCell<T> {
    /// An empty cell.
    fn default() -> Self {
        MapCell::empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_in_place() {
        let cell = MapCell::new([1, 2, 3]);
        assert_eq!(
            cell.map(|a| {
                a[0] = 7;
                a[0]
            }),
            Some(7)
        );
        assert_eq!(cell.replace([0; 3]), Some([7, 2, 3]));
        assert_eq!(cell.take(), Some([0; 3]));
        assert!(cell.is_none());
        cell.modify_or_replace(|_| unreachable!(), || [4; 3]);
        assert_eq!(cell.map_or(0, |a| a[2]), 4);
    }

    #[test]
    fn refuses_a_second_reference() {
        let cell = MapCell::new(1);
        cell.map(|value| {
            assert!(cell.is_none());
            assert_eq!(cell.map(|_| ()), None);
            assert_eq!(cell.take(), None);
            assert_eq!(cell.replace(5), Some(5));
            *value = 2;
        });
        assert_eq!(cell.take(), Some(2));
    }
}
