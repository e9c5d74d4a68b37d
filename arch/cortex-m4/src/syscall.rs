//! System calls between kernel and process on ARMv7-M.
//!
//! [`SysCall`] is the kernel's [`UserspaceKernelBoundary`]. Its `unsafe`
//! methods find the process's frame, which checks the process's stack pointer
//! against its memory, and leave the rest to safe functions of
//! `frame` and `conclude`.

use core::fmt::Write;

use kernel::process::FunctionCall;
use kernel::syscall::{ContextSwitchReason, Syscall, SyscallReturn, UserspaceKernelBoundary};
use kernel::utilities::capability_ptr::CapabilityPtr;
use kernel::utilities::hex::write_words;
use kernel::ErrorCode;

use crate::frame::{Frame, Word, FRAME_BYTES};

pub use crate::stored_state::CortexMStoredState;

/// Bytes of a stored context: r4 to r11 and PSP, little-endian.
const CONTEXT_BYTES: usize = 9 * 4;

/// Why a process left the CPU, as the handlers say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(all(target_arch = "arm", target_os = "none")), allow(dead_code))]
#[repr(u32)]
enum Exit {
    Interrupted = 1,
    SystemCall = 2,
    Fault = 3,
}

/// The boundary between kernel and process on ARMv7-M without floating point.
pub struct SysCall(());

impl SysCall {
    /// The boundary.
    ///
    /// # Safety
    ///
    /// The vector table in use is the one of `entry`, and
    /// [`crate::initialize`] was called: processes run on both.
    pub const unsafe fn new() -> SysCall {
        SysCall(())
    }
}

/// Decodes why the process left. `fetch` reads a halfword with the process's
/// rights, `None` if it has none at that address.
///
/// # Safety
///
/// As [`Frame::within`] for `memory_start..memory_end`.
#[inline(always)]
unsafe fn conclude(
    exit: Exit,
    memory_start: *const u8,
    memory_end: *const u8,
    stack_pointer: usize,
    fetch: impl FnOnce(usize) -> Option<u16>,
) -> ContextSwitchReason {
    // SAFETY: promised by the caller.
    let frame = || unsafe { Frame::within(stack_pointer, memory_start, memory_end) };
    // The system call first: it is what happens most.
    match exit {
        Exit::SystemCall => {
            let syscall = frame().and_then(|frame| decode(&frame, fetch));
            match syscall {
                Some(syscall) => ContextSwitchReason::SyscallFired { syscall },
                None => ContextSwitchReason::Fault,
            }
        }
        Exit::Interrupted if frame().is_some() => ContextSwitchReason::Interrupted,
        Exit::Interrupted | Exit::Fault => ContextSwitchReason::Fault,
    }
}

/// The system call of a frame, if there is one and it has a known class.
#[inline(always)]
fn decode(frame: &Frame, fetch: impl FnOnce(usize) -> Option<u16>) -> Option<Syscall> {
    // The hardware stacked the address behind the two bytes of the `svc`.
    let instruction = fetch((frame.get(Word::Pc) as usize).wrapping_sub(2))?;
    let class = svc_immediate(instruction)?;
    let register = |word| (frame.get(word) as usize).into();
    Syscall::from_register_arguments(
        class,
        frame.get(Word::R0) as usize,
        register(Word::R1),
        register(Word::R2),
        register(Word::R3),
    )
}

