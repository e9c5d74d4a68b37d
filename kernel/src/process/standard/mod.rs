//! The process that the loader makes: one block of RAM, one range of flash.
//!
//! The block, from its end down:
//!
//! ```text
//!   end of the block
//!   table of grants           one entry for each grant of the kernel
//!   process control block     this struct, with the queue of tasks
//!   grants                    grow down as capsules enter them
//!   ------------------------- kernel memory break
//!   (free)
//!   ------------------------- app break; the MPU lets the process in below
//!   the process's own memory
//!   start of the block
//! ```
//!
//! All memory of the block is reached through raw pointers, because the process
//! and the capsules' buffers refer to the same bytes. References exist to three
//! things only, none of which the process can reach: the table, this struct, and
//! a grant while it is entered.

mod create;
mod execution;
mod grant_pointer;
mod grants;
mod guarded;
mod lifecycle;
mod memory;
mod print;
mod process_impl;
mod queue;

use core::cell::Cell;
use core::num::NonZeroU32;

use tock_tbf::types::{CommandPermissions, TbfHeader, NUM_STORAGE_PERMISSIONS};

pub(in crate::process) use self::create::Surroundings;
pub(crate) use self::execution::Exit;
use self::grant_pointer::GrantPointerEntry;
use self::guarded::Guarded;
use self::queue::TaskQueue;
use crate::kernel::Kernel;
use crate::platform::chip::Chip;
use crate::platform::mpu::{self, MPU};
use crate::process::{AcceptedCredential, ProcessFaultPolicy, ProcessId, ShortId, State};
use crate::storage_permissions::StoragePermissions;
use crate::syscall::{Syscall, UserspaceKernelBoundary};
use crate::utilities::cells::{MapCell, OptionalCell};

/// How many regions beyond flash and RAM a process can be given.
const EXTRA_MPU_REGIONS: usize = 6;

type StoredState<C> =
    <<C as Chip>::UserspaceKernelBoundary as UserspaceKernelBoundary>::StoredState;
type MpuConfig<C> = <<C as Chip>::MPU as MPU>::MpuConfig;

/// A process in one block of RAM. See the module for the block's layout.
pub struct ProcessStandard<C: 'static + Chip> {
    state: Cell<State>,
    stored_state: Guarded<StoredState<C>>,
    app_break: Cell<*const u8>,
    memory_start: *const u8,
    memory_len: usize,
    chip: &'static C,

    kernel: &'static Kernel,
    process_id: Cell<ProcessId>,
    tasks: TaskQueue,
    debug: DebugState,

    /// Start of the grants.
    kernel_memory_break: Cell<*const u8>,
    /// Start of the control block: where the kernel memory break begins.
    initial_kernel_memory_break: *const u8,
    /// End of the highest buffer that it ever shared.
    allow_high_water_mark: Cell<*const u8>,
    grant_pointers: &'static [GrantPointerEntry],
    /// How many grants are entered right now.
    entered_grants: Cell<usize>,

    mpu_config: MapCell<MpuConfig<C>>,
    mpu_regions: [Cell<Option<mpu::Region>>; EXTRA_MPU_REGIONS],

    flash: &'static [u8],
    /// How much of the flash it can reach, from the start on.
    executable_len: usize,
    header: TbfHeader,
    /// Whether its header lists permissions.
    has_permissions: bool,
    /// The permissions that were asked for last.
    permission_memo: Cell<PermissionMemo>,
    storage_permissions: StoragePermissions,
    credential: Option<AcceptedCredential>,
    app_id: ShortId,

    fault_policy: &'static dyn ProcessFaultPolicy,
    restart_count: Cell<usize>,
    completion_code: OptionalCell<Option<u32>>,
}

impl<C: Chip> ProcessStandard<C> {
    /// The identifier under which its header lets it store values.
    pub fn get_tbf_storage_write_id(&self) -> Option<NonZeroU32> {
        self.header.get_storage_write_id()
    }

    /// Returns how many identifiers its header lets it read, and which.
    pub fn get_tbf_storage_read_ids(&self) -> Option<(usize, [u32; NUM_STORAGE_PERMISSIONS])> {
        self.header.get_storage_read_ids()
    }

    /// Returns how many identifiers its header lets it modify, and which.
    pub fn get_tbf_storage_modify_ids(&self) -> Option<(usize, [u32; NUM_STORAGE_PERMISSIONS])> {
        self.header.get_storage_modify_ids()
    }
}

/// An answer of the header's permission list, kept because a process tends to
/// ask the same driver again.
#[derive(Copy, Clone)]
struct PermissionMemo {
    driver_num: usize,
    offset: usize,
    permissions: CommandPermissions,
}

/// What is kept for debugging and for crash logs only.
struct DebugState {
    syscall_count: Cell<usize>,
    last_syscall: Cell<Option<Syscall>>,
    dropped_upcall_count: Cell<usize>,
    timeslice_expiration_count: Cell<usize>,
    heap_start: Cell<Option<usize>>,
    stack_start: Cell<Option<usize>>,
    /// The lowest stack pointer seen; `usize::MAX` before the first.
    stack_min: Cell<usize>,
}

impl DebugState {
    fn new() -> Self {
        Self {
            syscall_count: Cell::new(0),
            last_syscall: Cell::new(None),
            dropped_upcall_count: Cell::new(0),
            timeslice_expiration_count: Cell::new(0),
            heap_start: Cell::new(None),
            stack_start: Cell::new(None),
            stack_min: Cell::new(usize::MAX),
        }
    }

    /// Back to what it is for a new run.
    fn reset(&self) {
        self.syscall_count.set(0);
        self.last_syscall.set(None);
        self.dropped_upcall_count.set(0);
        self.timeslice_expiration_count.set(0);
        self.heap_start.set(None);
        self.stack_start.set(None);
        self.stack_min.set(usize::MAX);
    }

    #[inline(always)]
    fn syscall_called(&self, syscall: Syscall) {
        self.syscall_count
            .set(self.syscall_count.get().wrapping_add(1));
        self.last_syscall.set(Some(syscall));
    }

    #[inline]
    fn stack_pointer_seen(&self, stack_pointer: usize) {
        if stack_pointer < self.stack_min.get() {
            self.stack_min.set(stack_pointer);
        }
    }
}
