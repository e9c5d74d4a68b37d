//! What tools on the host read of a driver.

use crate::ErrorCode;

/// A driver as its page in docs/syscalls tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driver {
    /// The name that meter.toml uses.
    pub name: &'static str,
    /// The number in system calls.
    pub number: u32,
    /// All commands by number; the first is `exists`.
    pub commands: &'static [Command],
    /// The upcalls.
    pub upcalls: &'static [Slot],
    /// The read-only allows.
    pub read_only: &'static [Slot],
    /// The read-write allows.
    pub read_write: &'static [Slot],
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// The name that meter.toml uses.
    pub name: &'static str,
    /// The number in system calls.
    pub number: u32,
    /// What it may answer instead of success, or end with if it ends with an upcall.
    pub errors: &'static [ErrorCode],
}

/// An upcall or an allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The name of its constant.
    pub name: &'static str,
    /// The number in system calls.
    pub number: u32,
}

impl Driver {
    /// The command with this name, as meter.toml has it.
    pub fn command(&self, name: &str) -> Option<&'static Command> {
        self.commands.iter().find(|command| command.name == name)
    }
}
