//! What a capsule implements to be reachable by system calls.

use crate::errorcode::ErrorCode;
use crate::process::{self, ProcessId};
use crate::processbuffer::UserspaceReadableProcessBuffer;
use crate::syscall::SyscallReturn;

/// The answer of a command (TRD 104): an error or success with a few numbers.
///
/// The wrapped [`SyscallReturn`] is private so that a capsule cannot forge the
/// answer of another class.
#[derive(Debug)]
pub struct CommandReturn(SyscallReturn);

/// Defines one `is_...` and one `get_...` of [`CommandReturn`] for a shape.
macro_rules! shape {
    ($is:ident, $get:ident, $pattern:pat => $value:expr, $type:ty, $what:literal) => {
        #[doc = concat!("Whether this is ", $what, ".")]
        pub fn $is(&self) -> bool {
            self.$get().is_some()
        }

        #[doc = concat!("The values, if this is ", $what, ".")]
        pub fn $get(&self) -> Option<$type> {
            match self.0 {
                $pattern => Some($value),
                _ => None,
            }
        }
    };
}

impl CommandReturn {
    #[inline]
    pub(crate) fn into_inner(self) -> SyscallReturn {
        self.0
    }

    /// Failure.
    #[inline]
    pub fn failure(code: ErrorCode) -> Self {
        CommandReturn(SyscallReturn::Failure(code))
    }

    /// Failure with one number.
    #[inline]
    pub fn failure_u32(code: ErrorCode, data0: u32) -> Self {
        CommandReturn(SyscallReturn::FailureU32(code, data0))
    }

    /// Failure with two numbers.
    #[inline]
    pub fn failure_u32_u32(code: ErrorCode, data0: u32, data1: u32) -> Self {
        CommandReturn(SyscallReturn::FailureU32U32(code, data0, data1))
    }

    /// Failure with one 64-bit number.
    #[inline]
    pub fn failure_u64(code: ErrorCode, data0: u64) -> Self {
        CommandReturn(SyscallReturn::FailureU64(code, data0))
    }

    /// Success.
    #[inline]
    pub fn success() -> Self {
        CommandReturn(SyscallReturn::Success)
    }

    /// Success with one number.
    #[inline]
    pub fn success_u32(data0: u32) -> Self {
        CommandReturn(SyscallReturn::SuccessU32(data0))
    }

    /// Success with two numbers.
    #[inline]
    pub fn success_u32_u32(data0: u32, data1: u32) -> Self {
        CommandReturn(SyscallReturn::SuccessU32U32(data0, data1))
    }

    /// Success with three numbers.
    #[inline]
    pub fn success_u32_u32_u32(data0: u32, data1: u32, data2: u32) -> Self {
        CommandReturn(SyscallReturn::SuccessU32U32U32(data0, data1, data2))
    }

    /// Success with one 64-bit number.
    #[inline]
    pub fn success_u64(data0: u64) -> Self {
        CommandReturn(SyscallReturn::SuccessU64(data0))
    }

    /// Success with one number and one 64-bit number.
    #[inline]
    pub fn success_u32_u64(data0: u32, data1: u64) -> Self {
        CommandReturn(SyscallReturn::SuccessU32U64(data0, data1))
    }

    /// Returns whether this is success without a value.
    pub fn is_success(&self) -> bool {
        matches!(self.0, SyscallReturn::Success)
    }

    shape!(is_failure, get_failure,
        SyscallReturn::Failure(code) => code, ErrorCode, "failure without a value");
    shape!(is_failure_u32, get_failure_u32,
        SyscallReturn::FailureU32(code, a) => (code, a), (ErrorCode, u32),
        "failure with one number");
    shape!(is_failure_2_u32, get_failure_2_u32,
        SyscallReturn::FailureU32U32(code, a, b) => (code, a, b), (ErrorCode, u32, u32),
        "failure with two numbers");
    shape!(is_failure_u64, get_failure_u64,
        SyscallReturn::FailureU64(code, a) => (code, a), (ErrorCode, u64),
        "failure with a 64-bit number");
    shape!(is_success_u32, get_success_u32,
        SyscallReturn::SuccessU32(a) => a, u32, "success with one number");
    shape!(is_success_2_u32, get_success_2_u32,
        SyscallReturn::SuccessU32U32(a, b) => (a, b), (u32, u32),
        "success with two numbers");
    shape!(is_success_u64, get_success_u64,
        SyscallReturn::SuccessU64(a) => a, u64, "success with a 64-bit number");
    shape!(is_success_3_u32, get_success_3_u32,
        SyscallReturn::SuccessU32U32U32(a, b, c) => (a, b, c), (u32, u32, u32),
        "success with three numbers");
    shape!(is_success_u32_u64, get_success_u32_u64,
        SyscallReturn::SuccessU32U64(a, b) => (a, b), (u32, u64),
        "success with a number and a 64-bit number");
}

impl From<Result<(), ErrorCode>> for CommandReturn {
    fn from(result: Result<(), ErrorCode>) -> Self {
        match result {
            Ok(()) => CommandReturn::success(),
            Err(code) => CommandReturn::failure(code),
        }
    }
}

impl From<process::Error> for CommandReturn {
    fn from(error: process::Error) -> Self {
        CommandReturn::failure(error.into())
    }
}

/// A driver that processes reach by number.
///
/// Subscribe and the two plain allows are handled by the kernel alone, in the
/// driver's grant. A driver that ever schedules an upcall must have allocated
/// its grant for that process: Yield-WaitFor works without a subscribe, so
/// nothing else would allocate it.
#[allow(unused_variables)]
pub trait SyscallDriver {
    /// Does something short, or starts something long whose end is reported by
    /// an upcall. Command 0 only says that the driver exists, and must succeed.
    fn command(
        &self,
        command_num: usize,
        r2: usize,
        r3: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        CommandReturn::failure(ErrorCode::NOSUPPORT)
    }

    /// Takes a buffer that the process keeps reading, and gives back the one
    /// that was in the slot before. The kernel has checked that the process can
    /// access all of it.
    ///
    /// # Errors
    ///
    /// The passed buffer, with the reason.
    fn allow_userspace_readable(
        &self,
        app: ProcessId,
        which: usize,
        slice: UserspaceReadableProcessBuffer,
    ) -> Result<UserspaceReadableProcessBuffer, (UserspaceReadableProcessBuffer, ErrorCode)> {
        Err((slice, ErrorCode::NOSUPPORT))
    }

    /// Allocates the driver's grant for that process, typically with
    /// `self.grant.enter(process_id, |_, _| {})`. Only the driver knows the type
    /// in it, so the kernel must ask when a subscribe or allow comes first.
    ///
    /// # Errors
    ///
    /// What entering the grant reports.
    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), process::Error>;
}
