//! The queues of all readers, in one piece of memory: no system calls, no processes but by name.

use core::ops::Range;

use kernel::{ErrorCode, ProcessId};

use super::policy::{arena_size, is_consistent, reader_count, Channel, LENGTH_BYTES};

/// Memory of all queues.
///
/// `CHANNELS` is the length of the table, `READERS` its [`reader_count`], `BYTES`
/// its [`arena_size`].
pub struct Memory<const CHANNELS: usize, const READERS: usize, const BYTES: usize> {
    writers: [Writer; CHANNELS],
    readers: [Reader; READERS],
    arena: [u8; BYTES],
}

impl<const CHANNELS: usize, const READERS: usize, const BYTES: usize>
    Memory<CHANNELS, READERS, BYTES>
{
    /// Makes memory in which all queues are empty.
    pub const fn new() -> Self {
        Memory {
            writers: [Writer::NONE; CHANNELS],
            readers: [Reader::NONE; READERS],
            arena: [0; BYTES],
        }
    }
}

impl<const CHANNELS: usize, const READERS: usize, const BYTES: usize> Default
    for Memory<CHANNELS, READERS, BYTES>
{
    fn default() -> Self {
        Self::new()
    }
}

/// What a reader has been told of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// Nothing since it last received.
    Untold,
    /// An upcall was queued since it last received.
    Told,
    /// An upcall could not be queued.
    Pending,
}

/// One reader of one channel.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    /// The run of the application that the queue belongs to.
    pub process: Option<ProcessId>,
    pub wake: Wake,
    /// Messages that gave way since the last one received.
    pub lost: u32,
    pub waiting: u8,
    first: u8,
}

impl Reader {
    const NONE: Reader = Reader {
        process: None,
        wake: Wake::Untold,
        lost: 0,
        waiting: 0,
        first: 0,
    };
}

/// The writer of one channel.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    /// The run of the writer that was refused and has not been told of room.
    pub refused: Option<ProcessId>,
    /// Messages that gave way in queues of any reader.
    pub lost: u32,
}

impl Writer {
    const NONE: Writer = Writer {
        refused: None,
        lost: 0,
    };
}

/// All queues of a table.
pub(super) struct Queues {
    channels: &'static [Channel],
    pub writers: &'static mut [Writer],
    pub readers: &'static mut [Reader],
    arena: &'static mut [u8],
}

impl Queues {
    /// Queues for a table.
    ///
    /// # Errors
    /// INVAL: the table is not consistent. SIZE: the memory is not that of the table.
    pub fn new<const CHANNELS: usize, const READERS: usize, const BYTES: usize>(
        channels: &'static [Channel],
        memory: &'static mut Memory<CHANNELS, READERS, BYTES>,
    ) -> Result<Self, ErrorCode> {
        if !is_consistent(channels) {
            return Err(ErrorCode::INVAL);
        }
        let needed = (channels.len(), reader_count(channels), arena_size(channels));
        if needed != (CHANNELS, READERS, BYTES) {
            return Err(ErrorCode::SIZE);
        }
        Ok(Queues {
            channels,
            writers: &mut memory.writers,
            readers: &mut memory.readers,
            arena: &mut memory.arena,
        })
    }

    /// Returns the table of channels that the queues were made for.
    pub fn channels(&self) -> &'static [Channel] {
        self.channels
    }

    /// Returns the index in the table of the channel of this number, if there is one.
    pub fn find(&self, number: usize) -> Option<usize> {
        self.channels
            .iter()
            .position(|channel| usize::from(channel.number) == number)
    }

    /// Returns the index of the queue of the first reader of a channel; those of the others
    /// follow it.
    pub fn first_reader(&self, channel: usize) -> usize {
        reader_count(&self.channels[..channel])
    }

    /// Returns the indices of the queues of a channel's readers.
    pub fn readers_of(&self, channel: usize) -> Range<usize> {
        let first = self.first_reader(channel);
        first..first + self.channels[channel].readers.len()
    }

    /// Gives the application's queues to this run of it. What waited for an
    /// earlier run is gone.
    pub fn attach(&mut self, app: u32, process: ProcessId) {
        let apps = self.channels.iter().flat_map(|channel| channel.readers);
        for (reader, reader_app) in self.readers.iter_mut().zip(apps) {
            if *reader_app == app && reader.process != Some(process) {
                *reader = Reader {
                    process: Some(process),
                    ..Reader::NONE
                };
            }
        }
    }

    /// Empties the queue of a reader whose process is gone, and frees it for the next run.
    pub fn detach(&mut self, reader: usize) {
        self.readers[reader] = Reader::NONE;
    }

    /// Messages for which the fullest queue of a living reader has room.
    pub fn room(&self, channel: usize) -> u8 {
        let depth = self.channels[channel].depth;
        self.readers[self.readers_of(channel)]
            .iter()
            .filter(|reader| reader.process.is_some())
            .map(|reader| depth - reader.waiting)
            .min()
            .unwrap_or(depth)
    }

    /// Puts a message into the queue of every living reader; where there is no
    /// room the oldest gives way. `copy` fills a place of `length` bytes, which
    /// are at most the channel's.
    pub fn push(&mut self, channel: usize, length: u16, copy: impl Fn(&mut [u8])) {
        let depth = self.channels[channel].depth;
        for index in self.readers_of(channel) {
            let reader = &mut self.readers[index];
            if reader.process.is_none() {
                continue;
            }
            if reader.waiting == depth {
                reader.first = (reader.first + 1) % depth;
                reader.waiting -= 1;
                reader.lost = reader.lost.saturating_add(1);
                let writer = &mut self.writers[channel];
                writer.lost = writer.lost.saturating_add(1);
            }
            let place = (u16::from(reader.first) + u16::from(reader.waiting)) % u16::from(depth);
            reader.waiting += 1;
            let place = self.place(channel, index, usize::from(place));
            let place = &mut self.arena[place];
            place[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
            copy(&mut place[LENGTH_BYTES..][..usize::from(length)]);
        }
    }

    /// Returns the oldest message in a reader's queue, if there is any.
    pub fn oldest(&self, channel: usize, reader: usize) -> Option<&[u8]> {
        if self.readers[reader].waiting == 0 {
            return None;
        }
        let first = usize::from(self.readers[reader].first);
        let place = &self.arena[self.place(channel, reader, first)];
        let (length, message) = place.split_at(LENGTH_BYTES);
        message.get(..usize::from(u16::from_le_bytes([length[0], length[1]])))
    }

    /// Takes the oldest message away. Gives what was lost before it.
    pub fn pop(&mut self, channel: usize, reader: usize) -> u32 {
        let depth = self.channels[channel].depth;
        let reader = &mut self.readers[reader];
        if reader.waiting > 0 {
            reader.first = (reader.first + 1) % depth;
            reader.waiting -= 1;
        }
        core::mem::take(&mut reader.lost)
    }

    /// Where in the arena a place of the queue of a reader of the channel is.
    fn place(&self, channel: usize, reader: usize, place: usize) -> Range<usize> {
        let before = arena_size(&self.channels[..channel]);
        let position = reader - self.first_reader(channel);
        let channel = &self.channels[channel];
        let start = before + position * channel.queue() + place * channel.place();
        start..start + channel.place()
    }
}
