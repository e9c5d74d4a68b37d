//! Bytes in from the console.
//!
//! The console ends a read when its buffer is full, which a typed command does
//! not do. So a read is under way all the time, and a few times a second it is
//! ended by force for what has come. That costs less than a read for each
//! byte, and loses none while the app measures.

use libtock::apis::console::{Console, LentForRead, DRIVER_NUM, READ_BUFFER};
use libtock::platform::share::Handle;
use libtock::platform::{AllowRw, Syscalls};

/// Bytes of one read.
pub const READ_BYTES: usize = 64;

type Share<'scope, 'share, S> = Handle<'scope, AllowRw<'share, S, DRIVER_NUM, READ_BUFFER>>;

/// The read that is under way.
pub struct Input<'scope, 'share, S: Syscalls> {
    share: Share<'scope, 'share, S>,
    lent: Option<LentForRead<'scope, 'share, S>>,
    held: Option<&'share mut [u8]>,
}

impl<'scope, 'share, S: Syscalls> Input<'scope, 'share, S> {
    /// Starts to read.
    pub fn start(share: Share<'scope, 'share, S>, buffer: &'share mut [u8; READ_BYTES]) -> Self {
        let mut input = Input {
            share,
            lent: None,
            held: Some(buffer),
        };
        input.listen();
        input
    }

    /// Ends the read, or starts one if the last start failed.
    pub fn poll(&mut self) {
        if self.lent.is_some() {
            // Without a read there is nothing to end, and its upcall is due.
            let _ = Console::<S>::abort_read();
        } else {
            self.listen();
        }
    }

    /// The read has ended with `count` bytes: hands them to `each` and starts
    /// the next read.
    pub fn received(&mut self, count: usize, mut each: impl FnMut(u8)) {
        let Some(lent) = self.lent.take() else {
            return;
        };
        let buffer = lent.take_back();
        let mut bytes = [0; READ_BYTES];
        let count = count.min(buffer.len());
        bytes[..count].copy_from_slice(&buffer[..count]);
        self.held = Some(buffer);
        // Listening comes first: the bytes may take a while.
        self.listen();
        bytes[..count].iter().for_each(|&byte| each(byte));
    }

    fn listen(&mut self) {
        let Some(buffer) = self.held.take() else {
            return;
        };
        match LentForRead::lend(self.share, buffer) {
            Err((_, buffer)) => self.held = Some(buffer),
            Ok(lent) => match Console::<S>::start_read(READ_BYTES) {
                Ok(()) => self.lent = Some(lent),
                Err(_) => self.held = Some(lent.take_back()),
            },
        }
    }
}
