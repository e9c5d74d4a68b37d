//! A reference to memory-mapped registers.

use core::ops::Deref;

/// A pointer that is valid for ever and reads as a `&'static T`.
#[derive(Debug)]
pub struct StaticRef<T> {
    ptr: *const T,
}

impl<T> StaticRef<T> {
    /// A reference to what `ptr` points to.
    ///
    /// # Safety
    ///
    /// `ptr` must point to a valid `T` for the rest of the program, and `T` must
    /// only change through interior mutability.
    pub const unsafe fn new(ptr: *const T) -> StaticRef<T> {
        StaticRef { ptr }
    }

    /// The pointer itself.
    pub const fn get_raw_ptr(&self) -> *const T {
        self.ptr
    }
}

impl<T> Clone for StaticRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StaticRef<T> {}

impl<T> Deref for StaticRef<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: `new` demands a pointer that stays valid.
        unsafe { &*self.ptr }
    }
}
