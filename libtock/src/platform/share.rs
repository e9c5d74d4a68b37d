//! Scopes in which buffers and upcalls are lent to the kernel.
//!
//! The kernel keeps what it was given after the call has returned. A value
//! that takes it back when dropped is not enough, because safe code may forget
//! a value. So the value stays with [`scope`], which always drops it, and the
//! caller gets a [`Handle`] that proves it.

use core::marker::PhantomData;

/// Something that a scope can take back from the kernel: an
/// [`AllowRo`](super::AllowRo), an [`AllowRw`](super::AllowRw), a
/// [`Subscribe`](super::Subscribe) or a tuple of lists.
pub trait List: Default {}

/// Runs `fcn` with a handle to a list of shares, and ends the shares.
pub fn scope<L: List, Output, F: FnOnce(Handle<L>) -> Output>(fcn: F) -> Output {
    let list = L::default();
    // SAFETY: `list` is not moved, and is dropped when this function ends.
    let handle = unsafe { Handle::new(&list) };
    fcn(handle)
}

/// Proof that a list exists and that it will be dropped.
pub struct Handle<'handle, L: List> {
    list: PhantomData<&'handle L>,
}

impl<L: List> Clone for Handle<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: List> Copy for Handle<'_, L> {}

impl<'handle, L: List> Handle<'handle, L> {
    /// A handle to `_list`.
    ///
    /// # Safety
    /// The list must be dropped in place; it may not be forgotten or moved.
    pub unsafe fn new(_list: &'handle L) -> Self {
        Handle { list: PhantomData }
    }

    /// A handle to a part of the list.
    ///
    /// # Safety
    /// `Part` must be contained in `L`, so that it is dropped with it.
    pub unsafe fn change_type<Part: List>(self) -> Handle<'handle, Part> {
        Handle { list: PhantomData }
    }

    /// Splits a handle to a tuple into a tuple of handles.
    pub fn split(self) -> L::SplitHandles
    where
        L: SplittableHandle<'handle>,
    {
        L::split(self)
    }
}

/// A list that has parts: a tuple. Called through [`Handle::split`].
pub trait SplittableHandle<'handle>: List {
    /// A tuple of handles, one for each part.
    type SplitHandles;

    /// Splits the handle.
    fn split(handle: Handle<'handle, Self>) -> Self::SplitHandles;
}

impl List for () {}

macro_rules! tuples {
    ($(($($part:ident)+))+) => {
        $(
            impl<$($part: List),+> List for ($($part,)+) {}

            impl<'handle, $($part: List + 'handle),+> SplittableHandle<'handle> for ($($part,)+) {
                type SplitHandles = ($(Handle<'handle, $part>,)+);

                fn split(handle: Handle<'handle, Self>) -> Self::SplitHandles {
                    // SAFETY: each part is a field of the tuple.
                    unsafe { ($(handle.change_type::<$part>(),)+) }
                }
            }
        )+
    };
}

tuples! {
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K M)
}
