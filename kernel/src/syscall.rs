//! System calls as types: what a process asks, what it is answered, and how execution crosses over.
//!
//! The classes, their arguments and their answers are those of TRD 104. The
//! architecture crate decodes registers into a [`Syscall`] and encodes a
//! [`SyscallReturn`] back; everything between is independent of the CPU.

use core::fmt::Write;

use crate::errorcode::ErrorCode;
use crate::process;
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

pub use crate::syscall_driver::{CommandReturn, SyscallDriver};

/// The eight classes of system calls; the number is the immediate of `svc`.
#[repr(u8)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SyscallClass {
    /// Give up the CPU, in one of three variants ([`YieldCall`]).
    Yield = 0,
    /// Register or remove an upcall.
    Subscribe = 1,
    /// Ask a driver to do something.
    Command = 2,
    /// Share a buffer that the kernel may read and write.
    ReadWriteAllow = 3,
    /// Share a buffer that the kernel may read.
    ReadOnlyAllow = 4,
    /// Ask about, or move, the process's own memory.
    Memop = 5,
    /// End or restart the process.
    Exit = 6,
    /// Share a buffer that the kernel may write while the process reads it.
    UserspaceReadableAllow = 7,
}

impl TryFrom<u8> for SyscallClass {
    type Error = u8;

    #[inline]
    fn try_from(class: u8) -> Result<Self, u8> {
        Ok(match class {
            0 => SyscallClass::Yield,
            1 => SyscallClass::Subscribe,
            2 => SyscallClass::Command,
            3 => SyscallClass::ReadWriteAllow,
            4 => SyscallClass::ReadOnlyAllow,
            5 => SyscallClass::Memop,
            6 => SyscallClass::Exit,
            7 => SyscallClass::UserspaceReadableAllow,
            unknown => return Err(unknown),
        })
    }
}

/// The variants of [`SyscallClass::Yield`].
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum YieldCall {
    /// Run one waiting upcall, if there is one; do not wait.
    NoWait = 0,
    /// Wait for an upcall and run it.
    Wait = 1,
    /// Wait for one particular upcall and return its arguments instead of
    /// running it.
    WaitFor = 2,
}

impl TryFrom<usize> for YieldCall {
    type Error = usize;

    #[inline]
    fn try_from(variant: usize) -> Result<Self, usize> {
        Ok(match variant {
            0 => YieldCall::NoWait,
            1 => YieldCall::Wait,
            2 => YieldCall::WaitFor,
            unknown => return Err(unknown),
        })
    }
}

/// A decoded system call. Nothing in it has been checked yet beyond its class.
///
/// In the order of [`SyscallClass`], so that decoding needs no table.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Syscall {
    /// Class [`SyscallClass::Yield`].
    Yield {
        /// The variant, see [`YieldCall`].
        which: usize,
        /// NoWait: address of the result byte. WaitFor: driver number.
        param_a: usize,
        /// WaitFor: subscribe number.
        param_b: usize,
    },

    /// Class [`SyscallClass::Subscribe`].
    Subscribe {
        /// Driver number.
        driver_number: usize,
        /// Subscribe number within the driver.
        subdriver_number: usize,
        /// The upcall function; null unsubscribes.
        upcall_ptr: CapabilityPtr,
        /// Opaque value that the upcall gets back as its fourth argument.
        appdata: MachineRegister,
    },

    /// Class [`SyscallClass::Command`].
    Command {
        /// Driver number.
        driver_number: usize,
        /// Command number within the driver.
        subdriver_number: usize,
        /// First argument of the command.
        arg0: usize,
        /// Second argument of the command.
        arg1: usize,
    },

    /// Class [`SyscallClass::ReadWriteAllow`].
    ReadWriteAllow {
        /// Driver number.
        driver_number: usize,
        /// Buffer number within the driver.
        subdriver_number: usize,
        /// Claimed start of the buffer.
        allow_address: *mut u8,
        /// Claimed length of the buffer in bytes.
        allow_size: usize,
    },

    /// Class [`SyscallClass::ReadOnlyAllow`].
    ReadOnlyAllow {
        /// Driver number.
        driver_number: usize,
        /// Buffer number within the driver.
        subdriver_number: usize,
        /// Claimed start of the buffer.
        allow_address: *const u8,
        /// Claimed length of the buffer in bytes.
        allow_size: usize,
    },

    /// Class [`SyscallClass::Memop`].
    Memop {
        /// The operation.
        operand: usize,
        /// Its argument.
        arg0: usize,
    },

    /// Class [`SyscallClass::Exit`].
    Exit {
        /// 0 terminates, 1 restarts.
        which: usize,
        /// Completion code that the process leaves behind.
        completion_code: usize,
    },

    /// Class [`SyscallClass::UserspaceReadableAllow`].
    UserspaceReadableAllow {
        /// Driver number.
        driver_number: usize,
        /// Buffer number within the driver.
        subdriver_number: usize,
        /// Claimed start of the buffer.
        allow_address: *mut u8,
        /// Claimed length of the buffer in bytes.
        allow_size: usize,
    },
}

