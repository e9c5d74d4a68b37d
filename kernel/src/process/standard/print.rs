//! A process on paper: what a human wants to see after a fault.

use core::fmt::{self, Write};

use super::ProcessStandard;
use crate::platform::chip::Chip;
use crate::process::Process;
use crate::syscall::UserspaceKernelBoundary;

impl<C: Chip> ProcessStandard<C> {
    /// Prints identity, counters, memory, registers and regions.
    pub(super) fn print(&self, writer: &mut dyn Write) -> fmt::Result {
        let addresses = self.get_addresses();
        let id = self.processid();
        writeln!(
            writer,
            "App: {}   -   [{:?}]\r\n Events queued: {}   Syscall count: {}   Dropped upcalls: {}\r",
            self.get_process_name(),
            self.get_state(),
            self.tasks.len(),
            self.debug.syscall_count.get(),
            self.debug.dropped_upcall_count.get(),
        )?;
        writeln!(
            writer,
            " Restart count: {}   Identifier: {:?}   Slices exceeded: {}\r\n Last syscall: {:?}\r\n Completion code: {:?}\r",
            self.restart_count.get(),
            id,
            self.debug.timeslice_expiration_count.get(),
            self.debug.last_syscall.get(),
            self.completion_code.get(),
        )?;
        writeln!(
            writer,
            " RAM end      {:#010X}\r\n grants       {:#010X}\r\n app break    {:#010X}\r\n heap         {:#010X?}\r\n stack        {:#010X?} down to {:#010X?}\r\n RAM start    {:#010X}\r",
            addresses.sram_end,
            addresses.sram_grant_start,
            addresses.sram_app_brk,
            addresses.sram_heap_start,
            addresses.sram_stack_top,
            addresses.sram_stack_bottom,
            addresses.sram_start,
        )?;
        writeln!(
            writer,
            " flash end    {:#010X}\r\n binary       {:#010X}\r\n flash start  {:#010X}\r",
            addresses.flash_end, addresses.flash_non_protected_start, addresses.flash_start,
        )?;
        let printed = self.stored_state.show(|stored_state| {
            // SAFETY: the process is not executing; its block is reached by
            // pointers only.
            unsafe {
                self.chip.userspace_kernel_boundary().print_context(
                    self.memory_start,
                    self.app_break.get(),
                    stored_state,
                    writer,
                );
            }
        });
        if printed.is_none() {
            writeln!(writer, " registers not available\r")?;
        }
        self.mpu_config
            .map_or(Ok(()), |config| write!(writer, "{config}"))?;
        for number in 0..self.grant_pointers.len() {
            if self.grant_allocated(number) == Some(true) {
                writeln!(writer, " grant {number} allocated\r")?;
            }
        }
        Ok(())
    }
}
