//! A chip without hardware.

use std::cell::{Cell, RefCell};
use std::fmt;

use kernel::platform::chip::Chip;

use super::{FakeBoundary, FakeMpu};
use crate::memory::unique;

type Interrupt = Box<dyn FnOnce()>;

/// A chip whose interrupts are closures.
#[derive(Default)]
pub struct FakeChip {
    /// Its MPU.
    pub mpu: FakeMpu,
    /// The boundary to its processes, which follow scripts.
    pub boundary: FakeBoundary,
    interrupts: RefCell<Vec<Interrupt>>,
    /// How often it went to sleep.
    pub sleeps: Cell<usize>,
}

impl FakeChip {
    /// A chip without pending interrupts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an interrupt pending.
    pub fn interrupt(&self, handler: impl FnOnce() + 'static) {
        self.interrupts.borrow_mut().push(Box::new(handler));
    }
}

impl Chip for FakeChip {
    type MPU = FakeMpu;
    type ThreadIdProvider = Thread;
    type UserspaceKernelBoundary = FakeBoundary;

    fn init() {}

    fn service_pending_interrupts(&self) {
        loop {
            let Some(handler) = self.interrupts.borrow_mut().pop() else {
                return;
            };
            handler();
        }
    }

    fn has_pending_interrupts(&self) -> bool {
        !self.interrupts.borrow().is_empty()
    }

    fn mpu(&self) -> &FakeMpu {
        &self.mpu
    }

    fn userspace_kernel_boundary(&self) -> &FakeBoundary {
        &self.boundary
    }

    fn sleep(&self) {
        self.sleeps.set(self.sleeps.get() + 1);
    }

    fn with_interrupts_disabled<F, R>(&self, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        f()
    }

    unsafe fn print_state(_this: Option<&Self>, _writer: &mut dyn fmt::Write) {}
}

/// Numbers the host's threads.
pub struct Thread;

thread_local! {
    static NUMBER: usize = unique();
}

// SAFETY: each thread has its own number.
unsafe impl kernel::platform::chip::ThreadIdProvider for Thread {
    fn running_thread_id() -> usize {
        NUMBER.with(|number| *number)
    }
}