impl Syscall {
    /// Decodes the registers of TRD 104, or `None` for an unknown class (which
    /// the caller treats as a fault of the process).
    #[inline(always)]
    pub fn from_register_arguments(
        syscall_number: u8,
        r0: usize,
        r1: MachineRegister,
        r2: MachineRegister,
        r3: MachineRegister,
    ) -> Option<Syscall> {
        let pointer = |register: MachineRegister| CapabilityPtr::from(register).as_ptr::<u8>();
        Some(match SyscallClass::try_from(syscall_number).ok()? {
            SyscallClass::Yield => Syscall::Yield {
                which: r0,
                param_a: r1.into(),
                param_b: r2.into(),
            },
            SyscallClass::Subscribe => Syscall::Subscribe {
                driver_number: r0,
                subdriver_number: r1.into(),
                upcall_ptr: r2.into(),
                appdata: r3,
            },
            SyscallClass::Command => Syscall::Command {
                driver_number: r0,
                subdriver_number: r1.into(),
                arg0: r2.into(),
                arg1: r3.into(),
            },
            SyscallClass::ReadWriteAllow => Syscall::ReadWriteAllow {
                driver_number: r0,
                subdriver_number: r1.into(),
                allow_address: pointer(r2).cast_mut(),
                allow_size: r3.into(),
            },
            SyscallClass::UserspaceReadableAllow => Syscall::UserspaceReadableAllow {
                driver_number: r0,
                subdriver_number: r1.into(),
                allow_address: pointer(r2).cast_mut(),
                allow_size: r3.into(),
            },
            SyscallClass::ReadOnlyAllow => Syscall::ReadOnlyAllow {
                driver_number: r0,
                subdriver_number: r1.into(),
                allow_address: pointer(r2),
                allow_size: r3.into(),
            },
            SyscallClass::Memop => Syscall::Memop {
                operand: r0,
                arg0: r1.into(),
            },
            SyscallClass::Exit => Syscall::Exit {
                which: r0,
                completion_code: r1.into(),
            },
        })
    }

    /// The driver number, for the classes that address a driver.
    pub fn driver_number(&self) -> Option<usize> {
        match *self {
            Syscall::Subscribe { driver_number, .. }
            | Syscall::Command { driver_number, .. }
            | Syscall::ReadWriteAllow { driver_number, .. }
            | Syscall::UserspaceReadableAllow { driver_number, .. }
            | Syscall::ReadOnlyAllow { driver_number, .. } => Some(driver_number),
            Syscall::Yield { .. } | Syscall::Memop { .. } | Syscall::Exit { .. } => None,
        }
    }

    /// The number within the driver, for the classes that address a driver.
    pub fn subdriver_number(&self) -> Option<usize> {
        match *self {
            Syscall::Subscribe {
                subdriver_number, ..
            }
            | Syscall::Command {
                subdriver_number, ..
            }
            | Syscall::ReadWriteAllow {
                subdriver_number, ..
            }
            | Syscall::UserspaceReadableAllow {
                subdriver_number, ..
            }
            | Syscall::ReadOnlyAllow {
                subdriver_number, ..
            } => Some(subdriver_number),
            Syscall::Yield { .. } | Syscall::Memop { .. } | Syscall::Exit { .. } => None,
        }
    }
}

/// What a system call answers, before it is encoded into registers.
///
/// Capsules never make one: commands answer with a [`CommandReturn`], whose
/// constructors are limited to plain numbers.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum SyscallReturn {
    /// Failure.
    Failure(ErrorCode),
    /// Failure with one number.
    FailureU32(ErrorCode, u32),
    /// Failure with two numbers.
    FailureU32U32(ErrorCode, u32, u32),
    /// Failure with one 64-bit number.
    FailureU64(ErrorCode, u64),
    /// Success.
    Success,
    /// Success with one number.
    SuccessU32(u32),
    /// Success with two numbers.
    SuccessU32U32(u32, u32),
    /// Success with three numbers.
    SuccessU32U32U32(u32, u32, u32),
    /// Success with one 64-bit number.
    SuccessU64(u64),
    /// Success with one number and one 64-bit number.
    SuccessU32U64(u32, u64),
    /// Success with an address that grants no access.
    SuccessAddr(usize),
    /// Success with a pointer that the process may use.
    SuccessPtr(CapabilityPtr),
    /// Read-write allow succeeded: the buffer that was in the slot before.
    AllowReadWriteSuccess(*mut u8, usize),
    /// Read-write allow failed: the buffer that was passed.
    AllowReadWriteFailure(ErrorCode, *mut u8, usize),
    /// Userspace-readable allow succeeded: the buffer that was in the slot before.
    UserspaceReadableAllowSuccess(*mut u8, usize),
    /// Userspace-readable allow failed: the buffer that was passed.
    UserspaceReadableAllowFailure(ErrorCode, *mut u8, usize),
    /// Read-only allow succeeded: the buffer that was in the slot before.
    AllowReadOnlySuccess(*const u8, usize),
    /// Read-only allow failed: the buffer that was passed.
    AllowReadOnlyFailure(ErrorCode, *const u8, usize),
    /// Subscribe succeeded: function and data that were in the slot before.
    SubscribeSuccess(*const (), usize),
    /// Subscribe failed: function and data that were passed.
    SubscribeFailure(ErrorCode, *const (), usize),
    /// Yield-WaitFor is over: the three arguments of the awaited upcall, as
    /// they are (no tag).
    YieldWaitFor(usize, usize, usize),
}

