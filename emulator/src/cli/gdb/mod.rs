//! A GDB server: breakpoints, watchpoints, step, continue, registers, memory and
//! `monitor`. One debugger at a time; when it leaves, the run goes on without it, and
//! another one may come.

mod connection;
mod monitor;
mod packet;
mod points;

use super::failure::{tell, Failure};
use super::interrupt;
use super::session::{Course, Session};
use connection::{Connection, Door};
use emulator::machine::Watched;
use emulator::Stop;
use packet::{hex, unhex, Received};
use points::Points;
use std::net::{Ipv4Addr, TcpListener};

/// Registers in GDB's `g` packet: R0 to R15, xPSR.
const GENERAL_REGISTERS: usize = 17;
const SIGNAL_INTERRUPT: u8 = 2;
const SIGNAL_TRAP: u8 = 5;
/// The most bytes read in one `m` packet.
const MOST_MEMORY: usize = 0x1000;
/// What tells GDB that the program has come to its end.
const EXITED: &str = "W00";

/// Waits for a debugger on `port`, then runs the course, as debuggers let it, to its end.
pub fn serve(session: &mut Session, mut course: Course, port: u16) -> Result<Stop, Failure> {
    let failed = |error| Failure::host(format_args!("gdb: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let door = Door::new(listener)?;
    tell(format_args!("gdb: tcp {address}\n"));
    let mut waiting = door.wait()?;
    while let Some(connection) = waiting.take() {
        session.machine.attach_debugger(true);
        let mut server = Server {
            connection,
            door: &door,
            points: Points::default(),
        };
        let end = server.serve(session, &mut course);
        server.points.clear(&mut session.machine);
        session.machine.attach_debugger(false);
        if let Some(stop) = end? {
            return Ok(stop);
        }
        // It has left: the core goes on until the next one comes.
        course.resume(session.machine.now());
        while waiting.is_none() {
            if let Some(stop) = session.advance(&course)? {
                return Ok(stop);
            }
            if interrupt::asked() {
                return Ok(Stop::Time);
            }
            waiting = door.look()?;
        }
    }
    Ok(Stop::Time)
}

struct Server<'a> {
    connection: Connection,
    door: &'a Door,
    points: Points,
}

/// What becomes of the run after a packet.
enum Next {
    Reply(String),
    /// No answer.
    Silence,
    Run,
    Step,
    /// The debugger leaves.
    Detach,
    /// The debugger ends the run.
    Kill,
}

impl Server<'_> {
    /// Serves the debugger until it leaves; why the run has ended, if it has.
    fn serve(
        &mut self,
        session: &mut Session,
        course: &mut Course,
    ) -> Result<Option<Stop>, Failure> {
        while let Some(received) = self.connection.wait(self.door)? {
            let data = match received {
                Received::Packet(data) => data,
                Received::Damaged => {
                    self.connection.send_raw(b"-");
                    continue;
                }
                Received::Interrupt => {
                    self.connection.reply(&signal(SIGNAL_INTERRUPT));
                    continue;
                }
            };
            self.connection.send_raw(b"+");
            let command = String::from_utf8_lossy(&data).into_owned();
            match self.answer(session, &command) {
                Next::Reply(text) => self.connection.reply(&text),
                Next::Silence => {}
                Next::Run | Next::Step if course.is_over(&session.machine) => {
                    return Ok(Some(self.end(Stop::Time)));
                }
                Next::Run => {
                    course.resume(session.machine.now());
                    if let Some(stop) = self.run(session, course)? {
                        return Ok(Some(self.end(stop)));
                    }
                }
                Next::Step => {
                    let limit = session.machine.instructions() + 1;
                    let one = course.limited_to(limit);
                    if let Some(stop) = self.run(session, &one)? {
                        match stop {
                            Stop::Instructions if session.machine.instructions() == limit => {
                                self.connection.reply(&signal(SIGNAL_TRAP));
                            }
                            stop => return Ok(Some(self.end(stop))),
                        }
                    }
                }
                Next::Detach => {
                    self.connection.reply("OK");
                    return Ok(None);
                }
                Next::Kill => {
                    self.connection.reply("OK");
                    return Ok(Some(Stop::Time));
                }
            }
        }
        if interrupt::asked() {
            return Ok(Some(self.end(Stop::Time)));
        }
        Ok(None)
    }

    /// Tells the debugger that the run has ended, and why it has.
    fn end(&mut self, stop: Stop) -> Stop {
        self.connection.reply(EXITED);
        stop
    }

    /// Runs until something stops the core, and tells the debugger what. Why the run has
    /// ended, if it has.
    fn run(&mut self, session: &mut Session, course: &Course) -> Result<Option<Stop>, Failure> {
        loop {
            let reply = match session.advance(course)? {
                Some(stop @ (Stop::Time | Stop::Instructions)) => return Ok(Some(stop)),
                Some(Stop::Watchpoint(address, watched)) => watch_signal(address, watched),
                Some(stop @ (Stop::PowerCut | Stop::SystemOff)) => {
                    let why = match stop {
                        Stop::PowerCut => "the power is cut: `monitor power` goes on\n",
                        _ => "System OFF: `monitor reset` goes on\n",
                    };
                    self.connection.reply(&format!("O{}", hex(why.as_bytes())));
                    signal(SIGNAL_TRAP)
                }
                Some(_) => signal(SIGNAL_TRAP),
                None if interrupt::asked() => return Ok(Some(Stop::Time)),
                None => match self.connection.look(self.door)? {
                    Some(Received::Interrupt) => signal(SIGNAL_INTERRUPT),
                    // It went without a word.
                    _ if self.connection.is_gone() => return Ok(None),
                    _ => continue,
                },
            };
            self.connection.reply(&reply);
            return Ok(None);
        }
    }

    fn answer(&mut self, session: &mut Session, command: &str) -> Next {
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
            "Z" | "z" => self.points.change(machine, kind == "Z", rest).to_owned(),
            "c" => return Next::Run,
            "s" => return Next::Step,
            "D" => return Next::Detach,
            "k" => return Next::Kill,
            "H" | "T" => "OK".to_owned(),
            // Extended: `run` in GDB is a reset.
            "!" => "OK".to_owned(),
            "R" => {
                machine.reset_pin();
                return Next::Silence;
            }
            "v" if rest.starts_with("Kill") => return Next::Kill,
            "q" => query(session, rest),
            _ => String::new(),
        };
        Next::Reply(reply)
    }
}

fn signal(number: u8) -> String {
    format!("S{number:02x}")
}

/// The stop before an access that a watchpoint watches.
fn watch_signal(address: u32, watched: Watched) -> String {
    let kind = match watched {
        Watched::Writes => "watch",
        Watched::Reads => "rwatch",
        Watched::Both => "awatch",
    };
    format!("T{SIGNAL_TRAP:02x}{kind}:{address:x};")
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
    if let Some(digits) = rest.strip_prefix("Rcmd,") {
        return monitor::command(&mut session.machine, digits);
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
