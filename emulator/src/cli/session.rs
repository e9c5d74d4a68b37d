//! A machine and the host's ends of its lines: moves bytes between them, and reports at the end.

use super::arguments::{Port, Run, Speed};
use super::failure::{tell, Failure};
use super::files::{replace, Files};
use super::interrupt;
use super::output::Writer;
use super::ports::Endpoint;
use super::screen::Tail;
use emulator::report::meter::MeterLines;
use emulator::report::Report;
use emulator::rtt::Rtt;
use emulator::time::{cycles_of, seconds, Cycles, MILLISECOND};
use emulator::{Machine, Stop};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Virtual time between looks at the host's ends.
const SLICE: Cycles = 10 * MILLISECOND;
/// The same when somebody may be waiting for an answer.
const INTERACTIVE_SLICE: Cycles = 2 * MILLISECOND;

/// The longest sleep between looks whether the user asked to end.
const PATIENCE: Duration = Duration::from_millis(100);
/// Bytes on their way to a UART beyond which the host's end is left alone.
const MOST_ON_THE_WAY: usize = 64 * 1024;

/// Returns whether a path stands for standard output.
pub fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

/// A machine and the host's ends of its lines.
pub struct Session {
    pub machine: Machine,
    uarts: [Endpoint; 2],
    rtt_port: Endpoint,
    rtt: Rtt,
    meter: MeterLines,
    /// The console's last lines, for a screen.
    tail: Option<Tail>,
    /// Lock-ups of the core before this run.
    earlier_lockups: u64,
    slice: Cycles,
    tracing: bool,
}

impl Session {
    /// Opens the host's ends that the command line names.
    pub fn open(run: &Run, machine: Machine) -> Result<Self, Failure> {
        // Standard output is the report's alone.
        let to_error = run.json.as_deref().is_some_and(is_dash);
        let open = |port: &Port, name: &str, reads: bool| {
            Endpoint::open(port, name, reads, to_error)
                .map_err(|error| Failure::host(format_args!("{name}: {error}")))
        };
        // A screen shows the console itself.
        let uart0 = match &run.uart0 {
            Port::Stdio if run.screen => &Port::None,
            port => port,
        };
        let uarts = [
            open(uart0, "uart0", true)?,
            open(&run.uart1, "uart1", *uart0 != Port::Stdio)?,
        ];
        let interactive = uarts.iter().any(Endpoint::is_interactive)
            || run.speed != Speed::Max
            || run.gdb.is_some();
        let rtt_port = open(&run.rtt, "rtt", false)?;
        interrupt::listen()?;
        Ok(Session {
            earlier_lockups: machine.statistics().lockups(),
            machine,
            uarts,
            rtt_port,
            rtt: Rtt::new(),
            meter: MeterLines::new(),
            tail: run.screen.then(Tail::default),
            slice: if interactive {
                INTERACTIVE_SLICE
            } else {
                SLICE
            },
            tracing: run.trace.is_some(),
        })
    }

    /// How far and how fast the command line lets the machine run from now on.
    pub fn course(&self, run: &Run) -> Course {
        let now = self.machine.now();
        Course {
            end: run
                .time
                .map_or(Cycles::MAX, |time| now.saturating_add(cycles_of(time))),
            limit: run.stop_after.map_or(u64::MAX, |count| {
                self.machine.instructions().saturating_add(count)
            }),
            speed: run.speed,
            power_up: run.power_up,
            since: (now, Instant::now()),
        }
    }

    /// Runs to the end of the course, or until the user asks to end.
    pub fn go(&mut self, course: &Course) -> Result<Stop, Failure> {
        loop {
            if let Some(stop) = self.advance(course)? {
                return Ok(stop);
            }
            if interrupt::asked() {
                return Ok(Stop::Time);
            }
        }
    }

    /// Runs a slice of the course, and waits until the clock on the wall is as far. Why
    /// the run ends, if it does.
    pub fn advance(&mut self, course: &Course) -> Result<Option<Stop>, Failure> {
        if let Some(stop) = self.slice_of(course, course.end)? {
            return Ok(Some(stop));
        }
        if let Speed::Times(times) = course.speed {
            let (start, begun) = course.since;
            wait_until(seconds(self.machine.now() - start) / times, begun);
        }
        Ok(None)
    }

    /// Runs a slice of the course, at the most up to `end`. Why the run ends, if it does.
    pub fn slice_of(&mut self, course: &Course, end: Cycles) -> Result<Option<Stop>, Failure> {
        match self.slice_to(course.end.min(end), course.limit)? {
            Stop::Time if self.machine.now() < course.end => {}
            Stop::PowerCut if course.power_up => self.machine.power_cycle(),
            other => return Ok(Some(other)),
        }
        Ok(None)
    }

    /// The values of the meter's last line.
    pub fn readings(&self) -> Option<&BTreeMap<String, f64>> {
        self.meter.last()
    }

    /// What the console said last beside readings, where a screen shows it.
    pub fn said(&self) -> Option<&str> {
        self.tail.as_ref()?.said()
    }

    /// Runs a slice, then moves bytes.
    pub fn slice_to(&mut self, end: Cycles, limit: u64) -> Result<Stop, Failure> {
        let next = (self.machine.now() / self.slice + 1) * self.slice;
        let stop = self.machine.run_to_or(next.min(end), limit);
        self.pump()?;
        Ok(stop)
    }

