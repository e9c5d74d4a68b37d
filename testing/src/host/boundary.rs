//! Processes that follow a script instead of executing code.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;

use kernel::process::FunctionCall;
use kernel::syscall::{ContextSwitchReason, Syscall, SyscallReturn, UserspaceKernelBoundary};
use kernel::ErrorCode;

use crate::syscalls::yield_wait;

/// What a process does when it is executed.
pub enum Step {
    /// Makes a system call.
    Call(Syscall),
    /// Faults.
    Fault,
    /// Computes until an interrupt takes the CPU.
    Interrupted,
    /// Does something that needs no kernel, and goes on with the next step.
    Do(Box<dyn FnOnce()>),
}

/// What happened to a process, named by the start of its memory.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It was executed.
    Entered(usize),
    /// It got an answer to its system call.
    Answered(usize, SyscallReturn),
    /// It is to execute the function at an address with four arguments.
    Called(usize, usize, [usize; 4]),
}

/// Marks stored state that was initialized.
const INITIALIZED: u32 = 0x600D_57A7;

/// What processes do next, and what has happened to them.
#[derive(Default)]
pub struct FakeBoundary {
    scripts: RefCell<HashMap<usize, VecDeque<Step>>>,
    events: RefCell<Vec<Event>>,
    /// The process's stack has no room for what the kernel writes next.
    pub stack_full: Cell<bool>,
}

impl FakeBoundary {
    /// Appends steps to what the process does next whose memory starts at this address.
    pub fn script(&self, process: usize, steps: impl Iterator<Item = Step>) {
        self.scripts
            .borrow_mut()
            .entry(process)
            .or_default()
            .extend(steps);
    }

    /// Has the process do this step before all that [`script`](Self::script) has told it.
    pub fn script_first(&self, process: usize, step: Step) {
        self.scripts
            .borrow_mut()
            .entry(process)
            .or_default()
            .push_front(step);
    }

    /// What has happened to all processes, in order.
    pub fn events(&self) -> Vec<Event> {
        self.events.borrow().clone()
    }

    /// Forgets what has happened. Tests call
    /// [`HostKernel::clear_events`](super::HostKernel::clear_events), which keeps upcalls.
    pub fn clear_events(&self) {
        self.events.borrow_mut().clear();
    }

    fn note(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    fn next_step(&self, process: usize) -> Option<Step> {
        self.scripts.borrow_mut().get_mut(&process)?.pop_front()
    }

    fn room(&self, state: u32) -> Result<(), ()> {
        assert_eq!(state, INITIALIZED, "process was not initialized");
        if self.stack_full.take() {
            Err(())
        } else {
            Ok(())
        }
    }
}

impl UserspaceKernelBoundary for FakeBoundary {
    type StoredState = u32;

    fn initial_process_app_brk_size(&self) -> usize {
        32
    }

    unsafe fn initialize_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut u32,
    ) -> Result<(), ()> {
        assert_eq!(app_brk.addr() - accessible_memory_start.addr(), 32);
        *state = INITIALIZED;
        Ok(())
    }

    unsafe fn set_syscall_return_value(
        &self,
        accessible_memory_start: *const u8,
        _app_brk: *const u8,
        state: &mut u32,
        return_value: SyscallReturn,
    ) -> Result<(), ()> {
        self.room(*state)?;
        self.note(Event::Answered(
            accessible_memory_start.addr(),
            return_value,
        ));
        Ok(())
    }

    unsafe fn set_process_function(
        &self,
        accessible_memory_start: *const u8,
        _app_brk: *const u8,
        state: &mut u32,
        upcall: FunctionCall,
    ) -> Result<(), ()> {
        self.room(*state)?;
        self.note(Event::Called(
            accessible_memory_start.addr(),
            upcall.pc.addr(),
            [
                upcall.argument0,
                upcall.argument1,
                upcall.argument2,
                upcall.argument3.into(),
            ],
        ));
        Ok(())
    }

    unsafe fn switch_to_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut u32,
    ) -> (ContextSwitchReason, Option<*const u8>) {
        assert_eq!(*state, INITIALIZED);
        let process = accessible_memory_start.addr();
        self.note(Event::Entered(process));
        loop {
            let reason = match self.next_step(process) {
                Some(Step::Call(syscall)) => ContextSwitchReason::SyscallFired { syscall },
                Some(Step::Fault) => ContextSwitchReason::Fault,
                Some(Step::Interrupted) => ContextSwitchReason::Interrupted,
                Some(Step::Do(action)) => {
                    action();
                    continue;
                }
                // Its script is at an end: it waits for anything.
                None => ContextSwitchReason::SyscallFired {
                    syscall: yield_wait(),
                },
            };
            return (reason, Some(app_brk));
        }
    }

    unsafe fn print_context(
        &self,
        _accessible_memory_start: *const u8,
        _app_brk: *const u8,
        state: &u32,
        writer: &mut dyn Write,
    ) {
        write!(writer, "registers {state:#x}").unwrap();
    }

    fn store_context(&self, state: &u32, out: &mut [u8]) -> Result<usize, ErrorCode> {
        out.get_mut(..4)
            .ok_or(ErrorCode::SIZE)?
            .copy_from_slice(&state.to_le_bytes());
        Ok(4)
    }
}
