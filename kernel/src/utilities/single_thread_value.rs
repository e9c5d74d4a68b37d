//! A static variable that only the thread which initialised it can reach.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::platform::chip::ThreadIdProvider;

/// Nobody has bound the value.
const UNBOUND: usize = 0;
/// A thread is storing the value.
const BINDING: usize = 1;
/// Value and owner are stored and never change again.
const BOUND: usize = 2;

/// Who owns the value, and how to learn who is running.
#[derive(Clone, Copy)]
struct Owner {
    running_thread_id: fn() -> usize,
    thread_id: usize,
}

/// A value of any type in a `static`. The first thread that binds it owns it;
/// for every other thread, interrupt handlers included, it is not there.
pub struct SingleThreadValue<T> {
    value: UnsafeCell<MaybeUninit<T>>,
    owner: UnsafeCell<MaybeUninit<Owner>>,
    stage: AtomicUsize,
}

// SAFETY: `get` gives a reference to the owning thread alone, and `stage` orders
// the one write of `value` and `owner` before every read of them.
unsafe impl<T> Sync for SingleThreadValue<T> {}

impl<T> SingleThreadValue<T> {
    /// A value that is not there yet.
    pub const fn new() -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::uninit()),
            owner: UnsafeCell::new(MaybeUninit::uninit()),
            stage: AtomicUsize::new(UNBOUND),
        }
    }

    /// Stores `value` for the running thread; gives it back when the variable
    /// already has an owner.
    pub fn bind_to_thread<P: ThreadIdProvider>(&self, value: T) -> Result<(), T> {
        if self
            .stage
            .compare_exchange(UNBOUND, BINDING, Ordering::Relaxed, Ordering::Relaxed)
            .is_err()
        {
            return Err(value);
        }
        // SAFETY: only the one caller that moved the stage on from UNBOUND gets
        // here, and nobody reads either cell before the stage is BOUND.
        unsafe {
            (*self.value.get()).write(value);
            (*self.owner.get()).write(Owner {
                running_thread_id: P::running_thread_id,
                thread_id: P::running_thread_id(),
            });
        }
        self.stage.store(BOUND, Ordering::Release);
        Ok(())
    }

    /// Returns whether the running thread owns the value.
    pub fn bound_to_current_thread(&self) -> bool {
        if self.stage.load(Ordering::Acquire) != BOUND {
            return false;
        }
        // SAFETY: in stage BOUND the owner is stored and never written again.
        let owner = unsafe { (*self.owner.get()).assume_init() };
        (owner.running_thread_id)() == owner.thread_id
    }

    /// The value, for its owner.
    pub fn get(&self) -> Option<&T> {
        if !self.bound_to_current_thread() {
            return None;
        }
        // SAFETY: the stage is BOUND, so the value is stored and only ever read
        // by shared reference; the running thread is the one that stored it.
        Some(unsafe { (*self.value.get()).assume_init_ref() })
    }
}

impl<T> Default for SingleThreadValue<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    enum HostThreads {}

    std::thread_local! {
        static MARK: u8 = const { 0 };
    }

    // SAFETY: live threads have different addresses for their thread-locals.
    unsafe impl ThreadIdProvider for HostThreads {
        fn running_thread_id() -> usize {
            MARK.with(|mark| core::ptr::from_ref(mark).addr())
        }
    }

    #[test]
    fn belongs_to_the_first_thread_only() {
        static VALUE: SingleThreadValue<Cell<u32>> = SingleThreadValue::new();
        assert!(VALUE.get().is_none());
        assert!(VALUE.bind_to_thread::<HostThreads>(Cell::new(1)).is_ok());
        VALUE.get().unwrap().set(2);
        assert!(VALUE.bind_to_thread::<HostThreads>(Cell::new(3)).is_err());
        std::thread::spawn(|| {
            assert!(VALUE.get().is_none());
            assert!(VALUE.bind_to_thread::<HostThreads>(Cell::new(4)).is_err());
        })
        .join()
        .unwrap();
        assert_eq!(VALUE.get().unwrap().get(), 2);
    }
}
