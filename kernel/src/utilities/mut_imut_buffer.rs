//! A slice that is writeable or not.

/// For operations that only read, and give the slice back as it came.
pub enum MutImutBuffer<'a, T> {
    /// A writeable slice.
    Mutable(&'a mut [T]),
    /// A slice that is not writeable.
    Immutable(&'a [T]),
}

impl<T> MutImutBuffer<'_, T> {
    /// The length of the slice.
    pub fn len(&self) -> usize {
        match self {
            MutImutBuffer::Mutable(slice) => slice.len(),
            MutImutBuffer::Immutable(slice) => slice.len(),
        }
    }

    /// Returns whether the slice has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a, T> From<&'a mut [T]> for MutImutBuffer<'a, T> {
    fn from(slice: &'a mut [T]) -> Self {
        MutImutBuffer::Mutable(slice)
    }
}

impl<'a, T> From<&'a [T]> for MutImutBuffer<'a, T> {
    fn from(slice: &'a [T]) -> Self {
        MutImutBuffer::Immutable(slice)
    }
}
