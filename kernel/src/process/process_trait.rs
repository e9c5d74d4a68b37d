//! What the kernel can ask of, and do to, a process.

use core::any::Any;
use core::fmt::Write;
use core::ptr::NonNull;

use tock_tbf::types::CommandPermissions;

use crate::capabilities;
use crate::errorcode::ErrorCode;
use crate::platform::mpu;
use crate::process::{
    AcceptedCredential, BinaryVersion, Error, FunctionCall, ProcessAddresses,
    ProcessCustomGrantIdentifier, ProcessId, ProcessSizes, ShortId, State, Task,
};
use crate::processbuffer::{ReadOnlyProcessBuffer, ReadWriteProcessBuffer};
use crate::storage_permissions::StoragePermissions;
use crate::syscall::{ContextSwitchReason, Syscall, SyscallReturn};
use crate::upcall::UpcallId;
use crate::utilities::capability_ptr::CapabilityPtr;

/// A process, whatever it is implemented by. (The kernel loop executes only
/// [`ProcessStandard`](crate::process::ProcessStandard)s of its own chip, which it
/// knows by their type.)
pub trait Process: Any {
    /// Returns the name of this run of the process.
    fn processid(&self) -> ProcessId;

    /// Returns what policies know the process by.
    fn short_app_id(&self) -> ShortId;

    /// The version of its binary, if it has one.
    fn binary_version(&self) -> Option<BinaryVersion>;

    /// The credential for which it was allowed to run.
    fn get_credential(&self) -> Option<AcceptedCredential>;

    /// Returns the process's name, or an empty string.
    fn get_process_name(&self) -> &'static str;

    // Tasks.

    /// Queues a task.
    ///
    /// # Errors
    ///
    /// NODEVICE if the process has ended or failed, NOMEM if its queue is full.
    fn enqueue_task(&self, task: Task) -> Result<(), ErrorCode>;

    /// Takes the first task off the queue.
    fn dequeue_task(&self) -> Option<Task>;

    /// Takes the first task of this upcall off the queue.
    fn remove_upcall(&self, upcall_id: UpcallId) -> Option<Task>;

    /// Deletes every task of this upcall; returns how many there were.
    fn remove_pending_upcalls(&self, upcall_id: UpcallId) -> usize;

    /// Returns whether there is a task that has it execute something. (Upcalls without
    /// a function are only for Yield-WaitFor.)
    fn has_tasks(&self) -> bool;

    /// Returns how many tasks there are, upcalls without a function included.
    fn pending_tasks(&self) -> usize;

    // States.

    /// Returns whether it would do something if it were executed.
    fn ready(&self) -> bool;

    /// Returns whether it has neither ended nor failed.
    fn is_running(&self) -> bool;

    /// Returns what the process is doing.
    fn get_state(&self) -> State;

    /// Changes the state from running to yielded. Any other state stays.
    fn set_yielded_state(&self);

    /// Changes the state from running to waiting for one upcall. Any other state
    /// stays.
    fn set_yielded_for_state(&self, upcall_id: UpcallId);

    /// Stops the process until it is resumed.
    fn stop(&self);

    /// Lets a stopped process go on.
    fn resume(&self);

    /// Declares it failed and does what its fault policy says.
    fn set_fault_state(&self);

    /// Starts a process that has ended.
    fn start(&self, capability: &dyn capabilities::ProcessStartCapability);

    /// Ends it and starts it over under a new [`ProcessId`]. A process that has
    /// ended already stays ended.
    fn try_restart(&self, completion_code: Option<u32>);

    /// Ends it: its queue and its grants are gone.
    fn terminate(&self, completion_code: Option<u32>);

    /// Returns how many times the process was started over.
    fn get_restart_count(&self) -> usize;

    /// Returns the code with which the process ended last: `None` if it never
    /// ended, `Some(None)` if it ended without a code (it failed, or the kernel
    /// ended it).
    fn get_completion_code(&self) -> Option<Option<u32>>;

    // Its memory.

    /// Moves the end of the memory that it can access; returns the old end. New
    /// memory reads as zeroes.
    ///
    /// # Errors
    ///
    /// AddressOutOfBounds below what it has shared or outside its RAM,
    /// OutOfMemory if the grants are in the way, InactiveApp.
    fn brk(&self, new_break: *const u8) -> Result<CapabilityPtr, Error>;

    /// Moves the end of the memory that it can access by `increment` bytes; returns
    /// the old end. New memory reads as zeroes.
    ///
    /// # Errors
    ///
    /// The errors of [`brk`](Self::brk).
    fn sbrk(&self, increment: isize) -> Result<CapabilityPtr, Error>;

    /// Returns how many writeable flash regions its header lists.
    fn number_writeable_flash_regions(&self) -> usize;

    /// Offset in its flash and size of a writeable flash region, in bytes; two
    /// zeroes for one that is not listed.
    fn get_writeable_flash_region(&self, region_index: usize) -> (usize, usize);

    /// It tells where its stack begins; used for debugging only.
    fn update_stack_start_pointer(&self, stack_pointer: *const u8);

    /// It tells where its heap begins; used for debugging only.
    fn update_heap_start_pointer(&self, heap_pointer: *const u8);

    /// Turns an address and a length that it claims into a buffer that may be
    /// written.
    ///
    /// # Errors
    ///
    /// FAIL if it is not running, INVAL if the buffer is not in its accessible
    /// RAM.
    fn build_readwrite_process_buffer(
        &self,
        buf_start_addr: *mut u8,
        size: usize,
    ) -> Result<ReadWriteProcessBuffer, ErrorCode>;

