//! A cell that holds a small value or nothing: typically a client reference.

use core::cell::Cell;

/// `Cell<Option<T>>` with the methods of `Option` on it.
pub struct OptionalCell<T> {
    value: Cell<Option<T>>,
}

impl<T> OptionalCell<T> {
    /// Makes a cell with `val` in it.
    pub const fn new(val: T) -> Self {
        OptionalCell {
            value: Cell::new(Some(val)),
        }
    }

    /// Makes a cell with nothing in it.
    pub const fn empty() -> Self {
        OptionalCell {
            value: Cell::new(None),
        }
    }

    /// Stores `val`, dropping what was there.
    pub fn set(&self, val: T) {
        self.value.set(Some(val));
    }

    /// Stores `opt` itself, which may be nothing.
    pub fn insert(&self, opt: Option<T>) {
        self.value.set(opt);
    }

    /// Stores `val` and returns what was there.
    pub fn replace(&self, val: T) -> Option<T> {
        self.value.replace(Some(val))
    }

    /// Takes the value out, leaving nothing.
    pub fn take(&self) -> Option<T> {
        self.value.take()
    }

    /// Drops the value.
    pub fn clear(&self) {
        self.value.set(None);
    }

    /// The value, or the default of its type.
    pub fn unwrap_or_default(self) -> T
    where
        T: Default,
    {
        self.value.into_inner().unwrap_or_default()
    }

    /// Returns the value.
    ///
    /// # Errors
    /// Fails with `err` if there is no value.
    pub fn ok_or<E>(self, err: E) -> Result<T, E> {
        self.value.into_inner().ok_or(err)
    }

    /// Returns the value.
    ///
    /// # Errors
    /// Fails with the error that `err` makes if there is no value.
    pub fn ok_or_else<E, F>(self, err: F) -> Result<T, E>
    where
        F: FnOnce() -> E,
    {
        self.value.into_inner().ok_or_else(err)
    }

    /// Returns `optb` if there is a value, and none otherwise.
    pub fn and<U>(self, optb: Option<U>) -> Option<U> {
        self.value.into_inner().and(optb)
    }

    /// The value if `predicate` holds for it.
    pub fn filter<P>(self, predicate: P) -> Option<T>
    where
        P: FnOnce(&T) -> bool,
    {
        self.value.into_inner().filter(predicate)
    }

    /// Returns the value if there is one, and `optb` otherwise.
    pub fn or(self, optb: Option<T>) -> Option<T> {
        self.value.into_inner().or(optb)
    }

    /// The value, or else what `closure` finds.
    pub fn or_else<F>(self, closure: F) -> Option<T>
    where
        F: FnOnce() -> Option<T>,
    {
        self.value.into_inner().or_else(closure)
    }

    /// Returns whether there is a value that equals `x`.
    pub fn contains(&self, x: &T) -> bool
    where
        T: PartialEq,
    {
        let content = self.value.take();
        let equal = content.as_ref() == Some(x);
        self.value.set(content);
        equal
    }

    /// Returns whether there is a value.
    pub fn is_some(&self) -> bool {
        // SAFETY: the shared reference ends within this expression, no code of
        // others runs meanwhile, and a `Cell` never crosses threads.
        unsafe { (*self.value.as_ptr()).is_some() }
    }

    /// Returns whether there is no value.
    pub fn is_none(&self) -> bool {
        !self.is_some()
    }
}

impl<T: Copy> OptionalCell<T> {
    /// Returns a copy of the value, if there is one.
    pub fn get(&self) -> Option<T> {
        self.value.get()
    }

    /// A copy of the value; panics when there is none.
    #[track_caller]
    pub fn unwrap_or_panic(&self) -> T {
        self.get().unwrap()
    }

    /// A copy of the value; panics with `msg` when there is none.
    #[track_caller]
    pub fn expect(&self, msg: &str) -> T {
        self.get().expect(msg)
    }

    /// A copy of the value, or `default`.
    pub fn unwrap_or(&self, default: T) -> T {
        self.get().unwrap_or(default)
    }

    /// A copy of the value, or what `default` makes.
    pub fn unwrap_or_else<F: FnOnce() -> T>(&self, default: F) -> T {
        self.get().unwrap_or_else(default)
    }

    /// Calls `closure` with the value, if there is one.
    pub fn map<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(T) -> R,
    {
        self.get().map(closure)
    }

    /// As [`Self::map`], with `default` in place of nothing.
    pub fn map_or<F, R>(&self, default: R, closure: F) -> R
    where
        F: FnOnce(T) -> R,
    {
        self.get().map_or(default, closure)
    }

    /// As [`Self::map`], with the result of `default` in place of nothing.
    pub fn map_or_else<U, D, F>(&self, default: D, closure: F) -> U
    where
        D: FnOnce() -> U,
        F: FnOnce(T) -> U,
    {
        self.get().map_or_else(default, closure)
    }

    /// `closure` of the value, when there is one.
    pub fn and_then<U, F: FnOnce(T) -> Option<U>>(&self, closure: F) -> Option<U> {
        self.get().and_then(closure)
    }
}

impl<T> Default for OptionalCell<T> {
    /// An empty cell.
    fn default() -> Self {
        OptionalCell::empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_replaces_and_takes() {
        let cell = OptionalCell::empty();
        assert!(cell.is_none());
        assert_eq!(cell.replace(1), None);
        assert_eq!(cell.replace(2), Some(1));
        assert!(cell.contains(&2));
        assert_eq!(cell.map(|v| v + 1), Some(3));
        assert_eq!(cell.map_or(0, |v| v * 2), 4);
        assert_eq!(cell.take(), Some(2));
        assert_eq!(cell.ok_or("none"), Err("none"));
    }

    #[test]
    fn may_change_within_map() {
        let cell = OptionalCell::new(1);
        cell.map(|_| cell.clear());
        assert!(cell.is_none());
    }
}
