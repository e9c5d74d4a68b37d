//! The run on a terminal: curves, readings, processes and flash, and keys for the load,
//! the speed and the plug.

mod digits;
mod keys;
mod load;
mod tail;
mod view;

pub use tail::Tail;

use super::arguments::{Run, Speed};
use super::failure::Failure;
use super::interrupt;
use super::ports::read_standard_input;
use super::session::{Course, Session};
use emulator::bus::outside::LED_PINS;
use emulator::machine::Cut;
use emulator::mains::Mains;
use emulator::report::crash_log;
use emulator::time::{cycles_of, seconds, Cycles};
use emulator::{Machine, Stop};
use keys::Keys;
use load::Load;
use ratatui_core::terminal::Terminal;
use ratatui_termion::termion::event::Key;
use ratatui_termion::termion::raw::IntoRawMode;
use ratatui_termion::termion::screen::IntoAlternateScreen;
use ratatui_termion::TermionBackend;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};
use view::{Flash, Supply, View};

/// Time between frames.
const FRAME: Duration = Duration::from_millis(50);
/// The part of a frame that the machine may take.
const WORK: Duration = Duration::from_millis(40);
/// From the pulled plug until the power is gone: what the meter's capacitors hold.
const HOLD_UP: Duration = Duration::from_millis(100);
/// Pages of flash that are shown.
const PAGES: usize = 3;
/// Speeds that the keys choose; the last is as fast as it goes.
const SPEEDS: [f64; 5] = [0.1, 1.0, 10.0, 60.0, f64::INFINITY];

/// Refuses a screen where there is no terminal.
pub fn expect_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        Ok(())
    } else {
        Err(Failure::usage("--screen needs a terminal"))
    }
}

/// Makes the analogue inputs of a mains connection.
pub type FrontEnds<'a> = &'a dyn Fn(Mains) -> Box<dyn emulator::analog::AnalogInput>;

/// Shows a run to its end: that of the course, or the user's.
pub fn run(
    session: &mut Session,
    run: &Run,
    course: &Course,
    front_ends: FrontEnds,
) -> Result<Stop, Failure> {
    let failed = |error: io::Error| Failure::host(format_args!("screen: {error}"));
    let load = Load::new(run.mains.as_deref()).map_err(Failure::malformed)?;
    let output = io::stdout()
        .into_raw_mode()
        .and_then(IntoAlternateScreen::into_alternate_screen)
        .map_err(failed)?;
    let mut terminal = Terminal::new(TermionBackend::new(output)).map_err(failed)?;
    terminal.hide_cursor().map_err(failed)?;
    let mut show = Show {
        load,
        front_ends,
        speed: match run.speed {
            Speed::Max => f64::INFINITY,
            Speed::Times(times) => times,
        },
        supply: Supply::On,
        pulses: 0,
        measured: Measured::new(session.machine.now()),
    };
    let mut keys = Keys::from(read_standard_input());
    let ended = loop {
        let begun = Instant::now();
        match show.advance(session, course, begun) {
            Ok(None) => {}
            Ok(Some(stop)) => break Ok(stop),
            Err(failure) => break Err(failure),
        }
        if let Some(stop) = show.press(&mut keys, session)? {
            break Ok(stop);
        }
        let view = show.view(session);
        terminal
            .draw(|frame| view::draw(&view, frame))
            .map_err(failed)?;
        std::thread::sleep(FRAME.saturating_sub(begun.elapsed()));
    };
    terminal.show_cursor().map_err(failed)?;
    ended
}

/// What the screen knows of the run.
struct Show<'a> {
    load: Load,
    front_ends: FrontEnds<'a>,
    /// A multiple of real time.
    speed: f64,
    supply: Supply,
    /// Pulses up to the last frame.
    pulses: u64,
    measured: Measured,
}

/// How fast the run is.
struct Measured {
    since: (Cycles, Instant),
    times: f64,
}

impl Measured {
    fn new(now: Cycles) -> Self {
        Measured {
            since: (now, Instant::now()),
            times: 0.0,
        }
    }

    /// Measures anew every half second.
    fn look(&mut self, now: Cycles) -> f64 {
        let (start, begun) = self.since;
        let elapsed = begun.elapsed().as_secs_f64();
        if elapsed > 0.5 {
            self.times = seconds(now - start) / elapsed;
            self.since = (now, Instant::now());
        }
        self.times
    }
}

