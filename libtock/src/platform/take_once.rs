//! Static memory that safe code can take for itself.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A static value that the first [`TakeOnce::take`] hands out for good.
///
/// ```
/// use libtock::platform::TakeOnce;
/// static BUFFER: TakeOnce<[u8; 64]> = TakeOnce::new([0; 64]);
/// let buffer: &'static mut [u8; 64] = BUFFER.take().expect("first");
/// assert!(BUFFER.take().is_none());
/// # buffer[0] = 1;
/// ```
pub struct TakeOnce<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: whoever sees `taken` change is the only one ever to touch `value`, so
// the value moves between threads at most.
unsafe impl<T: Send> Sync for TakeOnce<T> {}

impl<T> TakeOnce<T> {
    /// Holds a value that nobody has taken yet.
    pub const fn new(value: T) -> Self {
        TakeOnce {
            taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Returns the value at the first call, and none at all later ones.
    #[allow(clippy::mut_from_ref)] // At most one call gives a reference.
    pub fn take(&'static self) -> Option<&'static mut T> {
        if self.taken.swap(true, Ordering::Relaxed) {
            return None;
        }
        // SAFETY: only the call that changed `taken` comes here.
        Some(unsafe { &mut *self.value.get() })
    }
}