/// The immediate of an `svc` instruction, `None` for any other instruction.
#[inline(always)]
fn svc_immediate(instruction: u16) -> Option<u8> {
    (instruction >> 8 == 0xDF).then_some(instruction as u8)
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod crossing {
    //! The two calls into assembly.

    use super::{CortexMStoredState, Exit};
    use crate::handlers::{enter_process, read_halfword_as_process};

    /// # Safety
    ///
    /// Those of [`enter_process`].
    #[inline(always)]
    pub(super) unsafe fn enter(state: &mut CortexMStoredState) -> Exit {
        // SAFETY: promised by the caller.
        match unsafe { enter_process(state) } {
            2 => Exit::SystemCall,
            1 => Exit::Interrupted,
            _ => Exit::Fault,
        }
    }

    /// Reads with the rights of the process that is loaded.
    #[inline(always)]
    pub(super) fn fetch(address: usize) -> Option<u16> {
        // SAFETY: the kernel's only thread runs this. The address is where the
        // process has just fetched an `svc`; anything else fails harmlessly.
        let value = unsafe { read_halfword_as_process(address) };
        u16::try_from(value).ok()
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
mod crossing {
    //! A host has no process stack and no exceptions.

    use super::{CortexMStoredState, Exit};

    /// # Safety
    ///
    /// None needed: it panics.
    pub(super) unsafe fn enter(_state: &mut CortexMStoredState) -> Exit {
        panic!("ARM processes cannot run on a host");
    }

    pub(super) fn fetch(_address: usize) -> Option<u16> {
        None
    }
}

impl UserspaceKernelBoundary for SysCall {
    type StoredState = CortexMStoredState;

    fn initial_process_app_brk_size(&self) -> usize {
        FRAME_BYTES
    }

    unsafe fn initialize_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
    ) -> Result<(), ()> {
        let top = app_brk as usize & !7;
        let psp = top.checked_sub(FRAME_BYTES).ok_or(())?;
        // SAFETY: the caller passes the process's memory.
        let mut frame = unsafe { Frame::within(psp, accessible_memory_start, app_brk) }.ok_or(())?;
        frame.initialize();
        *state = CortexMStoredState { regs: [0; 8], psp };
        Ok(())
    }

    #[inline(always)]
    unsafe fn set_syscall_return_value(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
        return_value: SyscallReturn,
    ) -> Result<(), ()> {
        // SAFETY: the caller passes the process's memory.
        let mut frame =
            unsafe { Frame::within(state.psp, accessible_memory_start, app_brk) }.ok_or(())?;
        frame.answer(return_value);
        Ok(())
    }

    unsafe fn set_process_function(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
        upcall: FunctionCall,
    ) -> Result<(), ()> {
        // SAFETY: the caller passes the process's memory.
        let mut frame =
            unsafe { Frame::within(state.psp, accessible_memory_start, app_brk) }.ok_or(())?;
        frame.call(
            upcall.pc.addr() as u32,
            [
                upcall.argument0 as u32,
                upcall.argument1 as u32,
                upcall.argument2 as u32,
                CapabilityPtr::from(upcall.argument3).addr() as u32,
            ],
        );
        Ok(())
    }

    #[inline(always)]
    unsafe fn switch_to_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
    ) -> (ContextSwitchReason, Option<*const u8>) {
        // SAFETY: the caller has loaded this process's regions into the MPU;
        // the kernel runs in thread mode on the main stack.
        let exit = unsafe { crossing::enter(state) };
        // SAFETY: the caller passes the process's memory.
        let reason = unsafe {
            conclude(
                exit,
                accessible_memory_start,
                app_brk,
                state.psp,
                crossing::fetch,
            )
        };
        (reason, Some(state.psp as *const u8))
    }

    unsafe fn print_context(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &Self::StoredState,
        writer: &mut dyn Write,
    ) {
        let [r4, r5, r6, r7, r8, r9, r10, r11] = state.regs;
        let psp = state.psp;
        // A panic report goes as far as its writer lets it.
        let _ = write_words(
            writer,
            &[
                ("\r\n R4 ", r4 as usize),
                ("  R5 ", r5 as usize),
                ("  R6 ", r6 as usize),
                ("  R7 ", r7 as usize),
                ("\r\n R8 ", r8 as usize),
                ("  R9 ", r9 as usize),
                (" R10 ", r10 as usize),
                (" R11 ", r11 as usize),
                ("\r\n SP ", psp),
            ],
        );
        let _ = writer.write_str(" (process stack)");
        // SAFETY: the caller passes the process's memory.
        match unsafe { Frame::within(psp, accessible_memory_start, app_brk) } {
            Some(frame) => {
                let words = [
                    ("\r\n R0 ", Word::R0),
                    ("  R1 ", Word::R1),
                    ("  R2 ", Word::R2),
                    ("  R3 ", Word::R3),
                    ("\r\nR12 ", Word::R12),
                    ("  LR ", Word::Lr),
                    ("  PC ", Word::Pc),
                    (" PSR ", Word::Xpsr),
                ];
                let _ = write_words(
                    writer,
                    &words.map(|(name, word)| (name, frame.get(word) as usize)),
                );
                let _ = writer.write_str("\r\n");
            }
            None => {
                let _ = writer.write_str("\r\n the stack pointer is outside its memory\r\n");
            }
        }
    }

    fn store_context(&self, state: &Self::StoredState, out: &mut [u8]) -> Result<usize, ErrorCode> {
        let out = out.get_mut(..CONTEXT_BYTES).ok_or(ErrorCode::SIZE)?;
        let words = state.regs.iter().copied().chain([state.psp as u32]);
        for (bytes, word) in out.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Ok(CONTEXT_BYTES)
    }
}

#[cfg(test)]
#[path = "syscall_tests.rs"]
mod tests;
