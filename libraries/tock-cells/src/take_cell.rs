//! A cell that owns a mutable reference, usually a buffer, which can be taken out and put back.

use core::cell::Cell;

/// Holds `Option<&'a mut T>`. Whoever takes the reference has it alone until it
/// is put back; while a closure works on it the cell looks empty.
pub struct TakeCell<'a, T: 'a + ?Sized> {
    val: Cell<Option<&'a mut T>>,
}

impl<'a, T: ?Sized> TakeCell<'a, T> {
    /// Makes a cell with nothing in it.
    pub const fn empty() -> TakeCell<'a, T> {
        TakeCell {
            val: Cell::new(None),
        }
    }

    /// Makes a cell that holds the reference `value`.
    pub fn new(value: &'a mut T) -> TakeCell<'a, T> {
        TakeCell {
            val: Cell::new(Some(value)),
        }
    }

    /// Returns whether the reference is away.
    pub fn is_none(&self) -> bool {
        !self.is_some()
    }

    /// Returns whether the reference is here.
    pub fn is_some(&self) -> bool {
        let content = self.val.take();
        let here = content.is_some();
        self.val.set(content);
        here
    }

    /// Takes the reference out and returns it, or none if it is away.
    pub fn take(&self) -> Option<&'a mut T> {
        self.val.take()
    }

    /// Stores `val`, forgetting any reference held.
    pub fn put(&self, val: Option<&'a mut T>) {
        self.val.set(val);
    }

    /// Stores `val` and returns the reference held before.
    pub fn replace(&self, val: &'a mut T) -> Option<&'a mut T> {
        self.val.replace(Some(val))
    }

    /// The reference, for as long as the cell is borrowed alone.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.val
            .get_mut()
            .as_mut()
            .map(|reference| &mut **reference)
    }

    /// Calls `closure` with the reference, if it is here, and keeps it.
    pub fn map<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(&mut T) -> R,
    {
        self.val.take().map(|reference| {
            let result = closure(reference);
            self.val.set(Some(reference));
            result
        })
    }

    /// As [`Self::map`], with `default` when the reference is away.
    pub fn map_or<F, R>(&self, default: R, closure: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.map(closure).unwrap_or(default)
    }

    /// As [`Self::map`], with the result of `default` when the reference is away.
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

    /// Changes what the reference points to, or stores the one that `mkval` makes.
    pub fn modify_or_replace<F, G>(&self, modify: F, mkval: G)
    where
        F: FnOnce(&mut T),
        G: FnOnce() -> &'a mut T,
    {
        match self.val.take() {
            Some(reference) => {
                modify(reference);
                self.val.set(Some(reference));
            }
            None => self.val.set(Some(mkval())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lends_and_takes_back() {
        let mut buffer = [1u8, 2, 3];
        let cell = TakeCell::new(&mut buffer[..]);
        assert!(cell.is_some());
        assert_eq!(cell.map(|b| b.len()), Some(3));
        let taken = cell.take().unwrap();
        assert!(cell.is_none());
        assert_eq!(cell.map_or(7, |b| b.len()), 7);
        taken[0] = 9;
        assert!(cell.replace(taken).is_none());
        assert_eq!(cell.and_then(|b| b.first().copied()), Some(9));
    }

    #[test]
    fn looks_empty_while_lent() {
        let mut value = 5u8;
        let cell = TakeCell::new(&mut value);
        cell.map(|_| assert!(cell.is_none()));
        assert!(cell.is_some());
    }
}
