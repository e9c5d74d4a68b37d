//! A buffer of which only a window is shown, so that the whole comes back at the end.
//!
//! An asynchronous operation needs the buffer for `'static`, and its caller
//! wants all of it back. The window narrows on the way down and is widened again
//! by whoever owns the buffer.

use core::ops::{Bound, Index, IndexMut, Range, RangeBounds};
use core::slice::SliceIndex;

/// The indices that `range` means in a slice of `len`, or `None` when they do
/// not lie in it.
pub(crate) fn resolve_range(range: &impl RangeBounds<usize>, len: usize) -> Option<Range<usize>> {
    let start = match range.start_bound() {
        Bound::Unbounded => 0,
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before.checked_add(1)?,
    };
    let end = match range.end_bound() {
        Bound::Unbounded => len,
        Bound::Included(&last) => last.checked_add(1)?,
        Bound::Excluded(&end) => end,
    };
    (start <= end && end <= len).then_some(start..end)
}

/// `range` of the window `active`. A range that reaches beyond is cut off at the
/// window's end.
fn narrow(active: &Range<usize>, range: &impl RangeBounds<usize>) -> Range<usize> {
    let len = active.len();
    let start = match range.start_bound() {
        Bound::Unbounded => 0,
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before.saturating_add(1),
    }
    .min(len);
    let end = match range.end_bound() {
        Bound::Unbounded => len,
        Bound::Included(&last) => last.saturating_add(1),
        Bound::Excluded(&end) => end,
    }
    .clamp(start, len);
    active.start + start..active.start + end
}

/// A window on a mutable buffer.
#[derive(Debug, PartialEq)]
pub struct SubSliceMut<'a, T> {
    internal: &'a mut [T],
    active_range: Range<usize>,
}

/// A window on a buffer that is not written.
#[derive(Debug, PartialEq)]
pub struct SubSlice<'a, T> {
    internal: &'a [T],
    active_range: Range<usize>,
}

/// A window on a buffer that may or may not be writeable.
pub enum SubSliceMutImmut<'a, T> {
    /// In flash, or shared.
    Immutable(SubSlice<'a, T>),
    /// In RAM.
    Mutable(SubSliceMut<'a, T>),
}

impl<'a, T> From<&'a [T]> for SubSliceMutImmut<'a, T> {
    fn from(value: &'a [T]) -> Self {
        Self::Immutable(SubSlice::new(value))
    }
}

impl<'a, T> From<&'a mut [T]> for SubSliceMutImmut<'a, T> {
    fn from(value: &'a mut [T]) -> Self {
        Self::Mutable(SubSliceMut::new(value))
    }
}

impl<'a, T> From<SubSlice<'a, T>> for SubSliceMutImmut<'a, T> {
    fn from(value: SubSlice<'a, T>) -> Self {
        Self::Immutable(value)
    }
}

impl<'a, T> From<SubSliceMut<'a, T>> for SubSliceMutImmut<'a, T> {
    fn from(value: SubSliceMut<'a, T>) -> Self {
        Self::Mutable(value)
    }
}

impl<T> SubSliceMutImmut<'_, T> {
    /// Shows the whole buffer again.
    pub fn reset(&mut self) {
        match self {
            Self::Immutable(window) => window.reset(),
            Self::Mutable(window) => window.reset(),
        }
    }

    /// The length of the window.
    pub fn len(&self) -> usize {
        match self {
            Self::Immutable(window) => window.len(),
            Self::Mutable(window) => window.len(),
        }
    }

    /// Returns whether the window shows nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Narrows the window.
    pub fn slice<R: RangeBounds<usize>>(&mut self, range: R) {
        match self {
            Self::Immutable(window) => window.slice(range),
            Self::Mutable(window) => window.slice(range),
        }
    }

    /// The first element of the window.
    pub fn as_ptr(&self) -> *const T {
        match self {
            Self::Immutable(window) => window.as_ptr(),
            Self::Mutable(window) => window.as_ptr(),
        }
    }

    /// What the window shows.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::Immutable(window) => window.as_slice(),
            Self::Mutable(window) => window.as_slice(),
        }
    }
}

impl<T, I: SliceIndex<[T]>> Index<I> for SubSliceMutImmut<'_, T> {
    type Output = <I as SliceIndex<[T]>>::Output;

    fn index(&self, index: I) -> &Self::Output {
        &self.as_slice()[index]
    }
}

impl<'a, T> SubSliceMut<'a, T> {
    /// Shows all of `buffer`.
    pub fn new(buffer: &'a mut [T]) -> Self {
        let active_range = 0..buffer.len();
        SubSliceMut {
            internal: buffer,
            active_range,
        }
    }

