//! A machine and the host's ends of its lines: moves bytes between them, and reports at the end.

use super::arguments::{Port, Run, Speed};
use super::failure::{tell, Failure};
use super::files::{replace, Files};
use super::ports::Endpoint;
use emulator::report::meter::MeterLines;
use emulator::report::Report;
use emulator::rtt::Rtt;
use emulator::time::{cycles_of, seconds, Cycles, MILLISECOND};
use emulator::{Machine, Stop};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
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
    interrupted: Arc<AtomicBool>,
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
        let uarts = [
            open(&run.uart0, "uart0", true)?,
            open(&run.uart1, "uart1", run.uart0 != Port::Stdio)?,
        ];
        let interactive = uarts.iter().any(Endpoint::is_interactive) || run.speed != Speed::Max;
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // The second signal ends the program at once.
            signal_hook::flag::register_conditional_shutdown(signal, 130, interrupted.clone())
                .and_then(|_| signal_hook::flag::register(signal, interrupted.clone()))
                .map_err(Failure::host)?;
        }
        Ok(Session {
            earlier_lockups: machine.statistics().lockups(),
            machine,
            uarts,
            rtt_port: open(&run.rtt, "rtt", false)?,
            rtt: Rtt::new(),
            meter: MeterLines::new(),
            interrupted,
            slice: if interactive {
                INTERACTIVE_SLICE
            } else {
                SLICE
            },
            tracing: run.trace.is_some(),
        })
    }

    /// Returns whether the user asked to end.
    pub fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Runs to the end that the command line names.
    pub fn go(&mut self, run: &Run) -> Result<Stop, Failure> {
        let start = self.machine.now();
        let end = run
            .time
            .map_or(Cycles::MAX, |time| start.saturating_add(cycles_of(time)));
        let limit = run.stop_after.map_or(u64::MAX, |count| {
            self.machine.instructions().saturating_add(count)
        });
        let begun = Instant::now();
        loop {
            let stop = self.slice_to(end, limit)?;
            match stop {
                Stop::Time if self.machine.now() < end && !self.interrupted() => {}
                Stop::PowerCut if run.power_up => self.machine.power_cycle(),
                other => return Ok(other),
            }
            if let Speed::Times(times) = run.speed {
                let due = seconds(self.machine.now() - start) / times;
                self.wait_until(due, begun);
            }
        }
    }

    /// Sleeps until `due` seconds after `begun`, or until the user asks to end.
    fn wait_until(&self, due: f64, begun: Instant) {
        while !self.interrupted() {
            let ahead = due - begun.elapsed().as_secs_f64();
            if ahead <= 0.0 {
                return;
            }
            std::thread::sleep(Duration::from_secs_f64(ahead.min(PATIENCE.as_secs_f64())));
        }
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
        files: &Files,
        fresh_uicr: &[u8],
        stop: Stop,
        wall: f64,
        earlier: (u64, u64),
    ) -> Result<(), Failure> {
        // One file that cannot be written is no reason to lose the others.
        let kept = if run.discard {
            Ok(())
        } else {
            files.write(&mut self.machine, fresh_uicr)
        };
        let saved = match &run.save {
            Some(path) => replace(path, &self.machine.save().to_bytes()),
            None => Ok(()),
        };
        let mut report = Report::new(&mut self.machine, stop, wall, self.meter.last(), earlier);
        if self.interrupted() {
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
            Some(path) if is_dash(path) => io::stdout()
                .write_all(report.to_json().as_bytes())
                .map_err(|error| Failure::host(format_args!("standard output: {error}"))),
            Some(path) => replace(path, report.to_json().as_bytes()),
        };
        let lockups = self.machine.statistics().lockups() - self.earlier_lockups;
        let sound = match lockups {
            0 => Ok(()),
            times => Err(Failure::locked_up(times)),
        };
        kept.and(saved).and(reported).and(sound)
    }
}
