//! A queue in a slice that its owner provides.

use crate::collections::queue;

/// A queue that holds as many elements as the slice is long.
pub struct RingBuffer<'a, T: 'a> {
    ring: &'a mut [T],
    /// Index of the oldest element.
    head: usize,
    /// Elements in use, from `head` on, wrapping.
    len: usize,
}

impl<'a, T: Copy> RingBuffer<'a, T> {
    /// An empty queue in `ring`.
    pub fn new(ring: &'a mut [T]) -> RingBuffer<'a, T> {
        RingBuffer {
            ring,
            head: 0,
            len: 0,
        }
    }

    /// Returns how many more elements fit.
    pub fn available_len(&self) -> usize {
        self.ring.len() - self.len
    }

    /// The elements, oldest first, as one or two slices.
    pub fn as_slices(&self) -> (Option<&[T]>, Option<&[T]>) {
        if self.len == 0 {
            return (None, None);
        }
        let to_end = self.ring.len() - self.head;
        if self.len <= to_end {
            (Some(&self.ring[self.head..self.head + self.len]), None)
        } else {
            (
                Some(&self.ring[self.head..]),
                Some(&self.ring[..self.len - to_end]),
            )
        }
    }

    /// Where the element `offset` after the oldest lies; `offset` is at most the
    /// length of the ring. No division: this runs in every upcall.
    fn index(&self, offset: usize) -> usize {
        let index = self.head + offset;
        if index >= self.ring.len() {
            index - self.ring.len()
        } else {
            index
        }
    }
}

impl<T: Copy> queue::Queue<T> for RingBuffer<'_, T> {
    fn has_elements(&self) -> bool {
        self.len != 0
    }

    fn is_full(&self) -> bool {
        self.len == self.ring.len()
    }

    fn len(&self) -> usize {
        self.len
    }

    fn enqueue(&mut self, val: T) -> bool {
        if self.len == self.ring.len() {
            return false;
        }
        let index = self.index(self.len);
        self.ring[index] = val;
        self.len += 1;
        true
    }

    fn push(&mut self, val: T) -> Option<T> {
        if self.ring.is_empty() {
            return Some(val);
        }
        let oldest = if self.len == self.ring.len() {
            self.dequeue()
        } else {
            None
        };
        self.enqueue(val);
        oldest
    }

    fn dequeue(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        let val = self.ring[self.head];
        self.head = self.index(1);
        self.len -= 1;
        Some(val)
    }

    fn remove_first_matching<F>(&mut self, f: F) -> Option<T>
    where
        F: Fn(&T) -> bool,
    {
        let position = (0..self.len).find(|&offset| f(&self.ring[self.index(offset)]))?;
        let val = self.ring[self.index(position)];
        for offset in position..self.len - 1 {
            let (to, from) = (self.index(offset), self.index(offset + 1));
            self.ring[to] = self.ring[from];
        }
        self.len -= 1;
        Some(val)
    }

    fn empty(&mut self) {
        self.head = 0;
        self.len = 0;
    }

    fn retain<F>(&mut self, mut f: F)
    where
        F: FnMut(&T) -> bool,
    {
        let mut kept = 0;
        for offset in 0..self.len {
            let val = self.ring[self.index(offset)];
            if f(&val) {
                let to = self.index(kept);
                self.ring[to] = val;
                kept += 1;
            }
        }
        self.len = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collections::queue::Queue;

    #[test]
    fn wraps_and_keeps_order() {
        let mut store = [0; 4];
        let mut ring = RingBuffer::new(&mut store);
        for round in 0..50 {
            assert!(ring.enqueue(round));
            assert!(ring.enqueue(round + 100));
            assert!(ring.enqueue(round + 200));
            assert_eq!(ring.available_len(), 1);
            assert_eq!(ring.dequeue(), Some(round));
            assert_eq!(ring.dequeue(), Some(round + 100));
            assert_eq!(ring.dequeue(), Some(round + 200));
            assert_eq!(ring.dequeue(), None);
        }
    }

    #[test]
    fn full_refuses_or_pushes_out_the_oldest() {
        let mut store = [0; 3];
        let mut ring = RingBuffer::new(&mut store);
        assert!((1..=3).all(|val| ring.enqueue(val)));
        assert!(ring.is_full());
        assert!(!ring.enqueue(4));
        assert_eq!(ring.push(4), Some(1));
        let (left, right) = ring.as_slices();
        assert_eq!((left, right), (Some(&[2, 3][..]), Some(&[4][..])));
    }

    #[test]
    fn a_ring_without_room_takes_nothing() {
        let mut ring: RingBuffer<u8> = RingBuffer::new(&mut []);
        assert!(!ring.enqueue(1));
        assert_eq!(ring.push(1), Some(1));
        assert_eq!(ring.as_slices(), (None, None));
    }

    #[test]
    fn removes_from_the_middle_across_the_wrap() {
        let mut store = [0; 5];
        let mut ring = RingBuffer::new(&mut store);
        for val in 0..4 {
            ring.enqueue(val);
        }
        ring.dequeue();
        ring.dequeue();
        for val in 4..7 {
            ring.enqueue(val);
        }
        assert_eq!(ring.remove_first_matching(|&v| v == 4), Some(4));
        assert_eq!(ring.remove_first_matching(|&v| v == 4), None);
        ring.retain(|&v| v != 3);
        assert_eq!(ring.dequeue(), Some(2));
        assert_eq!(ring.dequeue(), Some(5));
        assert_eq!(ring.dequeue(), Some(6));
        assert_eq!(ring.len(), 0);
    }
}
