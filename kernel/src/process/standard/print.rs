//! A process on paper: what a human wants to see after a fault.

use core::fmt::{self, Write};

use super::{ProcessStandard, ProcessStandardDebug};
use crate::platform::chip::Chip;
use crate::process::{Process, State, StoppedState};
use crate::syscall::{Syscall, UserspaceKernelBoundary};
use crate::upcall::UpcallId;
use crate::utilities::hex::{write_word, write_words};

// Not by the derived `Debug` of what is printed: that is 4 KB of flash, for a
// report that few boards print.

impl<C: Chip, D: ProcessStandardDebug + 'static> ProcessStandard<C, D> {
    /// Prints identity, counters, memory, registers and regions.
    pub(super) fn print(&self, writer: &mut dyn Write) -> fmt::Result {
        write!(writer, "App: {}   -   [", self.get_process_name())?;
        write_state(writer, self.get_state())?;
        write!(
            writer,
            "]\r\n Events queued: {}   Syscall count: {}   Dropped upcalls: {}\r\n",
            self.tasks.len(),
            self.debug.get_syscall_count(),
            self.debug.get_dropped_upcall_count(),
        )?;
        write!(
            writer,
            " Restart count: {}   Identifier: {}   Slices exceeded: {}\r\n Last syscall: ",
            self.restart_count.get(),
            self.processid().id(),
            self.debug.get_timeslice_expiration_count(),
        )?;
        match self.debug.get_last_syscall() {
            Some(syscall) => write_syscall(writer, syscall)?,
            None => writer.write_str("none")?,
        }
        writer.write_str("\r\n Completion code: ")?;
        match self.completion_code.get() {
            Some(Some(code)) => write_word(writer, code as usize)?,
            Some(None) | None => writer.write_str("none")?,
        }
        let addresses = self.get_addresses();
        // What the process did not tell is 0.
        write_words(
            writer,
            &[
                ("\r\n RAM end      ", addresses.sram_end),
                ("\r\n grants       ", addresses.sram_grant_start),
                ("\r\n app break    ", addresses.sram_app_brk),
                ("\r\n heap         ", addresses.sram_heap_start.unwrap_or(0)),
                ("\r\n stack        ", addresses.sram_stack_top.unwrap_or(0)),
                (" down to ", addresses.sram_stack_bottom.unwrap_or(0)),
                ("\r\n RAM start    ", addresses.sram_start),
                ("\r\n flash end    ", addresses.flash_end),
                ("\r\n binary       ", addresses.flash_non_protected_start),
                ("\r\n flash start  ", addresses.flash_start),
            ],
        )?;
        writer.write_str("\r\n")?;
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

fn write_state(writer: &mut dyn Write, state: State) -> fmt::Result {
    let (name, upcall) = match state {
        State::Running => ("Running", None),
        State::Yielded => ("Yielded", None),
        State::YieldedFor(upcall) => ("YieldedFor", Some(upcall)),
        State::Stopped(StoppedState::Running) => ("Stopped, Running", None),
        State::Stopped(StoppedState::Yielded) => ("Stopped, Yielded", None),
        State::Stopped(StoppedState::YieldedFor(upcall)) => ("Stopped, YieldedFor", Some(upcall)),
        State::Faulted => ("Faulted", None),
        State::Terminated => ("Terminated", None),
    };
    writer.write_str(name)?;
    match upcall {
        Some(UpcallId {
            driver_num,
            subscribe_num,
        }) => write_words(writer, &[(" ", driver_num), (" ", subscribe_num)]),
        None => Ok(()),
    }
}

/// Writes the call's name and its arguments, in the order of the registers.
fn write_syscall(writer: &mut dyn Write, syscall: Syscall) -> fmt::Result {
    let (name, arguments) = match syscall {
        Syscall::Yield {
            which,
            param_a,
            param_b,
        } => ("Yield", [which, param_a, param_b, 0]),
        Syscall::Subscribe {
            driver_number,
            subdriver_number,
            upcall_ptr,
            appdata,
        } => (
            "Subscribe",
            [
                driver_number,
                subdriver_number,
                upcall_ptr.addr(),
                usize::from(appdata),
            ],
        ),
        Syscall::Command {
            driver_number,
            subdriver_number,
            arg0,
            arg1,
        } => ("Command", [driver_number, subdriver_number, arg0, arg1]),
        Syscall::ReadWriteAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => (
            "ReadWriteAllow",
            [
                driver_number,
                subdriver_number,
                allow_address.addr(),
                allow_size,
            ],
        ),
        Syscall::UserspaceReadableAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => (
            "UserspaceReadableAllow",
            [
                driver_number,
                subdriver_number,
                allow_address.addr(),
                allow_size,
            ],
        ),
        Syscall::ReadOnlyAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => (
            "ReadOnlyAllow",
            [
                driver_number,
                subdriver_number,
                allow_address.addr(),
                allow_size,
            ],
        ),
        Syscall::Memop { operand, arg0 } => ("Memop", [operand, arg0, 0, 0]),
        Syscall::Exit {
            which,
            completion_code,
        } => ("Exit", [which, completion_code, 0, 0]),
    };
    writer.write_str(name)?;
    write_words(writer, &arguments.map(|argument| (" ", argument)))
}
