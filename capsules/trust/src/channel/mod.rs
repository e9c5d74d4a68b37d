//! Channels: bounded messages by copy between the applications that the policy names (driver 0x80000005).
//!
//! 1. **Each reader has a queue of its own,** in memory that the board gave: a
//!    reader that is slow, dead or hostile costs the others nothing, and a
//!    writer that floods costs nobody but its own readers.
//! 2. **Identity is what the kernel verified.** No argument of a system call says
//!    who is calling.
//! 3. **A queue belongs to one run of a process.** It begins, empty, with the
//!    first system call that the process makes to this driver, and ends with it.
//! 4. **No wake-up is lost.** A reader has at most one upcall for a channel in its
//!    queue of upcalls; if that queue is full, the upcall is
//!    [pending](capsules_support::pending_upcall).
//!
//! The ABI: docs/syscalls/80000005_channel.md.

mod driver;
pub mod policy;
mod queues;

pub use driver::{ChannelDriver, DRIVER_NUM};
pub use policy::{arena_size, is_consistent, reader_count};
pub use queues::Memory;
