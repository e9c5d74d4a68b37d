//! What is kept of a process for debugging and for crash logs only.

use core::cell::Cell;
use core::ptr;

use crate::syscall::Syscall;

/// Where a process keeps what is only needed to debug it. `()` keeps nothing.
pub trait ProcessStandardDebug: Default {
    /// Notes the address in flash that the process is linked for.
    fn set_fixed_address_flash(&self, address: u32);
    /// Returns the address in flash that the process is linked for.
    fn get_fixed_address_flash(&self) -> Option<u32>;
    /// Notes the address in RAM that the process is linked for.
    fn set_fixed_address_ram(&self, address: u32);
    /// Returns the address in RAM that the process is linked for.
    fn get_fixed_address_ram(&self) -> Option<u32>;

    /// Notes where the process says that its heap starts.
    fn set_app_heap_start_pointer(&self, ptr: *const u8);
    /// Returns where the process has said that its heap starts.
    fn get_app_heap_start_pointer(&self) -> Option<*const u8>;
    /// Notes where the process says that its stack starts.
    fn set_app_stack_start_pointer(&self, ptr: *const u8);
    /// Returns where the process has said that its stack starts.
    fn get_app_stack_start_pointer(&self) -> Option<*const u8>;
    /// Sets the lowest stack pointer.
    fn set_app_stack_min_pointer(&self, ptr: *const u8);
    /// Returns the lowest stack pointer that was seen.
    fn get_app_stack_min_pointer(&self) -> Option<*const u8>;
    /// Notes a stack pointer, if it is lower than those that were seen.
    fn set_new_app_stack_min_pointer(&self, ptr: *const u8);

    /// Notes a system call.
    fn set_last_syscall(&self, syscall: Syscall);
    /// Returns the last system call.
    fn get_last_syscall(&self) -> Option<Syscall>;
    /// Forgets the last system call.
    fn reset_last_syscall(&self);

    /// Counts a system call.
    fn increment_syscall_count(&self);
    /// Returns how many system calls were counted.
    fn get_syscall_count(&self) -> usize;
    /// Counts system calls from 0 again.
    fn reset_syscall_count(&self);

    /// Counts an upcall that was lost.
    fn increment_dropped_upcall_count(&self);
    /// Returns how many upcalls were lost.
    fn get_dropped_upcall_count(&self) -> usize;
    /// Counts lost upcalls from 0 again.
    fn reset_dropped_upcall_count(&self);

    /// Counts a time slice that was used up.
    fn increment_timeslice_expiration_count(&self);
    /// Returns how many time slices were used up.
    fn get_timeslice_expiration_count(&self) -> usize;
    /// Counts used-up time slices from 0 again.
    fn reset_timeslice_expiration_count(&self);
}

/// Keeps all of it. A pointer is null while it is not known, or when that is noted.
pub struct ProcessStandardDebugFull {
    fixed_address_flash: Cell<Option<u32>>,
    fixed_address_ram: Cell<Option<u32>>,
    heap_start: Cell<*const u8>,
    stack_start: Cell<*const u8>,
    stack_min: Cell<*const u8>,
    last_syscall: Cell<Option<Syscall>>,
    syscall_count: Cell<usize>,
    dropped_upcall_count: Cell<usize>,
    timeslice_expiration_count: Cell<usize>,
}

impl Default for ProcessStandardDebugFull {
    fn default() -> Self {
        ProcessStandardDebugFull {
            fixed_address_flash: Cell::new(None),
            fixed_address_ram: Cell::new(None),
            heap_start: Cell::new(ptr::null()),
            stack_start: Cell::new(ptr::null()),
            stack_min: Cell::new(ptr::null()),
            last_syscall: Cell::new(None),
            syscall_count: Cell::new(0),
            dropped_upcall_count: Cell::new(0),
            timeslice_expiration_count: Cell::new(0),
        }
    }
}

/// One more, and 0 after the highest.
#[inline(always)]
fn increment(count: &Cell<usize>) {
    count.set(count.get().wrapping_add(1));
}

/// What a pointer says, if it is known.
fn known(pointer: &Cell<*const u8>) -> Option<*const u8> {
    Some(pointer.get()).filter(|pointer| !pointer.is_null())
}

impl ProcessStandardDebug for ProcessStandardDebugFull {
    fn set_fixed_address_flash(&self, address: u32) {
        self.fixed_address_flash.set(Some(address));
    }

