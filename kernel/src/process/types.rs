//! States, errors and tasks of processes.

use core::num::NonZeroUsize;

use crate::errorcode::ErrorCode;
use crate::upcall::UpcallId;
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

/// Why something asked of a process cannot be done.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// No process has that identifier (it may have restarted).
    NoSuchApp,
    /// Its memory does not suffice.
    OutOfMemory,
    /// The address is not in its memory, or the number out of range.
    AddressOutOfBounds,
    /// The process has ended or failed.
    InactiveApp,
    /// A defect of the kernel.
    KernelError,
    /// The grant is already entered.
    AlreadyInUse,
}

impl From<Error> for Result<(), ErrorCode> {
    fn from(error: Error) -> Result<(), ErrorCode> {
        Err(error.into())
    }
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> ErrorCode {
        match error {
            Error::OutOfMemory => ErrorCode::NOMEM,
            Error::AddressOutOfBounds | Error::NoSuchApp => ErrorCode::INVAL,
            Error::InactiveApp | Error::KernelError | Error::AlreadyInUse => ErrorCode::FAIL,
        }
    }
}

/// What a process is doing.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// It has code to execute.
    Running,
    /// It waits for any upcall.
    Yielded,
    /// It waits for this upcall, whose arguments will be returned to it.
    YieldedFor(UpcallId),
    /// It was stopped and goes on from there when it is resumed.
    Stopped(StoppedState),
    /// It failed and was not restarted.
    Faulted,
    /// It ended, or was ended.
    Terminated,
}

/// What a stopped process was doing.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum StoppedState {
    /// [`State::Running`].
    Running,
    /// [`State::Yielded`].
    Yielded,
    /// [`State::YieldedFor`].
    YieldedFor(UpcallId),
}

/// Why the kernel stopped executing a process.
#[derive(PartialEq, Eq, Copy, Clone, Debug)]
pub enum StoppedExecutingReason {
    /// It waits, has ended or has failed.
    NoWorkLeft,
    /// It failed and was stopped.
    StoppedFaulted,
    /// It was stopped.
    Stopped,
    /// Its time slice is over.
    TimesliceExpired,
    /// The kernel, or a more urgent process, has something to do.
    KernelPreemption,
}

/// What to do about a process that failed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FaultAction {
    /// Panic the kernel.
    Panic,
    /// Start the process over at once.
    Restart,
    /// Leave it as it failed.
    Stop,
}

/// Something that waits in a process's queue.
#[derive(Copy, Clone, Debug)]
pub enum Task {
    /// A function of the process to call.
    FunctionCall(FunctionCall),
    /// Arguments of an upcall that has no function; only Yield-WaitFor sees
    /// them.
    ReturnValue(ReturnArguments),
}

impl Task {
    /// The upcall that this task stems from; `None` for the kernel's own calls.
    pub(crate) fn upcall_id(&self) -> Option<UpcallId> {
        match self {
            Task::FunctionCall(FunctionCall {
                source: FunctionCallSource::Driver(id),
                ..
            }) => Some(*id),
            Task::FunctionCall(_) => None,
            Task::ReturnValue(arguments) => Some(arguments.upcall_id),
        }
    }
}

/// Where a function call comes from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FunctionCallSource {
    /// The kernel: the app's first function.
    Kernel,
    /// A driver: this upcall.
    Driver(UpcallId),
}

/// A function of the process, with arguments.
#[derive(Copy, Clone, Debug)]
pub struct FunctionCall {
    /// Where it comes from.
    pub source: FunctionCallSource,
    /// First argument.
    pub argument0: usize,
    /// Second argument.
    pub argument1: usize,
    /// Third argument.
    pub argument2: usize,
    /// Fourth argument: for an upcall what the process passed to subscribe.
    pub argument3: MachineRegister,
    /// Address of the function.
    pub pc: CapabilityPtr,
}

/// Arguments of an upcall that has no function.
#[derive(Copy, Clone, Debug)]
pub struct ReturnArguments {
    /// The upcall.
    pub upcall_id: UpcallId,
    /// First argument.
    pub argument0: usize,
    /// Second argument.
    pub argument1: usize,
    /// Third argument.
    pub argument2: usize,
}

/// Where a process lies; all addresses are absolute.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ProcessAddresses {
    /// Start of its flash: the TBF header.
    pub flash_start: usize,
    /// First byte of flash after the protected part.
    pub flash_non_protected_start: usize,
    /// End of the flash that its credentials vouch for.
    pub flash_integrity_end: *const u8,
    /// End of its flash.
    pub flash_end: usize,
    /// Start of its RAM.
    pub sram_start: usize,
    /// End of the RAM that it can access.
    pub sram_app_brk: usize,
    /// Start of the grants.
    pub sram_grant_start: usize,
    /// End of its RAM, grants included.
    pub sram_end: usize,
    /// Start of its heap, if it told.
    pub sram_heap_start: Option<usize>,
    /// Top of its stack, if it told.
    pub sram_stack_top: Option<usize>,
    /// The lowest stack pointer seen.
    pub sram_stack_bottom: Option<usize>,
}

/// How much the kernel keeps in a process's RAM, in bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ProcessSizes {
    /// The table of grants.
    pub grant_pointers: usize,
    /// The queue of tasks.
    pub upcall_list: usize,
    /// The process control block (queue included).
    pub process_control_block: usize,
}

/// Names memory that a capsule allocated beside its grant: the distance of its
/// start from the end of the process's RAM.
#[derive(Copy, Clone, Debug)]
pub struct ProcessCustomGrantIdentifier {
    pub(crate) offset_from_end: NonZeroUsize,
}