impl SyscallReturn {
    /// The answer of a command, unwrapped.
    #[inline]
    pub(crate) fn from_command_return(command_return: CommandReturn) -> Self {
        command_return.into_inner()
    }
}

/// Why a process stopped executing.
#[derive(PartialEq, Copy, Clone)]
pub enum ContextSwitchReason {
    /// It made a system call.
    SyscallFired {
        /// The decoded call.
        syscall: Syscall,
    },
    /// It faulted, made a system call of an unknown class, or its stack pointer
    /// left its memory.
    Fault,
    /// An interrupt took the CPU away from it.
    Interrupted,
}

/// How execution crosses between kernel and process: implemented once for each
/// architecture.
///
/// The process's own memory may be used to pass values. For that, each method
/// gets the memory that the process can access right now,
/// `accessible_memory_start..app_brk`, and must check every address that the
/// process can influence (its stack pointer above all) against it.
pub trait UserspaceKernelBoundary {
    /// What must be kept of a process while it does not execute: the registers
    /// that are not on its stack.
    ///
    /// `Default` need not give a startable state;
    /// [`initialize_process`](Self::initialize_process) does.
    type StoredState: Default;

    /// The least number of bytes of accessible memory with which a process can
    /// start.
    fn initial_process_app_brk_size(&self) -> usize;

    /// Prepares `state` (and memory, if needed) so that
    /// [`set_process_function`](Self::set_process_function) can give the process
    /// its first function. Called at creation and at each restart.
    ///
    /// # Errors
    ///
    /// `Err` if the process cannot be started with that memory.
    ///
    /// # Safety
    ///
    /// `accessible_memory_start` is word-aligned, and
    /// `accessible_memory_start..app_brk` is memory of this process that nothing
    /// else refers to during the call. The implementation writes nowhere else.
    #[allow(clippy::result_unit_err)]
    unsafe fn initialize_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
    ) -> Result<(), ()>;

    /// Sets what the process finds in its registers when it returns from the
    /// system call it has made.
    ///
    /// # Errors
    ///
    /// `Err` if the process has no valid place for it.
    ///
    /// # Safety
    ///
    /// As for [`initialize_process`](Self::initialize_process).
    #[allow(clippy::result_unit_err)]
    unsafe fn set_syscall_return_value(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
        return_value: SyscallReturn,
    ) -> Result<(), ()>;

    /// Makes the process execute `upcall` when it is resumed; when the function
    /// returns, the process continues after the yield. Not to be combined with
    /// [`set_syscall_return_value`](Self::set_syscall_return_value).
    ///
    /// # Errors
    ///
    /// `Err` if its stack has no room.
    ///
    /// # Safety
    ///
    /// As for [`initialize_process`](Self::initialize_process).
    #[allow(clippy::result_unit_err)]
    unsafe fn set_process_function(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
        upcall: process::FunctionCall,
    ) -> Result<(), ()>;

    /// Executes the process until it stops. Returns why, and its stack pointer
    /// if it is known (used for debugging only).
    ///
    /// # Safety
    ///
    /// As for [`initialize_process`](Self::initialize_process); and the MPU is
    /// configured for this process.
    unsafe fn switch_to_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
    ) -> (ContextSwitchReason, Option<*const u8>);

    /// Prints the process's registers for a human.
    ///
    /// # Safety
    ///
    /// As for [`initialize_process`](Self::initialize_process).
    unsafe fn print_context(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &Self::StoredState,
        writer: &mut dyn Write,
    );

    /// Writes the process's registers in binary into `out` and returns how many
    /// bytes were written.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::SIZE`] if `out` is too short.
    fn store_context(&self, state: &Self::StoredState, out: &mut [u8]) -> Result<usize, ErrorCode>;
}
