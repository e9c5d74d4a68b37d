//! The line to a debugger: packets both ways, and those who come while one is served.

use super::packet::{frame, Decoder, Received};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// How often a wait for the debugger looks whether the user asked to end.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a debugger may leave an answer unread.
const LONGEST_SEND: Duration = Duration::from_secs(2);

fn failed(error: io::Error) -> Failure {
    Failure::host(format_args!("gdb: {error}"))
}

/// Where debuggers come to.
pub struct Door(TcpListener);

impl Door {
    /// Debuggers come to `listener`, which from now on waits for none.
    pub fn new(listener: TcpListener) -> Result<Self, Failure> {
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(Door(listener))
    }

    /// The debugger that is at the door; none if there is none.
    pub fn look(&self) -> Result<Option<Connection>, Failure> {
        match self.0.accept() {
            Ok((stream, _)) => Connection::new(stream).map(Some).map_err(failed),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Waits for a debugger; none if the user asked to end.
    pub fn wait(&self) -> Result<Option<Connection>, Failure> {
        while !interrupt::asked() {
            match self.look()? {
                None => std::thread::sleep(PATIENCE),
                come => return Ok(come),
            }
        }
        Ok(None)
    }

    /// Sends those away who come while another debugger is served.
    fn send_away(&self) -> Result<(), Failure> {
        while self.look()?.is_some() {}
        Ok(())
    }
}

/// The line to one debugger.
pub struct Connection {
    stream: TcpStream,
    decoder: Decoder,
    /// It has gone.
    gone: bool,
}

impl Connection {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(LONGEST_SEND))?;
        Ok(Connection {
            stream,
            decoder: Decoder::default(),
            gone: false,
        })
    }

    /// Returns whether the debugger has gone, with or without a word.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// The next thing received; none when the debugger has gone, or the user asked to end.
    pub fn wait(&mut self, door: &Door) -> Result<Option<Received>, Failure> {
        while !self.gone && !interrupt::asked() {
            door.send_away()?;
            if let Some(received) = self.read() {
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    /// What has been received; none if nothing has, or the debugger has gone.
    pub fn look(&mut self, door: &Door) -> Result<Option<Received>, Failure> {
        door.send_away()?;
        self.stream.set_nonblocking(true).map_err(failed)?;
        let received = self.read();
        self.stream.set_nonblocking(false).map_err(failed)?;
        Ok(received)
    }

    /// Reads until something is whole, or nothing comes.
    fn read(&mut self) -> Option<Received> {
        let mut byte = [0];
        loop {
            match self.stream.read(&mut byte) {
                Ok(1..) => {
                    if let Some(received) = self.decoder.feed(byte[0]) {
                        return Some(received);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return None;
                }
                Ok(0) | Err(_) => {
                    self.gone = true;
                    return None;
                }
            }
        }
    }

    /// Sends bytes; a debugger that does not take them has gone.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.gone |= self.stream.write_all(bytes).is_err();
    }

    /// Sends a packet.
    pub fn reply(&mut self, text: &str) {
        self.send_raw(&frame(text));
    }
}