    /// Moves bytes both ways.
    pub fn pump(&mut self) -> Result<(), Failure> {
        for port in 0..self.uarts.len() {
            let sent = self.machine.take_uart_output(port);
            if port == 0 {
                self.meter.feed(&sent);
                if let Some(tail) = &mut self.tail {
                    tail.feed(&sent);
                }
            }
            let name = ["uart0", "uart1"][port];
            let failed = |error| Failure::host(format_args!("{name}: {error}"));
            let endpoint = &mut self.uarts[port];
            if !sent.is_empty() || endpoint.is_interactive() {
                endpoint.write(&sent).map_err(failed)?;
            }
            if self.machine.uart_input_pending(port) >= MOST_ON_THE_WAY {
                continue;
            }
            let came = endpoint.read().map_err(failed)?;
            if !came.is_empty() {
                self.machine.uart_input(port, &came);
            }
        }
        if !matches!(self.rtt_port, Endpoint::None) {
            let text = self.rtt.read(&mut self.machine);
            if !text.is_empty() {
                self.rtt_port
                    .write(&text)
                    .map_err(|error| Failure::host(format_args!("rtt: {error}")))?;
            }
        }
        if self.tracing {
            self.print_trace();
        }
        Ok(())
    }

    fn print_trace(&mut self) {
        for record in self.machine.take_trace() {
            let value = record
                .value
                .map_or_else(|| "fault".to_owned(), |value| format!("{value:#x}"));
            tell(format_args!(
                "{:.9} instruction {} pc {:#010x} {} {:#010x} {} {value}\n",
                seconds(record.at),
                record.instruction,
                record.pc,
                if record.write { "write" } else { "read" },
                record.address,
                8 * record.bytes,
            ));
        }
    }

    /// Writes what the run keeps, then the report.
    ///
    /// `stop` is why the run ended, `wall` how many seconds it took on the wall's clock,
    /// `earlier` the instructions and cycles that the machine had behind it before. An
    /// error names the first file that could not be written, or else says that the core
    /// locked up in the run.
    pub fn finish(
        mut self,
        run: &Run,
        files: &mut Files,
        fresh_uicr: &[u8],
        stop: Stop,
        wall: f64,
        earlier: (u64, u64),
    ) -> Result<(), Failure> {
        // First the state: where nobody reads, what follows takes its time.
        // One file that cannot be written is no reason to lose the others.
        let kept = if run.discard {
            Ok(())
        } else {
            files.write(&mut self.machine, fresh_uicr)
        };
        let saved = match &run.save {
            Some(path) => replace(path, &self.machine.save().to_bytes()).map(drop),
            None => Ok(()),
        };
        let sent = self.finish_ports();
        let mut report = Report::new(&mut self.machine, stop, wall, self.meter.last(), earlier);
        if interrupt::asked() {
            report.stop = "interrupted".into();
        }
        if !run.quiet {
            tell(report.summary());
            if run.cut_at.is_some() && stop != Stop::PowerCut && !run.power_up {
                tell("the run ended before the place of the power cut\n");
            }
        }
        let reported = match run.json.as_deref() {
            None => Ok(()),
            Some(path) if is_dash(path) => print(report.to_json().as_bytes()),
            Some(path) => replace(path, report.to_json().as_bytes()).map(drop),
        };
        let lockups = self.machine.statistics().lockups() - self.earlier_lockups;
        let sound = match (lockups, self.machine.stands_in_fault()) {
            (0, None) => Ok(()),
            (0, Some(fault)) => Err(Failure::stands_in(fault, self.machine.pc())),
            (times, _) => Err(Failure::locked_up(times)),
        };
        kept.and(saved).and(sent).and(reported).and(sound)
    }

    /// Waits until what the part sent has gone; says what nobody took.
    fn finish_ports(&self) -> Result<(), Failure> {
        let mut result = Ok(());
        let ports = [
            ("uart0", &self.uarts[0]),
            ("uart1", &self.uarts[1]),
            ("rtt", &self.rtt_port),
        ];
        for (name, port) in ports {
            match port.finish() {
                Ok(0) => {}
                Ok(bytes) => tell(format_args!("{name}: nobody read {bytes} bytes\n")),
                Err(error) => {
                    result = result.and(Err(Failure::host(format_args!("{name}: {error}"))));
                }
            }
        }
        result
    }
}

/// How far and how fast a machine runs.
pub struct Course {
    /// The instant at which the run ends.
    end: Cycles,
    /// The instructions, in all, at which it ends.
    limit: u64,
    speed: Speed,
    power_up: bool,
    /// An instant of virtual time and the one on the wall at which it was.
    since: (Cycles, Instant),
}

impl Course {
    /// Goes on from now, after time on the wall in which the machine stood still.
    pub fn resume(&mut self, now: Cycles) {
        self.since = (now, Instant::now());
    }

    /// The same course, but at most to so many instructions in all, and as fast as it goes.
    pub fn limited_to(&self, limit: u64) -> Self {
        Course {
            limit: self.limit.min(limit),
            speed: Speed::Max,
            ..*self
        }
    }

    /// Returns whether the run has come to its end.
    pub fn is_over(&self, machine: &Machine) -> bool {
        machine.now() >= self.end || machine.instructions() >= self.limit
    }
}

/// Sleeps until `due` seconds after `begun`, or until the user asks to end.
fn wait_until(due: f64, begun: Instant) {
    while !interrupt::asked() {
        let ahead = due - begun.elapsed().as_secs_f64();
        if ahead <= 0.0 {
            return;
        }
        std::thread::sleep(Duration::from_secs_f64(ahead.min(PATIENCE.as_secs_f64())));
    }
}

/// Writes to standard output, as far as somebody reads it.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let failed =
        |what: &dyn std::fmt::Display| Failure::host(format_args!("standard output: {what}"));
    let output = Writer::standard_output();
    match output.send(bytes).and_then(|()| output.finish()) {
        Ok(0) => Ok(()),
        Ok(unread) => Err(failed(&format_args!("nobody read {unread} bytes"))),
        Err(error) => Err(failed(&error)),
    }
}
