//! What every first-in, first-out queue can do.

/// A queue of bounded length.
pub trait Queue<T> {
    /// Is anything in it?
    fn has_elements(&self) -> bool;

    /// Is there no room?
    fn is_full(&self) -> bool;

    /// How many elements are in it.
    fn len(&self) -> usize;

    /// Is nothing in it?
    fn is_empty(&self) -> bool {
        !self.has_elements()
    }

    /// Adds `val` as the newest; `false` when there is no room.
    fn enqueue(&mut self, val: T) -> bool;

    /// Adds `val` as the newest; when there is no room the oldest makes way and
    /// is returned.
    fn push(&mut self, val: T) -> Option<T>;

    /// Takes the oldest.
    fn dequeue(&mut self) -> Option<T>;

    /// Takes the oldest for which `f` holds; the others keep their order.
    fn remove_first_matching<F>(&mut self, f: F) -> Option<T>
    where
        F: Fn(&T) -> bool;

    /// Drops everything.
    fn empty(&mut self);

    /// Keeps the elements for which `f` holds, in their order.
    fn retain<F>(&mut self, f: F)
    where
        F: FnMut(&T) -> bool;
}
