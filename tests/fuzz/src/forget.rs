//! Bytes that live for ever as far as a parser is concerned, and are freed all the same.

/// Calls `work` with a copy of `bytes` that claims to live for ever.
///
/// # Safety
///
/// Nothing that borrows from the copy may be left when `work` has returned.
pub unsafe fn with_static<R>(bytes: &[u8], work: impl FnOnce(&'static [u8]) -> R) -> R {
    struct Copy(*mut [u8]);
    impl Drop for Copy {
        fn drop(&mut self) {
            // SAFETY: the pointer comes from `Box::into_raw`, once; by the
            // contract of `with_static` nothing borrows from it any more.
            drop(unsafe { Box::from_raw(self.0) });
        }
    }
    let copy = Copy(Box::into_raw(bytes.to_vec().into_boxed_slice()));
    // SAFETY: the allocation is valid until `copy` is dropped, after `work`.
    work(unsafe { &*copy.0 })
}

/// Calls `work` with a value that claims to live for ever, and frees it.
///
/// # Safety
///
/// Nothing that borrows from the value may be left when `work` has returned, or
/// has panicked.
pub unsafe fn with_static_mut<T: 'static>(value: T, work: impl FnOnce(&'static mut T)) {
    struct Owned<T>(*mut T);
    impl<T> Drop for Owned<T> {
        fn drop(&mut self) {
            // SAFETY: the pointer comes from `Box::into_raw`, once; by the
            // contract of `with_static_mut` nothing borrows from it any more.
            drop(unsafe { Box::from_raw(self.0) });
        }
    }
    let owned = Owned(Box::into_raw(Box::new(value)));
    // SAFETY: the allocation is valid until `owned` is dropped, after `work`, and
    // nobody else has a reference to it.
    work(unsafe { &mut *owned.0 });
}
