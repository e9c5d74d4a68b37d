//! What every first-in, first-out queue can do.

/// A queue of bounded length.
pub trait Queue<T> {
    /// Returns whether anything is in the queue.
    fn has_elements(&self) -> bool;

    /// Returns whether no further element fits.
    fn is_full(&self) -> bool;

    /// Returns how many elements are in the queue.
    fn len(&self) -> usize;

    /// Returns whether the queue is empty.
    fn is_empty(&self) -> bool {
        !self.has_elements()
    }

    /// Adds `val` as the newest; `false` when there is no room.
    fn enqueue(&mut self, val: T) -> bool;

    /// Adds `val` as the newest; when there is no room the oldest makes way and
    /// is returned.
    fn push(&mut self, val: T) -> Option<T>;

    /// Takes the oldest element, if there is one.
    fn dequeue(&mut self) -> Option<T>;

    /// Takes the oldest for which `f` holds; the others keep their order.
    fn remove_first_matching<F>(&mut self, f: F) -> Option<T>
    where
        F: Fn(&T) -> bool;

    /// Drops all elements.
    fn empty(&mut self);

    /// Keeps the elements for which `f` holds, in their order.
    fn retain<F>(&mut self, f: F)
    where
        F: FnMut(&T) -> bool;
}