impl Show<'_> {
    /// Lets the machine run for a frame. Why the run ends, if it does.
    fn advance(
        &mut self,
        session: &mut Session,
        course: &Course,
        begun: Instant,
    ) -> Result<Option<Stop>, Failure> {
        if interrupt::asked() {
            return Ok(Some(Stop::Time));
        }
        if self.supply == Supply::Off {
            session.pump()?;
            return Ok(None);
        }
        let virtual_time = if self.speed.is_finite() {
            cycles_of(FRAME.mul_f64(self.speed))
        } else {
            Cycles::MAX
        };
        let end = session.machine.now().saturating_add(virtual_time);
        while session.machine.now() < end && begun.elapsed() < WORK {
            match session.slice_of(course, end)? {
                None => {}
                Some(Stop::PowerCut) if self.supply == Supply::Falling => {
                    self.supply = Supply::Off;
                    return Ok(None);
                }
                Some(stop) => return Ok(Some(stop)),
            }
        }
        Ok(None)
    }

    /// Does what the keys say. Why the run ends, if it does.
    fn press(&mut self, keys: &mut Keys, session: &mut Session) -> Result<Option<Stop>, Failure> {
        while let Some(key) = keys.next() {
            match key {
                Key::Char('q') | Key::Ctrl('c') => return self.quit(session).map(Some),
                Key::Char('p') => self.pull_or_plug(&mut session.machine),
                Key::Char('+' | '=') => self.change_speed(true),
                Key::Char('-') => self.change_speed(false),
                key => self.change_load(key, &mut session.machine),
            }
        }
        Ok(None)
    }

    /// Pulls the plug, if it is in, and lets the meter save what its capacitors allow.
    fn quit(&mut self, session: &mut Session) -> Result<Stop, Failure> {
        if self.supply == Supply::On {
            self.pull_or_plug(&mut session.machine);
        }
        let end = session.machine.now().saturating_add(cycles_of(2 * HOLD_UP));
        while self.supply == Supply::Falling && session.machine.now() < end {
            match session.slice_to(end, u64::MAX)? {
                Stop::Time => {}
                _ => self.supply = Supply::Off,
            }
        }
        Ok(Stop::PowerCut)
    }

    fn pull_or_plug(&mut self, machine: &mut Machine) {
        match self.supply {
            Supply::On => {
                self.supply = Supply::Falling;
                self.load.plug(false);
                machine.set_falling_cut(Cut::Instruction(0), HOLD_UP);
            }
            Supply::Falling => return,
            Supply::Off => {
                self.supply = Supply::On;
                self.load.plug(true);
                machine.power_cycle();
            }
        }
        self.connect(machine);
    }

    fn change_speed(&mut self, up: bool) {
        let next = if up {
            SPEEDS.into_iter().find(|speed| *speed > self.speed)
        } else {
            SPEEDS.into_iter().rev().find(|speed| *speed < self.speed)
        };
        self.speed = next.unwrap_or(self.speed);
    }

    fn change_load(&mut self, key: Key, machine: &mut Machine) {
        match key {
            Key::Up => self.load.turn_current(true),
            Key::Down => self.load.turn_current(false),
            Key::Right => self.load.turn_phase(true),
            Key::Left => self.load.turn_phase(false),
            Key::Char('h') => self.load.turn_harmonics(),
            Key::Char('l') => self.load.next(),
            _ => return,
        }
        self.connect(machine);
    }

    /// Connects the front end to the load as it is now.
    fn connect(&self, machine: &mut Machine) {
        let Some(source) = self.load.source() else {
            return;
        };
        let mut analog = (self.front_ends)(source);
        if machine.part().peripherals.saadc.calibrated() {
            analog.calibrate();
        }
        machine.set_analog(analog);
    }

    fn view(&mut self, session: &mut Session) -> View {
        let machine = &mut session.machine;
        let pulses = machine.pin_falls(LED_PINS[0]);
        let lit = pulses != std::mem::replace(&mut self.pulses, pulses);
        let log = crash_log::read(machine);
        let statistics = machine.statistics();
        let mut worst: Vec<(u32, u32)> = (0u32..)
            .zip(statistics.page_erases.iter().copied())
            .filter(|(_, erases)| *erases > 0)
            .map(|(page, erases)| (page * emulator::bus::map::PAGE_SIZE, erases))
            .collect();
        worst.sort_by_key(|(address, erases)| (std::cmp::Reverse(*erases), *address));
        worst.truncate(PAGES);
        let flash = Flash {
            words: statistics.flash_writes,
            erases: statistics.flash_erases,
            worst,
            nor_erases: statistics.nor_erases,
            nor_bytes: statistics.nor_bytes_programmed,
        };
        let now = machine.now();
        let nanoseconds = machine.nanoseconds();
        View {
            seconds: seconds(now),
            speed: if self.speed.is_finite() {
                format!("{}", self.speed)
            } else {
                "max".into()
            },
            times: self.measured.look(now),
            load: self.load.name().to_owned(),
            supply: self.supply,
            curves: self.load.curves(nanoseconds),
            readings: session.readings().cloned(),
            pulses,
            lit,
            processes: log.map(|log| log.processes).unwrap_or_default(),
            flash,
            said: session.said().map(str::to_owned),
        }
    }
}
