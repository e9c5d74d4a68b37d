//! The host's ends of UARTs and RTT: standard streams, pseudo-terminals, TCP,
//! files. Nothing here waits for ever.

use super::arguments::Port;
use super::failure::tell;
use super::output::Writer;
use rustix::fs::{fcntl_setfl, OFlags};
use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use rustix::termios::{tcgetattr, tcsetattr, OptionalActions};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{sync_channel, Receiver};

/// The most bytes kept for a peer that does not read.
const MOST_WAITING: usize = 1 << 20;
/// Pieces of standard input that are read ahead.
const MOST_READ_AHEAD: usize = 16;

/// An open port.
pub enum Endpoint {
    None,
    Stdio {
        input: Option<Receiver<Vec<u8>>>,
        output: Writer,
    },
    /// The controlling side, with one end held open so that it never hangs up.
    Pty {
        controller: File,
        _held: OwnedFd,
        waiting: Vec<u8>,
    },
    Tcp {
        listener: TcpListener,
        peer: Option<TcpStream>,
        waiting: Vec<u8>,
    },
    File(Writer),
}

impl Endpoint {
    /// Opens a port; `name` is what it is called on standard error. Standard
    /// input belongs to one port only; with `to_error`, text for standard output
    /// goes to standard error.
    pub fn open(port: &Port, name: &str, reads_input: bool, to_error: bool) -> io::Result<Self> {
        Ok(match port {
            Port::None => Endpoint::None,
            Port::Stdio => Endpoint::Stdio {
                input: reads_input.then(read_standard_input),
                output: if to_error {
                    Writer::standard_error()
                } else {
                    Writer::standard_output()
                },
            },
            Port::Pty => {
                let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
                grantpt(&controller)?;
                unlockpt(&controller)?;
                let path = ptsname(&controller, Vec::new())?;
                let path = path.to_string_lossy().into_owned();
                let held = OwnedFd::from(File::options().read(true).write(true).open(&path)?);
                let mut mode = tcgetattr(&held)?;
                mode.make_raw();
                tcsetattr(&held, OptionalActions::Now, &mode)?;
                fcntl_setfl(&controller, OFlags::NONBLOCK)?;
                tell(format_args!("{name}: {path}\n"));
                Endpoint::Pty {
                    controller: File::from(controller),
                    _held: held,
                    waiting: Vec::new(),
                }
            }
            Port::Tcp(number) => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *number))?;
                listener.set_nonblocking(true)?;
                tell(format_args!("{name}: tcp {}\n", listener.local_addr()?));
                Endpoint::Tcp {
                    listener,
                    peer: None,
                    waiting: Vec::new(),
                }
            }
            Port::File(path) => Endpoint::File(Writer::to(File::create(path)?)),
        })
    }

    /// Returns whether anybody may type here.
    pub fn is_interactive(&self) -> bool {
        matches!(self, Endpoint::Pty { .. } | Endpoint::Tcp { .. })
    }

    /// Sends what the part sent.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Endpoint::None => Ok(()),
            Endpoint::Stdio { output, .. } | Endpoint::File(output) => output.send(bytes),
            Endpoint::Pty {
                controller,
                waiting,
                ..
            } => {
                keep(waiting, bytes);
                flush(controller, waiting).map(|_| ())
            }
            Endpoint::Tcp {
                listener,
                peer,
                waiting,
            } => {
                accept(listener, peer)?;
                keep(waiting, bytes);
                if let Some(stream) = peer {
                    if !flush(stream, waiting).unwrap_or(false) {
                        *peer = None;
                    }
                }
                Ok(())
            }
        }
    }

    /// Waits until what was written has gone, or nobody takes it. Returns the bytes
    /// that nobody took.
    pub fn finish(&self) -> io::Result<u64> {
        match self {
            Endpoint::Stdio { output, .. } | Endpoint::File(output) => output.finish(),
            _ => Ok(0),
        }
    }

    /// What came for the part.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut buffer = [0; 4096];
        match self {
            Endpoint::Stdio {
                input: Some(input), ..
            } => Ok(input.try_iter().take(MOST_READ_AHEAD).flatten().collect()),
            Endpoint::Pty { controller, .. } => {
                Ok(take(controller, &mut buffer).unwrap_or_default())
            }
            Endpoint::Tcp { listener, peer, .. } => {
                accept(listener, peer)?;
                let Some(stream) = peer else {
                    return Ok(Vec::new());
                };
                match take(stream, &mut buffer) {
                    Some(bytes) => Ok(bytes),
                    None => {
                        *peer = None;
                        Ok(Vec::new())
                    }
                }
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// Reads standard input ahead, in a thread of its own.
pub fn read_standard_input() -> Receiver<Vec<u8>> {
    let (sender, receiver) = sync_channel(MOST_READ_AHEAD);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // Ends with the input, or with the program.
        while let Ok(count @ 1..) = io::stdin().read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

fn keep(waiting: &mut Vec<u8>, bytes: &[u8]) {
    waiting.extend_from_slice(bytes);
    if waiting.len() > MOST_WAITING {
        let excess = waiting.len() - MOST_WAITING;
        waiting.drain(..excess);
    }
}

/// Writes what can be written; false if the peer is gone.
fn flush(to: &mut impl Write, waiting: &mut Vec<u8>) -> io::Result<bool> {
    while !waiting.is_empty() {
        match to.write(waiting) {
            Ok(0) => return Ok(false),
            Ok(count) => {
                waiting.drain(..count);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// What can be read now; none if the peer is gone.
fn take(from: &mut impl Read, buffer: &mut [u8]) -> Option<Vec<u8>> {
    match from.read(buffer) {
        Ok(0) => None,
        Ok(count) => Some(buffer[..count].to_vec()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Some(Vec::new())
        }
        Err(_) => None,
    }
}

fn accept(listener: &TcpListener, peer: &mut Option<TcpStream>) -> io::Result<()> {
    if peer.is_none() {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                *peer = Some(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
