//! The fake kernel: drivers by number, upcall queue, log and expectations.

use super::allow::Allowed;
use super::driver::{DriverShareRef, SyscallDriver};
use super::{ExpectedSyscall, SyscallLogEntry};
use crate::platform::Register;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::panic::Location;
use std::rc::Rc;

/// A function of the code under test that is subscribed to an upcall.
#[derive(Clone, Copy)]
pub(super) struct FakeUpcall {
    pub(super) function: unsafe extern "C" fn(u32, u32, u32, Register),
    pub(super) data: Register,
}

pub(super) struct QueuedUpcall {
    pub(super) driver_num: u32,
    pub(super) subscribe_num: u32,
    pub(super) args: (u32, u32, u32),
    pub(super) upcall: Option<FakeUpcall>,
}

pub(super) struct DriverEntry {
    pub(super) driver: Rc<dyn SyscallDriver>,
    pub(super) upcall_count: u32,
    pub(super) upcalls: HashMap<u32, FakeUpcall>,
}

pub(super) struct KernelData {
    created: &'static Location<'static>,
    pub(super) allowed: Allowed,
    pub(super) drivers: HashMap<u32, DriverEntry>,
    pub(super) upcall_queue: VecDeque<QueuedUpcall>,
    pub(super) log: Vec<SyscallLogEntry>,
    pub(super) expected: VecDeque<ExpectedSyscall>,
}

thread_local! {
    static KERNEL: RefCell<Option<KernelData>> = const { RefCell::new(None) };
}

/// Runs `f` with this thread's kernel. No driver and no upcall may be called
/// inside, as they make system calls themselves.
///
/// # Panics
/// Without a kernel.
pub(super) fn with_kernel<R>(f: impl FnOnce(&mut KernelData) -> R) -> R {
    KERNEL.with_borrow_mut(|kernel| {
        f(kernel
            .as_mut()
            .expect("a system call was made without a fake::Kernel"))
    })
}

/// A fake kernel, this thread's until it is dropped.
pub struct Kernel {
    _private: (),
}

#[allow(clippy::new_without_default)] // A second one is an error, not a default.
impl Kernel {
    /// A kernel without drivers.
    ///
    /// # Panics
    /// If the thread has one already.
    #[track_caller]
    pub fn new() -> Kernel {
        let created = Location::caller();
        KERNEL.with_borrow_mut(|kernel| {
            if let Some(old) = kernel {
                panic!(
                    "this thread has a fake::Kernel already, from {}",
                    old.created
                );
            }
            *kernel = Some(KernelData {
                created,
                allowed: Allowed::default(),
                drivers: HashMap::new(),
                upcall_queue: VecDeque::new(),
                log: Vec::new(),
                expected: VecDeque::new(),
            });
        });
        Kernel { _private: () }
    }

    /// Adds a driver.
    ///
    /// # Panics
    /// If its number is taken.
    pub fn add_driver<D: SyscallDriver>(&self, driver: &Rc<D>) {
        let info = driver.info();
        let entry = DriverEntry {
            driver: driver.clone(),
            upcall_count: info.upcall_count,
            upcalls: HashMap::new(),
        };
        let taken = with_kernel(|kernel| kernel.drivers.insert(info.driver_num, entry).is_some());
        assert!(!taken, "two drivers have number {:#x}", info.driver_num);
        driver.register(DriverShareRef::new(info.driver_num));
    }

    /// Adds a system call to those that must come next.
    pub fn add_expected_syscall(&self, expected_syscall: ExpectedSyscall) {
        with_kernel(|kernel| kernel.expected.push_back(expected_syscall));
    }

    /// The system calls made since the last time.
    pub fn take_syscall_log(&self) -> Vec<SyscallLogEntry> {
        with_kernel(|kernel| std::mem::take(&mut kernel.log))
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        let old = KERNEL.take();
        // Drivers may hold the test's own values, whose drop may call us.
        drop(old);
    }
}