    /// Gives the whole buffer back.
    pub fn take(self) -> &'a mut [T] {
        self.internal
    }

    /// Shows the whole buffer again.
    pub fn reset(&mut self) {
        self.active_range = 0..self.internal.len();
    }

    /// The length of the window.
    pub fn len(&self) -> usize {
        self.active_range.len()
    }

    /// Returns whether the window shows nothing.
    pub fn is_empty(&self) -> bool {
        self.active_range.is_empty()
    }

    /// Returns whether the window shows less than the whole buffer.
    pub fn is_sliced(&self) -> bool {
        self.len() != self.internal.len()
    }

    /// Where in the buffer the window lies.
    pub fn active_range(&self) -> Range<usize> {
        self.active_range.clone()
    }

    /// The first element of the window.
    pub fn as_ptr(&self) -> *const T {
        self.as_slice().as_ptr()
    }

    /// The first element of the window.
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.as_mut_slice().as_mut_ptr()
    }

    /// What the window shows.
    pub fn as_slice(&self) -> &[T] {
        &self.internal[self.active_range.clone()]
    }

    /// What the window shows.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.internal[self.active_range.clone()]
    }

    /// Narrows the window to `range` of what it shows now. What lies beyond its
    /// end is cut off.
    pub fn slice<R: RangeBounds<usize>>(&mut self, range: R) {
        self.active_range = narrow(&self.active_range, &range);
    }
}

impl<T, I: SliceIndex<[T]>> Index<I> for SubSliceMut<'_, T> {
    type Output = <I as SliceIndex<[T]>>::Output;

    fn index(&self, index: I) -> &Self::Output {
        &self.as_slice()[index]
    }
}

impl<T, I: SliceIndex<[T]>> IndexMut<I> for SubSliceMut<'_, T> {
    fn index_mut(&mut self, index: I) -> &mut Self::Output {
        &mut self.as_mut_slice()[index]
    }
}

impl<'a, T> SubSlice<'a, T> {
    /// Shows all of `buffer`.
    pub fn new(buffer: &'a [T]) -> Self {
        SubSlice {
            internal: buffer,
            active_range: 0..buffer.len(),
        }
    }

    /// Gives the whole buffer back.
    pub fn take(self) -> &'a [T] {
        self.internal
    }

    /// Shows the whole buffer again.
    pub fn reset(&mut self) {
        self.active_range = 0..self.internal.len();
    }

    /// The length of the window.
    pub fn len(&self) -> usize {
        self.active_range.len()
    }

    /// Returns whether the window shows nothing.
    pub fn is_empty(&self) -> bool {
        self.active_range.is_empty()
    }

    /// Returns whether the window shows less than the whole buffer.
    pub fn is_sliced(&self) -> bool {
        self.len() != self.internal.len()
    }

    /// Where in the buffer the window lies.
    pub fn active_range(&self) -> Range<usize> {
        self.active_range.clone()
    }

    /// The first element of the window.
    pub fn as_ptr(&self) -> *const T {
        self.as_slice().as_ptr()
    }

    /// What the window shows.
    pub fn as_slice(&self) -> &[T] {
        &self.internal[self.active_range.clone()]
    }

    /// Narrows the window to `range` of what it shows now. What lies beyond its
    /// end is cut off.
    pub fn slice<R: RangeBounds<usize>>(&mut self, range: R) {
        self.active_range = narrow(&self.active_range, &range);
    }
}

impl<T, I: SliceIndex<[T]>> Index<I> for SubSlice<'_, T> {
    type Output = <I as SliceIndex<[T]>>::Output;

    fn index(&self, index: I) -> &Self::Output {
        &self.as_slice()[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrows_step_by_step_and_gives_all_back() {
        let mut data = [0, 1, 2, 3, 4, 5, 6, 7];
        let mut window = SubSliceMut::new(&mut data);
        window.slice(2..);
        window.slice(..=3);
        assert_eq!(window.as_slice(), [2, 3, 4, 5]);
        assert!(window.is_sliced());
        window[1] = 30;
        window.slice(1..100);
        assert_eq!(window.as_slice(), [30, 4, 5]);
        assert_eq!(window.active_range(), 3..6);
        window.slice(9..);
        assert!(window.is_empty());
        assert_eq!(window.take(), [0, 1, 2, 30, 4, 5, 6, 7]);
    }

    #[test]
    fn resets() {
        let mut window = SubSlice::new(&[1, 2, 3]);
        window.slice(..1);
        assert_eq!(window[0], 1);
        assert_eq!(window.len(), 1);
        window.reset();
        assert_eq!(window.as_slice(), [1, 2, 3]);
    }
}
