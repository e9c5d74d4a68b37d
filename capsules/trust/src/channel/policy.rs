//! The channels that exist, who may write and who may read each: data that the board hands over.
//!
//! Applications are named by the ShortId that the kernel gave them after it had
//! verified their signature. The tables are generated from `meter.toml`.

pub use drivers::channel::Overflow;

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

/// Bytes that a queue keeps beside each message: its length.
pub(super) const LENGTH_BYTES: usize = 2;

impl Channel {
    /// Bytes of one place in a queue.
    pub(super) const fn place(&self) -> usize {
        LENGTH_BYTES + self.message as usize
    }

    /// Bytes of the queue of one reader.
    pub(super) const fn queue(&self) -> usize {
        self.place() * self.depth as usize
    }
}

/// Returns how many queues a table needs: one for each reader of each channel.
pub const fn reader_count(channels: &[Channel]) -> usize {
    let mut count = 0;
    let mut index = 0;
    while index < channels.len() {
        count += channels[index].readers.len();
        index += 1;
    }
    count
}

/// Returns how many bytes of memory the queues of a table need.
pub const fn arena_size(channels: &[Channel]) -> usize {
    let mut bytes = 0;
    let mut index = 0;
    while index < channels.len() {
        bytes += channels[index].queue() * channels[index].readers.len();
        index += 1;
    }
    bytes
}

/// Whether a table can be carried out: no number twice, every queue with room
/// for a message, and on each channel no application twice, reader or writer.
pub const fn is_consistent(channels: &[Channel]) -> bool {
    let mut index = 0;
    while index < channels.len() {
        let channel = &channels[index];
        if channel.depth == 0 || channel.writer == 0 {
            return false;
        }
        let mut reader = 0;
        while reader < channel.readers.len() {
            let app = channel.readers[reader];
            if app == 0 || app == channel.writer || contains(channel.readers, app, reader) {
                return false;
            }
            reader += 1;
        }
        let mut other = 0;
        while other < index {
            if channels[other].number == channel.number {
                return false;
            }
            other += 1;
        }
        index += 1;
    }
    true
}

/// Whether one of the first `count` of `apps` is `app`.
const fn contains(apps: &[u32], app: u32, count: usize) -> bool {
    let mut index = 0;
    while index < count {
        if apps[index] == app {
            return true;
        }
        index += 1;
    }
    false
}
