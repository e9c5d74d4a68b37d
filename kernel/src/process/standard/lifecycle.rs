//! Start, end, failure and restart of a process.

use core::ptr;

use super::ProcessStandard;
use crate::platform::chip::Chip;
use crate::platform::mpu::{self, MPU};
use crate::process::{
    FaultAction, FunctionCall, FunctionCallSource, Process, ProcessId, State, Task,
};
use crate::syscall::UserspaceKernelBoundary;

impl<C: Chip> ProcessStandard<C> {
    /// Queues the call of the app's first function.
    pub(super) fn enqueue_first_function(&self) {
        let flash_start = self.flash.as_ptr();
        let at = |offset: u32| flash_start.wrapping_add(offset as usize).addr();
        let task = Task::FunctionCall(FunctionCall {
            source: FunctionCallSource::Kernel,
            pc: at(self.header.get_init_function_offset()).into(),
            argument0: at(self.header.get_app_start_offset()),
            argument1: self.memory_start.addr(),
            argument2: self.memory_len,
            argument3: self.app_break.get().addr().into(),
        });
        self.tasks.enqueue(task, None);
        self.kernel.process_woke();
    }

    pub(super) fn fail(&self) {
        match self.fault_policy.action(self) {
            FaultAction::Panic => {
                self.state.set(State::Faulted);
                panic!("Process {} had a fault", self.get_process_name());
            }
            FaultAction::Restart => self.restart(None),
            FaultAction::Stop => {
                self.end(None);
                self.state.set(State::Faulted);
            }
        }
    }

    pub(super) fn end(&self, completion_code: Option<u32>) {
        if self.state.get() == State::Terminated {
            return;
        }
        self.tasks.clear();
        self.forget_grants();
        self.completion_code.set(completion_code);
        self.state.set(State::Terminated);
    }

    pub(super) fn restart(&self, completion_code: Option<u32>) {
        if self.state.get() != State::Terminated {
            self.end(completion_code);
            self.begin_again();
        }
    }

    /// Brings an ended process back to its first function, under a new
    /// identifier. It stays ended if that cannot be done.
    pub(super) fn begin_again(&self) {
        // A capsule is still inside a grant of the former run: that memory must
        // not be used for another.
        if self.entered_grants.get() != 0 {
            return;
        }
        let Ok(()) = self.reset_memory() else {
            return;
        };
        self.stored_state.clear_failure();
        let Ok(mut stored_state) = self.stored_state.lend() else {
            return;
        };
        // SAFETY: the block belongs to this process, and it is not running.
        let initialized = unsafe {
            self.chip.userspace_kernel_boundary().initialize_process(
                self.memory_start,
                self.app_break.get(),
                stored_state.get(),
            )
        };
        drop(stored_state);
        if initialized.is_err() {
            return;
        }

        let identifier = self.kernel.create_process_identifier();
        let index = self.process_id.get().index;
        self.process_id
            .set(ProcessId::new(self.kernel, identifier, index));
        self.debug.reset();
        self.restart_count
            .set(self.restart_count.get().saturating_add(1));
        self.state.set(State::Yielded);
        self.enqueue_first_function();
    }

    /// Breaks and regions as they were before the first run.
    fn reset_memory(&self) -> Result<(), ()> {
        let initial_size = self
            .chip
            .userspace_kernel_boundary()
            .initial_process_app_brk_size();
        let app_break = self.memory_start.wrapping_add(initial_size);
        for place in &self.mpu_regions {
            if let Some(region) = place.take() {
                self.mpu_config.map_or(Err(()), |config| {
                    self.chip.mpu().remove_memory_region(region, config)
                })?;
            }
        }
        self.mpu_config.map_or(Err(()), |config| {
            self.chip.mpu().update_app_memory_region(
                app_break,
                self.initial_kernel_memory_break,
                mpu::Permissions::ReadWriteOnly,
                config,
            )
        })?;

        let grants = self.kernel_memory_break.get();
        let grants_len = self.initial_kernel_memory_break.addr() - grants.addr();
        // SAFETY: the grants of the former run are memory of this block; none is
        // entered, so nothing refers to them. They are erased because the new
        // run may be given this memory.
        unsafe { ptr::write_bytes(grants.cast_mut(), 0, grants_len) };

        self.kernel_memory_break
            .set(self.initial_kernel_memory_break);
        self.app_break.set(app_break);
        self.allow_high_water_mark.set(self.memory_start);
        self.erase_from(app_break);
        Ok(())
    }
}
