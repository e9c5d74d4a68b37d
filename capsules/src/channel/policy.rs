//! The channels that exist, who may write and who may read each: data that the board hands over.
//!
//! Applications are named by the ShortId that the kernel gave them after it had
//! verified their signature. The tables are generated from `meter.toml`.

/// What a send does when the queue of a living reader has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest message of that reader's queue gives way, and is counted as lost.
    Oldest,
    /// The send is refused for all readers; the writer hears when there is room again.
    Refuse,
}

/// One channel: one writer, any number of readers, each with a queue of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The number in system calls; unique in a table.
    pub number: u16,
    /// ShortId of the only application that may send.
    pub writer: u32,
    /// ShortIds of the applications that may receive; no application twice.
    pub readers: &'static [u32],
    /// The longest message, in bytes.
    pub message: u16,
    /// Messages that the queue of each reader holds; at least 1.
    pub depth: u8,
    /// What happens to a message for which there is no room.
    pub overflow: Overflow,
}
