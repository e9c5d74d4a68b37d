//! Text on its way to a stream that somebody may not read: a thread of its own writes
//! it, so that the run neither waits for ever nor loses anything while it is read.

use super::interrupt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The most bytes that wait for a reader.
const MOST_WAITING: usize = 16 << 20;
/// The most that is handed to the system at once.
const PIECE: usize = 64 * 1024;
/// How long a full stream is waited for when nothing moves.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end waits for a stream in which nothing moves.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// The longest sleep between looks whether the user asked to end.
const LOOK: Duration = Duration::from_millis(50);

/// The end of a stream. Clones write to the same one.
#[derive(Clone)]
pub struct Writer(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: Vec<u8>,
    /// Bytes that the thread has taken and not yet written.
    under_way: usize,
    /// When something moved last, or began to wait for it.
    moved: Instant,
    /// Nothing moved for so long that bytes were lost.
    given_up: bool,
    lost: u64,
    failed: Option<(io::ErrorKind, String)>,
}

impl State {
    fn kept(&self) -> usize {
        self.waiting.len() + self.under_way
    }

    fn result(&self) -> io::Result<()> {
        match &self.failed {
            Some((kind, message)) => Err(io::Error::new(*kind, message.clone())),
            None => Ok(()),
        }
    }
}

impl Writer {
    /// Starts the thread that writes to `stream`.
    pub fn to(stream: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                waiting: Vec::new(),
                under_way: 0,
                moved: Instant::now(),
                given_up: false,
                lost: 0,
                failed: None,
            }),
            changed: Condvar::new(),
        });
        let writer = Writer(shared.clone());
        std::thread::spawn(move || shared.serve(stream));
        writer
    }

    /// The program's standard output.
    pub fn standard_output() -> Self {
        static OUTPUT: OnceLock<Writer> = OnceLock::new();
        OUTPUT.get_or_init(|| Writer::to(io::stdout())).clone()
    }

    /// The program's standard error.
    pub fn standard_error() -> Self {
        static ERROR: OnceLock<Writer> = OnceLock::new();
        ERROR.get_or_init(|| Writer::to(io::stderr())).clone()
    }

    /// Sends bytes on their way. A full stream is waited for as long as something moves
    /// in it and the user does not ask to end; then the bytes are lost, and counted.
    ///
    /// An error is what an earlier write failed with.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.kept() == 0 {
            state.moved = Instant::now();
        }
        while state.failed.is_none() && state.kept() + bytes.len() > MOST_WAITING {
            let stands = state.moved.elapsed() > PATIENCE;
            if state.given_up || stands || interrupt::asked() {
                state.given_up = true;
                state.lost += bytes.len() as u64;
                return Ok(());
            }
            state = self.0.wait(state);
        }
        state.result()?;
        state.waiting.extend_from_slice(bytes);
        self.0.changed.notify_all();
        Ok(())
    }

    /// Waits until all is written, or nothing moves any more. Returns the bytes that
    /// nobody read.
    ///
    /// An error is what a write failed with.
    pub fn finish(&self) -> io::Result<u64> {
        let begun = Instant::now();
        let mut state = self.0.lock();
        while state.failed.is_none() && state.kept() > 0 {
            if state.moved.max(begun).elapsed() > LAST_PATIENCE {
                return Ok(state.lost + state.kept() as u64);
            }
            state = self.0.wait(state);
        }
        state.result().map(|()| state.lost)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change, but not for long.
    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, LOOK);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Writes what comes, until the stream fails.
    fn serve(&self, mut stream: impl Write) {
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() {
                let waited = self.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
            let bytes = std::mem::take(&mut state.waiting);
            state.under_way = bytes.len();
            drop(state);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let written = write_some(&mut stream, rest);
                let mut state = self.lock();
                match written {
                    Ok(count) => {
                        rest = &rest[count..];
                        state.under_way = rest.len();
                        state.moved = Instant::now();
                        state.given_up = false;
                    }
                    Err(error) => {
                        state.failed = Some((error.kind(), error.to_string()));
                        state.under_way = 0;
                    }
                }
                let failed = state.failed.is_some();
                drop(state);
                self.changed.notify_all();
                if failed {
                    return;
                }
            }
        }
    }
}

/// Writes some of `bytes`; how many.
fn write_some(stream: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    loop {
        let piece = &bytes[..bytes.len().min(PIECE)];
        match stream.write(piece).and_then(|count| {
            stream.flush()?;
            Ok(count)
        }) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{channel, Receiver, Sender};

    /// A stream that takes a piece for each leave that it is given.
    struct Gate(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .recv()
                .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            // Nobody may look.
            let _ = self.1.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stream_that_nobody_reads_does_not_hold_the_run() {
        let (leave, gate) = channel();
        let (taken, seen) = channel();
        let writer = Writer::to(Gate(gate, taken));
        let begun = Instant::now();
        for _ in 0..1_000 {
            writer.send(&[7; 1_000]).expect("kept");
        }
        assert!(begun.elapsed() < Duration::from_secs(1));
        let unread = writer.finish().expect("no failure");
        assert_eq!(unread, 1_000_000);
        for _ in 0..100 {
            leave.send(()).expect("open");
        }
        assert_eq!(writer.finish().expect("all is written"), 0);
        let written: usize = seen.try_iter().map(|piece| piece.len()).sum();
        assert_eq!(written, 1_000_000);
    }

    #[test]
    fn a_closed_stream_is_an_error() {
        let (leave, gate) = channel();
        let (taken, _seen) = channel();
        let writer = Writer::to(Gate(gate, taken));
        drop(leave);
        writer.send(b"text").expect("on its way");
        assert!(writer.finish().is_err());
        assert!(writer.send(b"more").is_err());
    }
}
