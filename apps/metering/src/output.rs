//! Lines out, without ever waiting for the reader.

use crate::text::Text;
use libtock::apis::console::{Console, LentForWrite, DRIVER_NUM, WRITE_BUFFER};
use libtock::platform::share::Handle;
use libtock::platform::{AllowRo, Syscalls};

/// Bytes that are written at once.
pub const CHUNK_BYTES: usize = crate::report::LINE_BYTES;

/// Bytes of answers that can wait.
const WAITING_BYTES: usize = 1_024;

/// Text that waits to be written.
pub type Waiting = Text<WAITING_BYTES>;

type Share<'scope, 'share, S> = Handle<'scope, AllowRo<'share, S, DRIVER_NUM, WRITE_BUFFER>>;

enum Chunk<'scope, 'share, S: Syscalls> {
    Held(&'share mut [u8; CHUNK_BYTES]),
    Lent(LentForWrite<'scope, 'share, S>),
    /// The kernel gave the chunk back in another size: never, by its contract.
    Gone,
}

/// Writes lines in the background. A line that comes while the one before is
/// still going out is dropped and counted; answers to commands wait.
pub struct Output<'scope, 'share, S: Syscalls> {
    share: Share<'scope, 'share, S>,
    chunk: Chunk<'scope, 'share, S>,
    waiting: &'share mut Waiting,
    dropped: u32,
}

impl<'scope, 'share, S: Syscalls> Output<'scope, 'share, S> {
    /// An idle output.
    pub fn new(
        share: Share<'scope, 'share, S>,
        chunk: &'share mut [u8; CHUNK_BYTES],
        waiting: &'share mut Waiting,
    ) -> Self {
        Output {
            share,
            chunk: Chunk::Held(chunk),
            waiting,
            dropped: 0,
        }
    }

    /// Writes a line that nobody asked for, or drops it.
    pub fn offer<const N: usize>(&mut self, line: &Text<N>) {
        if matches!(self.chunk, Chunk::Held(_)) && self.waiting.is_empty() {
            self.answer(line);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Writes the answer to a command as soon as it can be. One that does not
    /// fit among those that wait is dropped whole.
    pub fn answer<const N: usize>(&mut self, line: &Text<N>) {
        if self.waiting.as_bytes().len() + line.as_bytes().len() > WAITING_BYTES {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.waiting.raw(line.as_bytes());
        self.push();
    }

    /// Lines dropped since start.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The write that was under way has ended.
    pub fn written(&mut self) {
        self.take_back();
        self.push();
    }

    /// Starts to write what waits.
    fn push(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let chunk = match core::mem::replace(&mut self.chunk, Chunk::Gone) {
            Chunk::Held(chunk) => chunk,
            other => {
                self.chunk = other;
                return;
            }
        };
        let length = self.waiting.as_bytes().len().min(CHUNK_BYTES);
        chunk[..length].copy_from_slice(&self.waiting.as_bytes()[..length]);
        self.waiting.drop_front(length);
        self.chunk = match LentForWrite::lend(self.share, chunk) {
            Ok(lent) => Chunk::Lent(lent),
            Err((_, chunk)) => {
                self.dropped = self.dropped.saturating_add(1);
                chunk.try_into().map_or(Chunk::Gone, Chunk::Held)
            }
        };
        if matches!(self.chunk, Chunk::Lent(_)) && Console::<S>::start_write(length).is_err() {
            self.dropped = self.dropped.saturating_add(1);
            self.take_back();
        }
    }

    fn take_back(&mut self) {
        self.chunk = match core::mem::replace(&mut self.chunk, Chunk::Gone) {
            Chunk::Lent(lent) => lent.take_back().try_into().map_or(Chunk::Gone, Chunk::Held),
            other => other,
        };
    }
}