    fn get_fixed_address_flash(&self) -> Option<u32> {
        self.fixed_address_flash.get()
    }

    fn set_fixed_address_ram(&self, address: u32) {
        self.fixed_address_ram.set(Some(address));
    }

    fn get_fixed_address_ram(&self) -> Option<u32> {
        self.fixed_address_ram.get()
    }

    fn set_app_heap_start_pointer(&self, ptr: *const u8) {
        self.heap_start.set(ptr);
    }

    fn get_app_heap_start_pointer(&self) -> Option<*const u8> {
        known(&self.heap_start)
    }

    fn set_app_stack_start_pointer(&self, ptr: *const u8) {
        self.stack_start.set(ptr);
    }

    fn get_app_stack_start_pointer(&self) -> Option<*const u8> {
        known(&self.stack_start)
    }

    fn set_app_stack_min_pointer(&self, ptr: *const u8) {
        self.stack_min.set(ptr);
    }

    fn get_app_stack_min_pointer(&self) -> Option<*const u8> {
        known(&self.stack_min)
    }

    #[inline(always)]
    fn set_new_app_stack_min_pointer(&self, ptr: *const u8) {
        // Null becomes the highest address.
        let lowest = self.stack_min.get().addr().wrapping_sub(1);
        if ptr.addr().wrapping_sub(1) < lowest {
            self.stack_min.set(ptr);
        }
    }

    #[inline(always)]
    fn set_last_syscall(&self, syscall: Syscall) {
        self.last_syscall.set(Some(syscall));
    }

    #[inline(always)]
    fn get_last_syscall(&self) -> Option<Syscall> {
        self.last_syscall.get()
    }

    fn reset_last_syscall(&self) {
        self.last_syscall.set(None);
    }

    #[inline(always)]
    fn increment_syscall_count(&self) {
        increment(&self.syscall_count);
    }

    fn get_syscall_count(&self) -> usize {
        self.syscall_count.get()
    }

    fn reset_syscall_count(&self) {
        self.syscall_count.set(0);
    }

    fn increment_dropped_upcall_count(&self) {
        increment(&self.dropped_upcall_count);
    }

    fn get_dropped_upcall_count(&self) -> usize {
        self.dropped_upcall_count.get()
    }

    fn reset_dropped_upcall_count(&self) {
        self.dropped_upcall_count.set(0);
    }

    fn increment_timeslice_expiration_count(&self) {
        increment(&self.timeslice_expiration_count);
    }

    fn get_timeslice_expiration_count(&self) -> usize {
        self.timeslice_expiration_count.get()
    }

    fn reset_timeslice_expiration_count(&self) {
        self.timeslice_expiration_count.set(0);
    }
}

impl ProcessStandardDebug for () {
    fn set_fixed_address_flash(&self, _address: u32) {}

    fn get_fixed_address_flash(&self) -> Option<u32> {
        None
    }

    fn set_fixed_address_ram(&self, _address: u32) {}

    fn get_fixed_address_ram(&self) -> Option<u32> {
        None
    }

    fn set_app_heap_start_pointer(&self, _ptr: *const u8) {}

    fn get_app_heap_start_pointer(&self) -> Option<*const u8> {
        None
    }

    fn set_app_stack_start_pointer(&self, _ptr: *const u8) {}

    fn get_app_stack_start_pointer(&self) -> Option<*const u8> {
        None
    }

    fn set_app_stack_min_pointer(&self, _ptr: *const u8) {}

    fn get_app_stack_min_pointer(&self) -> Option<*const u8> {
        None
    }

    fn set_new_app_stack_min_pointer(&self, _ptr: *const u8) {}

    fn set_last_syscall(&self, _syscall: Syscall) {}

    fn get_last_syscall(&self) -> Option<Syscall> {
        None
    }

    fn reset_last_syscall(&self) {}

    fn increment_syscall_count(&self) {}

    fn get_syscall_count(&self) -> usize {
        0
    }

    fn reset_syscall_count(&self) {}

    fn increment_dropped_upcall_count(&self) {}

    fn get_dropped_upcall_count(&self) -> usize {
        0
    }

    fn reset_dropped_upcall_count(&self) {}

    fn increment_timeslice_expiration_count(&self) {}

    fn get_timeslice_expiration_count(&self) -> usize {
        0
    }

    fn reset_timeslice_expiration_count(&self) {}
}
