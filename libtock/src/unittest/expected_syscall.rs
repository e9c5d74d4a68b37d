//! Answers that a test prescribes for system calls that it expects.

use crate::platform::{CommandReturn, ErrorCode, Register, YieldNoWaitReturn};

/// A system call that is to come next, and what becomes of it. Any other call
/// fails the test.
#[derive(Clone, Copy, Debug)]
pub enum ExpectedSyscall {
    /// Yield-no-wait.
    YieldNoWait {
        /// Report this instead of what happened.
        override_return: Option<YieldNoWaitReturn>,
    },
    /// Yield-wait.
    YieldWait {
        /// Return without running an upcall.
        skip_upcall: bool,
    },
    /// Subscribe.
    Subscribe {
        /// Driver.
        driver_num: u32,
        /// Upcall.
        subscribe_num: u32,
        /// Fail with this error instead.
        skip_with_error: Option<ErrorCode>,
    },
    /// Command.
    Command {
        /// Driver.
        driver_id: u32,
        /// Command.
        command_id: u32,
        /// First argument.
        argument0: u32,
        /// Second argument.
        argument1: u32,
        /// Answer this instead of what the driver, which still sees the
        /// command, answers.
        override_return: Option<CommandReturn>,
    },
    /// Read-only allow.
    AllowRo {
        /// Driver.
        driver_num: u32,
        /// Buffer.
        buffer_num: u32,
        /// Fail with this error instead.
        return_error: Option<ErrorCode>,
    },
    /// Read-write allow.
    AllowRw {
        /// Driver.
        driver_num: u32,
        /// Buffer.
        buffer_num: u32,
        /// Fail with this error instead.
        return_error: Option<ErrorCode>,
    },
    /// Memop.
    Memop {
        /// Operation.
        memop_num: u32,
        /// Argument.
        argument0: Register,
        /// Fail with this error instead.
        return_error: Option<ErrorCode>,
    },
}
