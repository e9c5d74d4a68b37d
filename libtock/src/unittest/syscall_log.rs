//! The record of the system calls that a test has made.

use crate::platform::Register;

/// One system call. Exit ends the test and is not recorded.
#[derive(Debug, Eq, PartialEq)]
pub enum SyscallLogEntry {
    /// Yield-no-wait.
    YieldNoWait,
    /// Yield-wait.
    YieldWait,
    /// Yield-wait-for.
    YieldWaitFor {
        /// Driver waited for.
        driver_num: u32,
        /// Upcall waited for.
        subscribe_num: u32,
    },
    /// Subscribe, the null upcall included.
    Subscribe {
        /// Driver.
        driver_num: u32,
        /// Upcall.
        subscribe_num: u32,
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
    },
    /// Read-only allow, the empty buffer included.
    AllowRo {
        /// Driver.
        driver_num: u32,
        /// Buffer.
        buffer_num: u32,
        /// Its bytes.
        len: usize,
    },
    /// Read-write allow, the empty buffer included.
    AllowRw {
        /// Driver.
        driver_num: u32,
        /// Buffer.
        buffer_num: u32,
        /// Its bytes.
        len: usize,
    },
    /// Memop.
    Memop {
        /// Operation.
        memop_num: u32,
        /// Argument.
        argument0: Register,
    },
}
