//! [`Process`] for [`ProcessStandard`]: each method in a line or two, the work in the other files.

use core::fmt::Write;
use core::num::NonZeroU32;
use core::ptr::NonNull;

use tock_tbf::types::CommandPermissions;

use super::execution::Exit;
use super::{PermissionMemo, ProcessStandard, ProcessStandardDebug};
use crate::capabilities;
use crate::errorcode::ErrorCode;
use crate::platform::chip::Chip;
use crate::platform::mpu::{self, MPU};
use crate::process::{
    AcceptedCredential, BinaryVersion, Error, FunctionCall, Process, ProcessAddresses,
    ProcessCustomGrantIdentifier, ProcessId, ProcessSizes, ShortId, State, StoppedState, Task,
};
use crate::processbuffer::{ReadOnlyProcessBuffer, ReadWriteProcessBuffer};
use crate::storage_permissions::StoragePermissions;
use crate::syscall::{ContextSwitchReason, Syscall, SyscallReturn, UserspaceKernelBoundary};
use crate::upcall::UpcallId;
use crate::utilities::capability_ptr::CapabilityPtr;

impl<C: Chip, D: ProcessStandardDebug + 'static> Process for ProcessStandard<C, D> {
    #[inline]
    fn processid(&self) -> ProcessId {
        self.process_id.get()
    }

    fn short_app_id(&self) -> ShortId {
        self.app_id
    }

    fn binary_version(&self) -> Option<BinaryVersion> {
        NonZeroU32::new(self.header.get_binary_version()).map(BinaryVersion::new)
    }

    fn get_credential(&self) -> Option<AcceptedCredential> {
        self.credential
    }

    fn get_process_name(&self) -> &'static str {
        self.name()
    }

    fn enqueue_task(&self, task: Task) -> Result<(), ErrorCode> {
        if !self.is_running() {
            return Err(ErrorCode::NODEVICE);
        }
        let awaited = match self.state.get() {
            State::YieldedFor(id) | State::Stopped(StoppedState::YieldedFor(id)) => Some(id),
            _ => None,
        };
        if self.tasks.enqueue(task, awaited) {
            self.kernel.process_woke();
            Ok(())
        } else {
            self.debug.increment_dropped_upcall_count();
            Err(ErrorCode::NOMEM)
        }
    }

    fn dequeue_task(&self) -> Option<Task> {
        self.tasks.dequeue()
    }

    fn remove_upcall(&self, upcall_id: UpcallId) -> Option<Task> {
        self.tasks
            .remove_first(|task| task.upcall_id() == Some(upcall_id))
    }

    fn remove_pending_upcalls(&self, upcall_id: UpcallId) -> usize {
        self.tasks.remove_all(upcall_id)
    }

    fn has_tasks(&self) -> bool {
        self.tasks.has_function_call()
    }

    fn pending_tasks(&self) -> usize {
        self.tasks.len()
    }

    #[inline]
    fn ready(&self) -> bool {
        match self.state.get() {
            State::Running => true,
            // Tasks without a function do not wake it.
            State::Yielded => self.tasks.has_function_call(),
            State::YieldedFor(id) => self.tasks.contains(id),
            State::Stopped(_) | State::Faulted | State::Terminated => false,
        }
    }

    #[inline]
    fn is_running(&self) -> bool {
        !matches!(self.state.get(), State::Faulted | State::Terminated)
    }

    fn get_state(&self) -> State {
        self.state.get()
    }

    fn set_yielded_state(&self) {
        if self.state.get() == State::Running {
            self.state.set(State::Yielded);
        }
    }

    fn set_yielded_for_state(&self, upcall_id: UpcallId) {
        if self.state.get() == State::Running {
            self.state.set(State::YieldedFor(upcall_id));
        }
    }

    fn stop(&self) {
        let stopped = match self.state.get() {
            State::Running => StoppedState::Running,
            State::Yielded => StoppedState::Yielded,
            State::YieldedFor(id) => StoppedState::YieldedFor(id),
            State::Stopped(_) | State::Faulted | State::Terminated => return,
        };
        self.state.set(State::Stopped(stopped));
    }

    fn resume(&self) {
        if let State::Stopped(stopped) = self.state.get() {
            self.state.set(match stopped {
                StoppedState::Running => State::Running,
                StoppedState::Yielded => State::Yielded,
                StoppedState::YieldedFor(id) => State::YieldedFor(id),
            });
            self.kernel.process_woke();
        }
    }

    fn set_fault_state(&self) {
        self.fail();
    }

    fn start(&self, _capability: &dyn capabilities::ProcessStartCapability) {
        if self.state.get() == State::Terminated {
            self.begin_again();
        }
    }

    fn try_restart(&self, completion_code: Option<u32>) {
        self.restart(completion_code);
    }

    fn terminate(&self, completion_code: Option<u32>) {
        self.end(completion_code);
    }

    fn get_restart_count(&self) -> usize {
        self.restart_count.get()
    }

    fn get_completion_code(&self) -> Option<Option<u32>> {
        self.completion_code.get()
    }

    fn brk(&self, new_break: *const u8) -> Result<CapabilityPtr, Error> {
        // The block's provenance, the claimed address.
        self.move_break(self.memory_start.with_addr(new_break.addr()))
    }

    fn sbrk(&self, increment: isize) -> Result<CapabilityPtr, Error> {
        self.move_break(self.app_break.get().wrapping_offset(increment))
    }

    fn number_writeable_flash_regions(&self) -> usize {
        self.header.number_writeable_flash_regions()
    }

    fn get_writeable_flash_region(&self, region_index: usize) -> (usize, usize) {
        let (offset, size) = self.header.get_writeable_flash_region(region_index);
        (offset as usize, size as usize)
    }

    fn update_stack_start_pointer(&self, stack_pointer: *const u8) {
        if self.in_accessible_ram(stack_pointer, 0) {
            self.debug.set_app_stack_start_pointer(stack_pointer);
            self.debug.set_app_stack_min_pointer(stack_pointer);
        }
    }

    fn update_heap_start_pointer(&self, heap_pointer: *const u8) {
        if self.in_accessible_ram(heap_pointer, 0) {
            self.debug.set_app_heap_start_pointer(heap_pointer);
        }
    }

    fn build_readwrite_process_buffer(
        &self,
        buf_start_addr: *mut u8,
        size: usize,
    ) -> Result<ReadWriteProcessBuffer, ErrorCode> {
        self.claim_readwrite(buf_start_addr, size)
    }

    fn build_readonly_process_buffer(
        &self,
        buf_start_addr: *const u8,
        size: usize,
    ) -> Result<ReadOnlyProcessBuffer, ErrorCode> {
        self.claim_readonly(buf_start_addr, size)
    }

    unsafe fn set_byte(&self, addr: *mut u8, value: u8) -> bool {
        self.write_claimed_byte(addr, value)
    }

    fn is_valid_upcall_function_pointer(&self, upcall_fn: *const ()) -> bool {
        self.may_execute_at(upcall_fn.cast())
    }

    #[inline(always)]
    fn get_command_permissions(&self, driver_num: usize, offset: usize) -> CommandPermissions {
        if !self.has_permissions {
            return CommandPermissions::NoPermsAtAll;
        }
        let memo = self.permission_memo.get();
        if memo.driver_num == driver_num && memo.offset == offset {
            return memo.permissions;
        }
        self.look_permissions_up(driver_num, offset)
    }

    fn get_storage_permissions(&self) -> StoragePermissions {
        self.storage_permissions
    }

    fn setup_mpu(&self) {
        self.mpu_config.map(|config| {
            // SAFETY: this is the process that the kernel is about to execute.
            unsafe { self.chip.mpu().configure_mpu(config) }
        });
    }

    fn add_mpu_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
    ) -> Option<mpu::Region> {
        self.mpu_region_add(
            unallocated_memory_start,
            unallocated_memory_size,
            min_region_size,
        )
    }

    fn remove_mpu_region(&self, region: mpu::Region) -> Result<(), ErrorCode> {
        self.mpu_region_remove(region)
    }

    fn grant_is_allocated(&self, grant_num: usize) -> Option<bool> {
        self.grant_allocated(grant_num)
    }

    fn allocate_grant(
        &self,
        grant_num: usize,
        driver_num: usize,
        size: usize,
        align: usize,
    ) -> Result<(), ()> {
        self.grant_allocate(grant_num, driver_num, size, align)
    }

    fn allocate_custom_grant(
        &self,
        size: usize,
        align: usize,
    ) -> Result<(ProcessCustomGrantIdentifier, NonNull<u8>), ()> {
        self.custom_grant_allocate(size, align)
    }

    fn enter_grant(&self, grant_num: usize) -> Result<NonNull<u8>, Error> {
        self.grant_enter(grant_num)
    }

    fn enter_custom_grant(
        &self,
        identifier: ProcessCustomGrantIdentifier,
    ) -> Result<*mut u8, Error> {
        self.custom_grant_enter(identifier)
    }

    unsafe fn leave_grant(&self, grant_num: usize) {
        self.grant_leave(grant_num);
    }

    fn grant_allocated_count(&self) -> Option<usize> {
        self.grants_allocated()
    }

    fn lookup_grant_from_driver_num(&self, driver_num: usize) -> Result<usize, Error> {
        self.grant_of_driver(driver_num)
    }

    fn set_syscall_return_value(&self, return_value: SyscallReturn) {
        self.answer(return_value);
    }

    fn set_process_function(&self, callback: FunctionCall) {
        self.call(callback);
    }

    fn switch_to(&self) -> Option<ContextSwitchReason> {
        match self.execute() {
            Exit::SystemCall => self
                .debug
                .get_last_syscall()
                .map(|syscall| ContextSwitchReason::SyscallFired { syscall }),
            Exit::Interrupted => Some(ContextSwitchReason::Interrupted),
            Exit::Fault => Some(ContextSwitchReason::Fault),
            Exit::NotRunning => None,
        }
    }

    fn get_addresses(&self) -> ProcessAddresses {
        let flash = self.flash.as_ptr_range();
        let address = |pointer: Option<*const u8>| pointer.map(<*const u8>::addr);
        ProcessAddresses {
            flash_start: flash.start.addr(),
            flash_non_protected_start: flash.start.addr()
                + self.header.get_protected_size() as usize,
            flash_integrity_end: flash
                .start
                .wrapping_add(self.header.get_binary_end() as usize),
            flash_end: flash.end.addr(),
            sram_start: self.memory_start.addr(),
            sram_app_brk: self.app_break.get().addr(),
            sram_grant_start: self.kernel_memory_break.get().addr(),
            sram_end: self.memory_end().addr(),
            sram_heap_start: address(self.debug.get_app_heap_start_pointer()),
            sram_stack_top: address(self.debug.get_app_stack_start_pointer()),
            sram_stack_bottom: address(self.debug.get_app_stack_min_pointer()),
        }
    }

    fn get_sizes(&self) -> ProcessSizes {
        self.kernel_sizes()
    }

    fn get_stored_state(&self, out: &mut [u8]) -> Result<usize, ErrorCode> {
        self.stored_state
            .show(|stored_state| {
                self.chip
                    .userspace_kernel_boundary()
                    .store_context(stored_state, out)
            })
            .unwrap_or(Err(ErrorCode::FAIL))
    }

    fn print_full_process(&self, writer: &mut dyn Write) {
        // A writer that fails leaves nobody to tell.
        let _ = self.print(writer);
    }

    fn debug_syscall_count(&self) -> usize {
        self.debug.get_syscall_count()
    }

    fn debug_dropped_upcall_count(&self) -> usize {
        self.debug.get_dropped_upcall_count()
    }

    fn debug_timeslice_expiration_count(&self) -> usize {
        self.debug.get_timeslice_expiration_count()
    }

    fn debug_timeslice_expired(&self) {
        self.debug.increment_timeslice_expiration_count();
    }

    #[inline(always)]
    fn debug_syscall_called(&self, last_syscall: Syscall) {
        self.debug.increment_syscall_count();
        self.debug.set_last_syscall(last_syscall);
    }

    fn debug_syscall_last(&self) -> Option<Syscall> {
        self.debug.get_last_syscall()
    }
}

impl<C: Chip, D: ProcessStandardDebug + 'static> ProcessStandard<C, D> {
    /// The header's answer, to be remembered.
    #[inline(never)]
    fn look_permissions_up(&self, driver_num: usize, offset: usize) -> CommandPermissions {
        let permissions = self.header.get_command_permissions(driver_num, offset);
        self.permission_memo.set(PermissionMemo {
            driver_num,
            offset,
            permissions,
        });
        permissions
    }
}