    /// Turns an address and a length that it claims into a buffer that may be
    /// read.
    ///
    /// # Errors
    ///
    /// FAIL if it is not running, INVAL if the buffer is neither in its
    /// accessible RAM nor in its flash.
    fn build_readonly_process_buffer(
        &self,
        buf_start_addr: *const u8,
        size: usize,
    ) -> Result<ReadOnlyProcessBuffer, ErrorCode>;

    /// Writes one byte at an address that it claims; `false` if that is not in
    /// its accessible RAM.
    ///
    /// # Safety
    ///
    /// No reference to its memory may exist.
    unsafe fn set_byte(&self, addr: *mut u8, value: u8) -> bool;

    /// Returns whether an upcall function may be at this address.
    fn is_valid_upcall_function_pointer(&self, upcall_fn: *const ()) -> bool;

    // Permissions.

    /// What its header says about the commands `offset * 64..` of a driver.
    fn get_command_permissions(&self, driver_num: usize, offset: usize) -> CommandPermissions;

    /// Returns which stored values the process may reach.
    fn get_storage_permissions(&self) -> StoragePermissions;

    // MPU.

    /// Loads its regions into the MPU.
    fn setup_mpu(&self);

    /// Gives it access to a region of at least `min_region_size` bytes within
    /// the given memory.
    fn add_mpu_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
    ) -> Option<mpu::Region>;

    /// Takes back what [`add_mpu_region`](Self::add_mpu_region) gave.
    ///
    /// # Errors
    ///
    /// INVAL if it was not given, FAIL if the MPU refuses.
    fn remove_mpu_region(&self, region: mpu::Region) -> Result<(), ErrorCode>;

    // Grants.

    /// Returns whether the grant has memory; `None` if the process is inactive or the
    /// number out of range.
    fn grant_is_allocated(&self, grant_num: usize) -> Option<bool>;

    /// Allocates memory for a grant.
    ///
    /// # Errors
    ///
    /// `Err` if it is allocated already, out of range, or memory is lacking.
    #[allow(clippy::result_unit_err)]
    fn allocate_grant(
        &self,
        grant_num: usize,
        driver_num: usize,
        size: usize,
        align: usize,
    ) -> Result<(), ()>;

    /// Allocates further memory for a capsule.
    ///
    /// # Errors
    ///
    /// `Err` if memory is lacking.
    #[allow(clippy::result_unit_err)]
    fn allocate_custom_grant(
        &self,
        size: usize,
        align: usize,
    ) -> Result<(ProcessCustomGrantIdentifier, NonNull<u8>), ()>;

    /// Marks a grant as entered and returns its memory, which nothing else may
    /// refer to until [`leave_grant`](Self::leave_grant).
    ///
    /// # Errors
    ///
    /// InactiveApp, AddressOutOfBounds, or AlreadyInUse if it is entered.
    fn enter_grant(&self, grant_num: usize) -> Result<NonNull<u8>, Error>;

    /// The memory of [`allocate_custom_grant`](Self::allocate_custom_grant).
    ///
    /// # Errors
    ///
    /// InactiveApp.
    fn enter_custom_grant(
        &self,
        identifier: ProcessCustomGrantIdentifier,
    ) -> Result<*mut u8, Error>;

    /// Ends what [`enter_grant`](Self::enter_grant) began.
    ///
    /// # Safety
    ///
    /// No reference into the grant may be left.
    unsafe fn leave_grant(&self, grant_num: usize);

    /// Returns how many grants have memory; `None` if the process is inactive.
    fn grant_allocated_count(&self) -> Option<usize>;

    /// The number of the grant of a driver.
    ///
    /// # Errors
    ///
    /// InactiveApp, or NoSuchApp if the driver has none allocated.
    fn lookup_grant_from_driver_num(&self, driver_num: usize) -> Result<usize, Error>;

    // Execution.

    /// Sets what it finds when it returns from its system call.
    fn set_syscall_return_value(&self, return_value: SyscallReturn);

    /// Makes it execute a function when it is resumed, and running.
    fn set_process_function(&self, callback: FunctionCall);

    /// Executes it until it stops; `None` if it is not running.
    fn switch_to(&self) -> Option<ContextSwitchReason>;

    // What a human or a crash log wants to know.

    /// Returns where the parts of the process lie.
    fn get_addresses(&self) -> ProcessAddresses;

    /// What the kernel keeps in its RAM.
    fn get_sizes(&self) -> ProcessSizes;

    /// Writes its registers in the architecture's binary form; returns how many
    /// bytes.
    ///
    /// # Errors
    ///
    /// SIZE if `out` is too short, FAIL if it is executing.
    fn get_stored_state(&self, out: &mut [u8]) -> Result<usize, ErrorCode>;

    /// Prints all that is known of the process to `writer`.
    fn print_full_process(&self, writer: &mut dyn Write);

    /// Returns how many system calls it has made in this run.
    fn debug_syscall_count(&self) -> usize;

    /// Returns how many upcalls were lost because its queue was full.
    fn debug_dropped_upcall_count(&self) -> usize;

    /// Returns how many of its time slices ended before it yielded.
    fn debug_timeslice_expiration_count(&self) -> usize;

    /// Counts a time slice that ended.
    fn debug_timeslice_expired(&self);

    /// Counts and remembers a system call. [`switch_to`](Self::switch_to) does
    /// this for the calls that it reports.
    fn debug_syscall_called(&self, last_syscall: Syscall);

    /// The last system call it made in this run.
    fn debug_syscall_last(&self) -> Option<Syscall>;
}
