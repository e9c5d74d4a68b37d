//! A singly linked list whose links lie within its elements.

use core::cell::Cell;

/// The link of an element to the next one.
pub struct ListLink<'a, T: 'a + ?Sized>(Cell<Option<&'a T>>);

impl<'a, T: ?Sized> ListLink<'a, T> {
    /// A link to nothing.
    pub const fn empty() -> ListLink<'a, T> {
        ListLink(Cell::new(None))
    }
}

/// What an element of a [`List`] has: a place for the link.
pub trait ListNode<'a, T: ?Sized> {
    /// This element's link.
    fn next(&'a self) -> &'a ListLink<'a, T>;
}

/// A list of elements that live elsewhere. An element is in one list at most
/// once.
pub struct List<'a, T: 'a + ?Sized + ListNode<'a, T>> {
    head: ListLink<'a, T>,
}

/// Goes through a [`List`] from head to tail.
pub struct ListIterator<'a, T: 'a + ?Sized + ListNode<'a, T>> {
    current: Option<&'a T>,
}

impl<'a, T: ?Sized + ListNode<'a, T>> Iterator for ListIterator<'a, T> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        let element = self.current?;
        self.current = element.next().0.get();
        Some(element)
    }
}

impl<'a, T: ?Sized + ListNode<'a, T>> List<'a, T> {
    /// A list without elements.
    pub const fn new() -> List<'a, T> {
        List {
            head: ListLink::empty(),
        }
    }

    /// The first element.
    pub fn head(&self) -> Option<&'a T> {
        self.head.0.get()
    }

    /// Puts `node` first.
    pub fn push_head(&self, node: &'a T) {
        node.next().0.set(self.head.0.get());
        self.head.0.set(Some(node));
    }

    /// Puts `node` last.
    pub fn push_tail(&self, node: &'a T) {
        node.next().0.set(None);
        match self.iter().last() {
            Some(last) => last.next().0.set(Some(node)),
            None => self.head.0.set(Some(node)),
        }
    }

    /// Takes the first element off.
    pub fn pop_head(&self) -> Option<&'a T> {
        let first = self.head.0.get()?;
        self.head.0.set(first.next().0.take());
        Some(first)
    }

    /// The elements in order.
    pub fn iter(&self) -> ListIterator<'a, T> {
        ListIterator {
            current: self.head.0.get(),
        }
    }
}

impl<'a, T: ?Sized + ListNode<'a, T>> Default for List<'a, T> {
    fn default() -> Self {
        List::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Node<'a> {
        value: u8,
        link: ListLink<'a, Node<'a>>,
    }

    impl<'a> ListNode<'a, Node<'a>> for Node<'a> {
        fn next(&'a self) -> &'a ListLink<'a, Node<'a>> {
            &self.link
        }
    }

    fn node<'a>(value: u8) -> Node<'a> {
        Node {
            value,
            link: ListLink::empty(),
        }
    }

    #[test]
    fn keeps_order() {
        let (a, b, c) = (node(1), node(2), node(3));
        let list = List::new();
        list.push_tail(&b);
        list.push_tail(&c);
        list.push_head(&a);
        assert!(list.iter().map(|n| n.value).eq([1, 2, 3]));
        assert_eq!(list.pop_head().map(|n| n.value), Some(1));
        list.push_tail(&a);
        assert!(list.iter().map(|n| n.value).eq([2, 3, 1]));
    }
}
