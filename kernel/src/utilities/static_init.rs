//! Static memory for objects that are made at run time.

/// The initialised `&'static mut T` in memory of its own:
/// `static_init!(Type, value)`.
///
/// # Safety
///
/// As for [`static_buf!`](crate::static_buf).
#[macro_export]
macro_rules! static_init {
    ($T:ty, $e:expr $(,)?) => {
        $crate::static_buf!($T).write($e)
    };
}
pub use static_init;

/// As [`static_init!`](crate::static_init), for a value that is known when the
/// kernel is compiled: it is in memory from the start, and nothing is written
/// when it is asked for. `static_init_const!(Type, value)`.
///
/// # Safety
///
/// As for [`static_buf!`](crate::static_buf).
#[macro_export]
macro_rules! static_init_const {
    ($T:ty, $e:expr $(,)?) => {{
        static mut BUF: ($T, bool) = ($e, false);
        let buf = &mut *(&raw mut BUF);
        $crate::utilities::static_init::static_buf_check_used(&mut buf.1);
        &mut buf.0
    }};
}
pub use static_init_const;

/// A `&'static mut MaybeUninit<T>` in memory of its own: `static_buf!(Type)`.
///
/// # Safety
///
/// To be used on the kernel's thread only. Each place of use gives its memory
/// out once; reaching it a second time panics.
#[macro_export]
macro_rules! static_buf {
    ($T:ty $(,)?) => {{
        static mut BUF: (core::mem::MaybeUninit<$T>, bool) =
            (core::mem::MaybeUninit::uninit(), false);
        let buf = &mut *(&raw mut BUF);
        $crate::utilities::static_init::static_buf_check_used(&mut buf.1);
        &mut buf.0
    }};
}
pub use static_buf;

/// As [`static_buf!`](crate::static_buf), with `name` as the symbol of the
/// memory: `static_named_buf!(Type, "name")`.
///
/// # Safety
///
/// As for [`static_buf!`](crate::static_buf).
#[macro_export]
macro_rules! static_named_buf {
    ($T:ty, $N:expr $(,)?) => {{
        #[used]
        #[export_name = $N]
        static mut BUF: (core::mem::MaybeUninit<$T>, bool) =
            (core::mem::MaybeUninit::uninit(), false);
        let buf = &mut *(&raw mut BUF);
        $crate::utilities::static_init::static_buf_check_used(&mut buf.1);
        &mut buf.0
    }};
}
pub use static_named_buf;

/// Marks a buffer as given out; panics when it already was. One function for
/// all, so that each use costs one call.
#[inline(never)]
#[doc(hidden)]
pub fn static_buf_check_used(used: &mut bool) {
    assert!(!*used, "static_buf! reached twice");
    *used = true;
}

#[cfg(test)]
mod tests {
    fn reach() -> &'static mut u32 {
        // SAFETY: one test thread calls this, and the second call panics.
        unsafe { static_init!(u32, 7) }
    }

    #[test]
    fn gives_memory_once() {
        assert_eq!(*reach(), 7);
        assert!(std::panic::catch_unwind(reach).is_err());
    }
}
