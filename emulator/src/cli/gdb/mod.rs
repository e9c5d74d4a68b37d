//! A GDB server: one debugger, software and hardware breakpoints, step,
//! continue, registers and memory.

mod packet;

use super::failure::{tell, Failure};
use super::session::Session;
use emulator::Stop;
use packet::{frame, hex, unhex, Decoder, Received};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

/// Registers in GDB's `g` packet: R0 to R15, xPSR.
const GENERAL_REGISTERS: usize = 17;
const SIGNAL_INTERRUPT: u8 = 2;
const SIGNAL_TRAP: u8 = 5;
/// The most bytes read in one `m` packet.
const MOST_MEMORY: usize = 0x1000;
/// How often a wait for the debugger looks whether the user asked to end.
const PATIENCE: Duration = Duration::from_millis(100);

/// Waits for a debugger on `port` and serves it until it leaves or kills.
pub fn serve(session: &mut Session, port: u16) -> Result<Stop, Failure> {
    let failed = |error| Failure::host(format_args!("gdb: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tell(format_args!("gdb: tcp {address}\n"));
    let Some(stream) = accept(&listener, session).map_err(failed)? else {
        return Ok(Stop::Time);
    };
    session.machine.attach_debugger(true);
    let mut server = Server {
        stream,
        decoder: Decoder::default(),
        breakpoints: BTreeSet::new(),
        last: Stop::Time,
    };
    let result = server.serve(session);
    for address in &server.breakpoints {
        session.machine.remove_hooks(*address);
    }
    session.machine.attach_debugger(false);
    result
}

/// The debugger's connection; none if the user asked to end.
fn accept(listener: &TcpListener, session: &Session) -> io::Result<Option<TcpStream>> {
    listener.set_nonblocking(true)?;
    while !session.interrupted() {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                return Ok(Some(stream));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PATIENCE),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

struct Server {
    stream: TcpStream,
    decoder: Decoder,
    breakpoints: BTreeSet<u32>,
    last: Stop,
}

/// What becomes of the session after a packet.
enum Next {
    Reply(String),
    Run,
    Leave,
}

impl Server {
    fn serve(&mut self, session: &mut Session) -> Result<Stop, Failure> {
        while let Some(received) = self.receive(Some(session))? {
            match received {
                Received::Damaged => self.send_raw(b"-")?,
                Received::Interrupt => self.reply(&signal(SIGNAL_INTERRUPT))?,
                Received::Packet(data) => {
                    self.send_raw(b"+")?;
                    let command = String::from_utf8_lossy(&data).into_owned();
                    match self.answer(session, &command)? {
                        Next::Reply(text) => self.reply(&text)?,
                        Next::Run => {
                            let number = self.run(session)?;
                            self.reply(&signal(number))?;
                        }
                        Next::Leave => {
                            self.reply("OK")?;
                            return Ok(self.last);
                        }
                    }
                }
            }
        }
        Ok(self.last)
    }

    /// The next thing received; none when the peer is gone. Waits for it until
    /// the user of the session asks to end; without one, not at all.
    fn receive(&mut self, wait: Option<&Session>) -> Result<Option<Received>, Failure> {
        let failed = |error| Failure::host(format_args!("gdb: {error}"));
        self.stream
            .set_nonblocking(wait.is_none())
            .map_err(failed)?;
        let mut byte = [0];
        loop {
            match self.stream.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => {
                    if let Some(received) = self.decoder.feed(byte[0]) {
                        return Ok(Some(received));
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => match wait {
                    Some(session) if !session.interrupted() => {}
                    _ => return Ok(None),
                },
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    fn send_raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream
            .set_nonblocking(false)
            .and_then(|()| self.stream.write_all(bytes))
            .map_err(|error| Failure::host(format_args!("gdb: {error}")))
    }

    fn reply(&mut self, text: &str) -> Result<(), Failure> {
        self.send_raw(&frame(text))
    }

    /// Runs until something stops it; the signal for GDB.
    fn run(&mut self, session: &mut Session) -> Result<u8, Failure> {
        loop {
            let stop = session.slice_to(u64::MAX, u64::MAX)?;
            if stop != Stop::Time {
                self.last = stop;
                return Ok(SIGNAL_TRAP);
            }
            if session.interrupted() {
                return Ok(SIGNAL_INTERRUPT);
            }
            if self.receive(None)? == Some(Received::Interrupt) {
                return Ok(SIGNAL_INTERRUPT);
            }
        }
    }

    fn answer(&mut self, session: &mut Session, command: &str) -> Result<Next, Failure> {
        let machine = &mut session.machine;
        let error = || "E01".to_owned();
        let (kind, rest) = command.split_at(command.len().min(1));
        let reply = match kind {
            "?" => signal(SIGNAL_TRAP),
            "g" => (0..GENERAL_REGISTERS)
                .filter_map(|number| machine.gdb_register(number))
                .map(|bytes| hex(&bytes))
                .collect(),
            "p" => usize::from_str_radix(rest, 16)
                .ok()
                .and_then(|number| machine.gdb_register(number))
                .map_or_else(error, |bytes| hex(&bytes)),
            "P" => rest
                .split_once('=')
                .and_then(|(number, value)| {
                    let number = usize::from_str_radix(number, 16).ok()?;
                    let value = unhex(value)?;
                    machine.set_gdb_register(number, &value).then_some(())
                })
                .map_or_else(error, |()| "OK".to_owned()),
            "G" => set_general_registers(machine, rest).map_or_else(error, |()| "OK".to_owned()),
            "m" => range(rest)
                .and_then(|(address, length)| machine.read_memory(address, length))
                .map_or_else(error, |bytes| hex(&bytes)),
            "M" => rest
                .split_once(':')
                .and_then(|(place, digits)| {
                    let (address, length) = range(place)?;
                    let bytes = unhex(digits).filter(|bytes| bytes.len() == length)?;
                    machine.write_memory(address, &bytes).then_some(())
                })
                .map_or_else(error, |()| "OK".to_owned()),
            "Z" | "z" => self.breakpoint(session, kind == "Z", rest),
            "c" => return Ok(Next::Run),
            "s" => {
                self.last = machine.run_instructions(1);
                signal(SIGNAL_TRAP)
            }
            "D" => return Ok(Next::Leave),
            "k" => return Ok(Next::Leave),
            "H" => "OK".to_owned(),
            "q" => query(session, rest),
            _ => String::new(),
        };
        Ok(Next::Reply(reply))
    }

    fn breakpoint(&mut self, session: &mut Session, set: bool, rest: &str) -> String {
        let mut fields = rest.split(',');
        let kind = fields.next();
        let address = fields
            .next()
            .and_then(|field| u32::from_str_radix(field, 16).ok());
        let (Some("0" | "1"), Some(address)) = (kind, address) else {
            // Watchpoints are not served.
            return String::new();
        };
        let done = if set {
            !self.breakpoints.insert(address) || session.machine.add_breakpoint(address)
        } else {
            if self.breakpoints.remove(&address) {
                session.machine.remove_hooks(address);
            }
            true
        };
        if done { "OK" } else { "E01" }.to_owned()
    }
}

fn signal(number: u8) -> String {
    format!("S{number:02x}")
}

fn range(text: &str) -> Option<(u32, usize)> {
    let (address, length) = text.split_once(',')?;
    let length = usize::from_str_radix(length, 16).ok()?;
    let address = u32::from_str_radix(address, 16).ok()?;
    (length <= MOST_MEMORY).then_some((address, length))
}

fn set_general_registers(machine: &mut emulator::Machine, digits: &str) -> Option<()> {
    let bytes = unhex(digits)?;
    for (number, value) in bytes.chunks_exact(4).take(GENERAL_REGISTERS).enumerate() {
        machine.set_gdb_register(number, value).then_some(())?;
    }
    Some(())
}

fn query(session: &mut Session, rest: &str) -> String {
    if rest.starts_with("Supported") {
        return "PacketSize=2000;qXfer:features:read+".to_owned();
    }
    if rest.starts_with("Attached") {
        return "1".to_owned();
    }
    let Some(window) = rest.strip_prefix("Xfer:features:read:target.xml:") else {
        return String::new();
    };
    let description = session.machine.target_description();
    let parsed = window.split_once(',').and_then(|(offset, length)| {
        let offset = usize::from_str_radix(offset, 16).ok()?;
        Some((offset, usize::from_str_radix(length, 16).ok()?))
    });
    let Some((offset, length)) = parsed else {
        return "E01".to_owned();
    };
    let length = length.min(MOST_MEMORY);
    match description.get(offset.min(description.len())..) {
        Some(rest) if rest.len() > length => format!("m{}", &rest[..length]),
        Some(rest) => format!("l{rest}"),
        None => "E01".to_owned(),
    }
}
