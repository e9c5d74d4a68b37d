//! Making a process: choosing its block of RAM and laying it out.

use core::cell::Cell;
use core::mem::{align_of, size_of, size_of_val};
use core::{ptr, slice};

use tock_tbf::types::CommandPermissions;

use super::grant_pointer::GrantPointerEntry;
use super::guarded::Guarded;
use super::queue::TaskQueue;
use super::{DebugState, PermissionMemo, ProcessStandard, StoredState};
use crate::kernel::Kernel;
use crate::platform::chip::Chip;
use crate::platform::mpu::{self, MPU};
use crate::process::{
    Process, ProcessBinary, ProcessFaultPolicy, ProcessId, ProcessLoadError,
    ProcessStandardStoragePermissionsPolicy, ShortId, State,
};
use crate::syscall::UserspaceKernelBoundary;
use crate::utilities::cells::{MapCell, OptionalCell};

/// What a process is made with, beside its binary and memory.
pub(in crate::process) struct Surroundings<C: 'static + Chip> {
    pub(in crate::process) kernel: &'static Kernel,
    pub(in crate::process) chip: &'static C,
    pub(in crate::process) fault_policy: &'static dyn ProcessFaultPolicy,
    pub(in crate::process) storage_policy: &'static dyn ProcessStandardStoragePermissionsPolicy<C>,
}

/// A process, and the memory before and behind its block.
type Created<C> = (
    &'static ProcessStandard<C>,
    &'static mut [u8],
    &'static mut [u8],
);

/// `address` rounded down to a multiple of `align`, a power of two.
fn align_down(address: usize, align: usize) -> usize {
    address & !(align - 1)
}

/// Opens exactly these bytes of flash to the process, no byte more and none less, in as many
/// regions as that takes: first as much as one region covers, then of the rest.
///
/// `None` if the MPU cannot cover them so.
fn open_flash<M: MPU>(mpu: &M, flash: &[u8], config: &mut M::MpuConfig) -> Option<()> {
    let mut rest = flash;
    while !rest.is_empty() {
        // What one region covers ends at a multiple of some power of two.
        let covered = (0..usize::BITS)
            .map(|bits| align_down(rest.len(), 1 << bits))
            .take_while(|length| *length != 0)
            .find(|length| {
                let region = mpu.allocate_region(
                    rest.as_ptr(),
                    *length,
                    *length,
                    mpu::Permissions::ReadExecuteOnly,
                    config,
                );
                region.is_some()
            })?;
        rest = &rest[covered..];
    }
    Some(())
}

impl<C: Chip> ProcessStandard<C> {
    /// The most that the kernel's part of a block takes, in bytes: table,
    /// control block, and what their alignment may cost.
    fn kernel_part(grant_count: usize) -> Option<usize> {
        grant_count
            .checked_mul(size_of::<GrantPointerEntry>())?
            .checked_add(size_of::<Self>())?
            .checked_add(align_of::<GrantPointerEntry>())?
            .checked_add(align_of::<Self>())
    }

    /// Makes a process out of a binary in the first suitable part of `memory`,
    /// ready to execute its first function. On failure all of `memory` is given
    /// back.
    pub(in crate::process) fn create(
        surroundings: &Surroundings<C>,
        binary: &ProcessBinary,
        memory: &'static mut [u8],
        app_id: ShortId,
        index: usize,
    ) -> Result<Created<C>, (ProcessLoadError, &'static mut [u8])> {
        let Surroundings { kernel, chip, .. } = *surroundings;
        let boundary = chip.userspace_kernel_boundary();
        let grant_count = kernel.get_grant_count_and_finalize();

        let Some(mut mpu_config) = chip.mpu().new_config() else {
            return Err((ProcessLoadError::MpuConfigurationError, memory));
        };
        if open_flash(chip.mpu(), binary.executable(), &mut mpu_config).is_none() {
            return Err((ProcessLoadError::MpuInvalidFlashLength, memory));
        }

        let initial_app_size = boundary.initial_process_app_brk_size();
        let app_size = initial_app_size.max(binary.header.get_minimum_app_ram_size() as usize);
        let Some(kernel_size) = Self::kernel_part(grant_count) else {
            return Err((ProcessLoadError::NotEnoughMemory, memory));
        };
        let Some(min_size) = app_size.checked_add(kernel_size) else {
            return Err((ProcessLoadError::NotEnoughMemory, memory));
        };

        // A fixed address is reached by leaving out what lies before it.
        let fixed = binary.header.get_fixed_address_ram();
        let skipped = match fixed {
            None => Some(0),
            Some(address) => (address as usize)
                .checked_sub(memory.as_ptr().addr())
                .filter(|skipped| *skipped <= memory.len()),
        };
        let Some(skipped) = skipped else {
            return Err((
                ProcessLoadError::MemoryAddressMismatch {
                    actual_address: memory.as_ptr().addr() as u32,
                    expected_address: fixed.unwrap_or(0),
                },
                memory,
            ));
        };
        let Some((block_start, block_len)) = chip.mpu().allocate_app_memory_region(
            memory.as_ptr().wrapping_add(skipped),
            memory.len() - skipped,
            min_size,
            initial_app_size,
            kernel_size,
            mpu::Permissions::ReadWriteOnly,
            &mut mpu_config,
        ) else {
            return Err((ProcessLoadError::NotEnoughMemory, memory));
        };
        if let Some(address) = fixed {
            if block_start.addr() != address as usize {
                return Err((
                    ProcessLoadError::MemoryAddressMismatch {
                        actual_address: block_start.addr() as u32,
                        expected_address: address,
                    },
                    memory,
                ));
            }
        }
        // The MPU's answer is not taken on trust: everything else rests on it.
        let before = block_start.addr().checked_sub(memory.as_ptr().addr());
        let end = before.and_then(|before| before.checked_add(block_len));
        let (Some(before), Some(end)) = (before, end) else {
            return Err((ProcessLoadError::InternalError, memory));
        };
        if end > memory.len() || block_len < min_size || block_start.addr() % 4 != 0 {
            return Err((ProcessLoadError::InternalError, memory));
        }

        let mut stored_state = StoredState::<C>::default();
        let block = memory.as_mut_ptr().wrapping_add(before);
        // SAFETY: `block` is word-aligned and has more than `initial_app_size`
        // bytes of memory that only this function refers to.
        let initialized = unsafe {
            boundary.initialize_process(
                block,
                block.wrapping_add(initial_app_size),
                &mut stored_state,
            )
        };
        if initialized.is_err() {
            return Err((ProcessLoadError::InternalError, memory));
        }

        // Nothing can fail from here on; the block leaves `memory` for good.
        let (before, from_block) = memory.split_at_mut(before);
        let (block, after) = from_block.split_at_mut(block_len);
        let process = Self::lay_out(
            surroundings,
            binary,
            block,
            (mpu_config, stored_state),
            app_id,
            ProcessId::new(kernel, kernel.create_process_identifier(), index),
            grant_count,
        );
        Ok((process, before, after))
    }

