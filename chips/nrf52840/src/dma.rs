//! Buffers lent to EasyDMA.
//!
//! EasyDMA reads and writes RAM behind the compiler's back, and it cannot reach
//! flash. A buffer therefore comes as `&'static mut`, is held as a bare pointer
//! while the hardware may touch it, and becomes a reference again afterwards.

use core::ptr::NonNull;
use core::sync::atomic::{fence, Ordering};

/// A buffer that belongs to the hardware until it is reclaimed.
pub struct DmaBuffer<T: 'static> {
    start: NonNull<T>,
    length: usize,
}

impl<T> DmaBuffer<T> {
    /// Takes the buffer; everything written to it before is visible to the hardware.
    pub fn lend(buffer: &'static mut [T]) -> Self {
        let length = buffer.len();
        let start = NonNull::from(buffer).cast();
        fence(Ordering::SeqCst);
        DmaBuffer { start, length }
    }

    /// Address of the element at `index`, as a pointer register takes it.
    pub fn address(&self, index: usize) -> u32 {
        self.start.as_ptr().wrapping_add(index) as usize as u32
    }

    /// The element at `index` as it is now, while the hardware may still write it.
    /// The last element for any greater index.
    pub fn read(&self, index: usize) -> T
    where
        T: Copy,
    {
        fence(Ordering::SeqCst);
        let index = index.min(self.length.saturating_sub(1));
        assert!(self.length > 0);
        // SAFETY: the index is within the buffer, which this value owns.
        unsafe { self.start.as_ptr().add(index).read_volatile() }
    }

    /// Gives the buffer back to the program.
    ///
    /// # Safety
    ///
    /// The hardware must be done with the buffer: its end event has been seen,
    /// or it was never started on it.
    pub unsafe fn reclaim(self) -> &'static mut [T] {
        fence(Ordering::SeqCst);
        // SAFETY: pointer and length come from the `&'static mut [T]` given to
        // `lend`, which this value owns alone; the caller vouches for the hardware.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

/// Address of a register, as PPI endpoints take it.
pub fn register_address<T>(register: &T) -> u32 {
    core::ptr::from_ref(register) as usize as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_as_it_went() {
        let buffer: &'static mut [u16] = Box::leak(Box::new([1, 2, 3]));
        let before = buffer.as_ptr();
        let lent = DmaBuffer::lend(buffer);
        assert_eq!(lent.address(1).wrapping_sub(lent.address(0)), 2);
        // SAFETY: no hardware was told of the buffer.
        let back = unsafe { lent.reclaim() };
        assert_eq!(back.as_ptr(), before);
        assert_eq!(back, [1, 2, 3]);
    }
}
