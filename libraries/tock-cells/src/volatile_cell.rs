//! A cell whose reads and writes the compiler neither drops nor repeats.

use core::cell::UnsafeCell;
use core::ptr;

/// A value that hardware, or a debugger, may read or change at any time.
#[repr(transparent)]
pub struct VolatileCell<T> {
    value: UnsafeCell<T>,
}

impl<T> VolatileCell<T> {
    /// A cell with `value` in it.
    pub const fn new(value: T) -> Self {
        VolatileCell {
            value: UnsafeCell::new(value),
        }
    }

    /// Reads the value, exactly once.
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        // SAFETY: the pointer is valid and aligned, being that of `self`, and
        // every bit pattern that was written is a `T`.
        unsafe { ptr::read_volatile(self.value.get()) }
    }

    /// Writes `value`, exactly once.
    pub fn set(&self, value: T)
    where
        T: Copy,
    {
        // SAFETY: as for `get`; no reference into the cell is ever handed out.
        unsafe { ptr::write_volatile(self.value.get(), value) }
    }
}

impl<T: Default> Default for VolatileCell<T> {
    fn default() -> Self {
        VolatileCell::new(T::default())
    }
}