    /// Writes table and control block to the end of a block that is large
    /// enough for them.
    fn lay_out(
        surroundings: &Surroundings<C>,
        binary: &ProcessBinary,
        block: &'static mut [u8],
        (mpu_config, stored_state): (super::MpuConfig<C>, StoredState<C>),
        app_id: ShortId,
        process_id: ProcessId,
        grant_count: usize,
    ) -> &'static Self {
        let memory_len = block.len();
        // From here on the block is reached by pointers only.
        let memory_start = block.as_mut_ptr();
        let initial_app_size = surroundings
            .chip
            .userspace_kernel_boundary()
            .initial_process_app_brk_size();

        let table_size = grant_count * size_of::<GrantPointerEntry>();
        let end = memory_start.addr() + memory_len;
        let table_address = align_down(end - table_size, align_of::<GrantPointerEntry>());
        let control_block_address =
            align_down(table_address - size_of::<Self>(), align_of::<Self>());
        let table: *mut GrantPointerEntry = memory_start.with_addr(table_address).cast();
        let control_block: *mut Self = memory_start.with_addr(control_block_address).cast();

        // SAFETY: `create` has checked that the block has `kernel_part` bytes
        // beyond the app's, so that table and control block lie in it, do not
        // overlap, and are aligned. Nothing else refers to this memory, and the
        // MPU keeps the process out of it.
        let grant_pointers = unsafe {
            for index in 0..grant_count {
                table.add(index).write(GrantPointerEntry::unallocated());
            }
            slice::from_raw_parts(table, grant_count)
        };

        let app_break = memory_start.wrapping_add(initial_app_size);
        let kernel_memory_break = memory_start.with_addr(control_block_address);
        let has_permissions =
            binary.header.get_command_permissions(0, 0) != CommandPermissions::NoPermsAtAll;
        let process = ProcessStandard {
            state: Cell::new(State::Yielded),
            stored_state: Guarded::new(stored_state),
            app_break: Cell::new(app_break),
            memory_start,
            memory_len,
            chip: surroundings.chip,
            kernel: surroundings.kernel,
            process_id: Cell::new(process_id),
            tasks: TaskQueue::new(),
            debug: DebugState::new(),
            kernel_memory_break: Cell::new(kernel_memory_break),
            initial_kernel_memory_break: kernel_memory_break,
            allow_high_water_mark: Cell::new(memory_start),
            grant_pointers,
            entered_grants: Cell::new(0),
            mpu_config: MapCell::new(mpu_config),
            mpu_regions: [const { Cell::new(None) }; super::EXTRA_MPU_REGIONS],
            flash: binary.flash,
            executable_len: binary.executable().len(),
            header: binary.header,
            has_permissions,
            permission_memo: Cell::new(PermissionMemo {
                driver_num: 0,
                offset: 0,
                permissions: binary.header.get_command_permissions(0, 0),
            }),
            storage_permissions: crate::storage_permissions::StoragePermissions::new_null(),
            credential: binary.credential.get(),
            app_id,
            fault_policy: surroundings.fault_policy,
            restart_count: Cell::new(0),
            completion_code: OptionalCell::empty(),
        };
        // SAFETY: as above, for the control block. The exclusive reference is
        // used only here, before the process is known to anyone.
        let process: &'static mut Self = unsafe {
            ptr::write(control_block, process);
            &mut *control_block
        };
        // Whoever had this memory before left something there.
        process.erase_from(app_break);
        process.storage_permissions = surroundings.storage_policy.get_permissions(process);
        process.enqueue_first_function();
        process
    }

    /// What the kernel keeps in this block.
    pub(super) fn kernel_sizes(&self) -> crate::process::ProcessSizes {
        crate::process::ProcessSizes {
            grant_pointers: size_of_val(self.grant_pointers),
            upcall_list: size_of::<TaskQueue>(),
            process_control_block: size_of::<Self>(),
        }
    }

    /// The process's name, or an empty string.
    pub(super) fn name(&self) -> &'static str {
        self.header.get_package_name().unwrap_or("")
    }

    /// This process as the kernel's table holds it.
    pub(in crate::process) fn as_process(&'static self) -> &'static dyn Process {
        self
    }
}
