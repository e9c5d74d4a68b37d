//! The app: what it does when it wakes.

mod commands;
mod memory;

pub use memory::{Instruments, Memory, Shares, Signals, PROFILE_INTERVALS};

use self::commands::PendingRecord;
use self::memory::Calibration;
use crate::blocks::Blocks;
use crate::command::LineReader;
use crate::drivers::energy_store::Kind;
use crate::energy_store::{self, EnergyStore, Stored};
use crate::event_log::{Code, Event};
use crate::input::Input;
use crate::output::Output;
use crate::profile_store::ProfileStore;
use crate::publisher::Publisher;
use crate::pulse_led::{Action, PulseLed, PULSE_MILLISECONDS};
use crate::record::CalibrationRecord;
use crate::report::{self, Line, Session};
use crate::save_budget::SaveBudget;
use libtock::apis::alarm::{Alarm, Convert, Milliseconds, Ticks};
use libtock::apis::leds::Leds;
use libtock::apis::supply::Supply;
use libtock::platform::share::Handle;
use libtock::platform::{DefaultConfig, ErrorCode, Syscalls};
use metrology::{
    Block, EnergyRegisters, EnergyTotals, Flags, Meter, Outcome, ProfileEntry, ProfileLog,
    StoredProfile,
};

/// The pulse output.
const PULSE_LED: u32 = 0;
/// Blocks from one look at the console to the next: 100 ms.
const BLOCKS_PER_POLL: u32 = 5;

/// The app between two wakes.
pub struct App<'scope, 'share, S: Syscalls> {
    signals: &'share Signals,
    blocks: Blocks<'scope, 'share, S>,
    output: Output<'scope, 'share, S>,
    input: Input<'scope, 'share, S>,
    line_reader: LineReader,
    energy_store: EnergyStore<'scope, 'share, S>,
    /// Registers may be written: what is in the store was read.
    registers_writable: bool,
    /// Calibrations may be written: what is in the store was read.
    calibration_writable: bool,
    meter: &'share mut Meter,
    sealed: bool,
    calibrator: &'share mut Calibration,
    pending: Option<PendingRecord>,
    save_budget: SaveBudget,
    /// Registers of the save that is under way.
    saving: Option<EnergyTotals>,
    /// The supply falls, and the registers are still to be saved.
    supply_falls: bool,
    /// The supply was low at the start, when there was nothing to save yet.
    began_low: bool,
    saves: u32,
    failed_saves: u32,
    session: Session,
    blocks_to_poll: u32,
    profile: &'share mut ProfileLog<PROFILE_INTERVALS>,
    /// The load profile goes on after what was stored.
    profile_resumed: bool,
    profile_store: ProfileStore<'scope, 'share, S, PROFILE_INTERVALS>,
    publisher: Publisher<S>,
    led: PulseLed,
    pulse_ticks: Ticks,
}

impl<'scope, 'share, S: Syscalls> App<'scope, 'share, S> {
    /// Reads what is stored, subscribes to everything and starts to measure.
    ///
    /// # Errors
    /// A driver of the board is missing, or the meter ADC has another owner.
    #[inline(never)] // Its large stack frame shall end with it.
    pub fn start(
        shares: Handle<'scope, Shares<'share, S>>,
        signals: &'share Signals,
        memory: &'share mut Memory,
        instruments: &'share mut Instruments,
    ) -> Result<Self, ErrorCode> {
        let calibration =
            energy_store::load::<S, _, _>(Kind::Calibration, CalibrationRecord::from_bytes);
        let registers = energy_store::load::<S, _, _>(Kind::Registers, EnergyRegisters::from_bytes);
        let frequency = Alarm::<S>::get_frequency()?;

        let (
            block,
            block_up,
            record,
            record_up,
            write,
            write_up,
            read,
            read_up,
            alarm_up,
            intervals,
            supply_up,
        ) = shares.split();
        let (interval, interval_read, interval_up) = intervals.split();
        S::subscribe::<_, _, DefaultConfig, _, _>(block_up, &signals.block)?;
        S::subscribe::<_, _, DefaultConfig, _, _>(record_up, &signals.appended)?;
        S::subscribe::<_, _, DefaultConfig, _, _>(write_up, &signals.written)?;
        S::subscribe::<_, _, DefaultConfig, _, _>(read_up, &signals.read)?;
        S::subscribe::<_, _, DefaultConfig, _, _>(alarm_up, &signals.alarm)?;
        // A board may not warn of a falling supply; the meter measures all the same.
        let _ = S::subscribe::<_, _, DefaultConfig, _, _>(supply_up, &signals.supply);
        // What fell before it subscribed is told by no upcall.
        let began_low = Supply::<S>::level().is_ok_and(|level| level.low);
        // A kernel may have no external flash; the meter measures all the same.
        let has_storage =
            S::subscribe::<_, _, DefaultConfig, _, _>(interval_up, &signals.stored).is_ok();

        let (constants, sealed) = match calibration {
            Stored::Record(stored) => (stored.calibration, stored.sealed),
            Stored::Nothing => (metrology::Calibration::NOMINAL, false),
            // A seal that cannot be read may not be taken for none.
            Stored::Unreadable => (metrology::Calibration::NOMINAL, true),
        };
        let stored = match registers {
            Stored::Record(stored) => stored,
            Stored::Nothing | Stored::Unreadable => EnergyRegisters::ZERO,
        };
        let meter = instruments
            .meter
            .insert(Meter::with_registers(constants, stored));
        if matches!(registers, Stored::Record(_)) {
            meter.note_power_failure();
        }

        let [first, second] = &mut memory.blocks;
        let mut app = App {
            signals,
            blocks: Blocks::start(block, first, second)?,
            output: Output::new(write, &mut memory.output, &mut memory.waiting),
            input: Input::start(read, &mut memory.input),
            line_reader: LineReader::default(),
            energy_store: EnergyStore::new(record, &mut memory.record),
            registers_writable: registers != Stored::Unreadable,
            calibration_writable: calibration != Stored::Unreadable,
            meter,
            sealed,
            calibrator: &mut instruments.calibrator,
            pending: None,
            save_budget: SaveBudget::new(stored.totals),
            saving: None,
            supply_falls: false,
            began_low,
            saves: 0,
            failed_saves: 0,
            session: Session::default(),
            blocks_to_poll: BLOCKS_PER_POLL,
            profile: &mut memory.profile,
            profile_resumed: false,
            profile_store: ProfileStore::new(
                interval,
                interval_read,
                &mut memory.stored,
                has_storage,
            ),
            publisher: Publisher::new(),
            led: PulseLed::default(),
            pulse_ticks: Milliseconds(PULSE_MILLISECONDS).to_ticks(frequency),
        };
        if !app.calibration_writable {
            app.say("error calibration_unreadable");
        }
        if !app.registers_writable {
            app.say("error registers_unreadable");
        }
        Ok(app)
    }

    /// Works for ever.
    ///
    /// # Errors
    /// The meter ADC is lost; the app should be started anew.
    pub fn run(&mut self) -> Result<core::convert::Infallible, ErrorCode> {
        loop {
            S::yield_wait();
            self.service()?;
        }
    }

    /// Does all that there is to do now. Never waits.
    ///
    /// What it calls is kept out of line: in line, the stack would hold the
    /// frames of all of it at once.
    ///
    /// # Errors
    /// As for [`App::run`].
    pub fn service(&mut self) -> Result<(), ErrorCode> {
        if self.signals.block.take() {
            self.drain_blocks()?;
        }
        if self.signals.alarm.take() {
            let action = self.led.expired();
            self.show_pulse(action);
        }
        if self.signals.written.take() {
            self.output.written();
        }
        if let Some((_, count)) = self.signals.read.take() {
            self.read_commands(count as usize);
        }
        if let Some((status, kind, _)) = self.signals.appended.take() {
            self.record_appended(kind, status == 0);
        }
        if let Some((status, _, value)) = self.signals.stored.take() {
            self.profile_store.ended(status, value, self.profile);
        }
        self.supply_falls |= self.signals.supply.take();
        if self.supply_falls {
            self.save_while_supply_falls();
        }
        self.append_pending();
        Ok(())
    }

    /// Measures every block that waits.
    #[inline(never)]
    fn drain_blocks(&mut self) -> Result<(), ErrorCode> {
        loop {
            let Some(bytes) = self.blocks.take()? else {
                return Ok(());
            };
            let Ok(block) = Block::parse(bytes) else {
                return Err(ErrorCode::BadRVal);
            };
            self.session.time_us = block.time_us;
            self.session.scans += block.len() as u64;
            self.session.lost_scans += u64::from(block.lost_scans);
            let outcome = self.meter.process(&block);
            let calibrated = match self.calibrator {
                Some((range, calibrator)) => calibrator.process(&block).map(|end| (*range, end)),
                None => None,
            };
            self.outcome(&outcome);
            if let Some((range, result)) = calibrated {
                self.calibrated(range, result);
            }
            self.blocks_to_poll -= 1;
            if self.blocks_to_poll == 0 {
                self.blocks_to_poll = BLOCKS_PER_POLL;
                self.input.poll();
            }
        }
    }

    #[inline(never)]
    fn outcome(&mut self, outcome: &Outcome) {
        if outcome.pulses > 0 {
            let action = self.led.due(outcome.pulses);
            self.show_pulse(action);
        }
        for event in outcome.events.iter().flatten() {
            let (seconds, set) = self.meter.clock();
            // What the meter itself does it tells by its other lines.
            if let Some(event) = self.note(Event::of_voltage(event, seconds, !set)) {
                self.output.answer(&report::event_line(&event));
            }
        }
        if let Some(measurement) = &outcome.measurement {
            if measurement.flags.contains(Flags::MISSING_SAMPLES) {
                self.happened(Code::MeasurementSystem);
            }
            self.profile_store.events.second();
            let totals = self.meter.registers().totals;
            self.output
                .offer(&report::meter_line(&self.session, measurement, &totals));
            self.publisher.publish(&self.session, measurement, &totals);
            self.supply_falls |= core::mem::take(&mut self.began_low);
            self.save_if_due(&totals);
            self.profile_store.go_on(self.profile);
            self.resume_profile();
        }
        if let Some(entry) = &outcome.interval {
            self.interval_ended(entry);
        }
    }

    /// Takes note of an event without duration and value.
    fn happened(&mut self, code: Code) {
        let (seconds, set) = self.meter.clock();
        self.note(Event::new(code, seconds, !set));
    }

    #[inline(never)]
    fn note(&mut self, event: Event) -> Option<Event> {
        let noted = self.profile_store.events.note(event);
        self.profile_store.go_on(self.profile);
        noted
    }

    /// Lets the load profile go on once it is known where it ended.
    fn resume_profile(&mut self) {
        if !self.profile_resumed && self.profile_store.is_restored() {
            self.profile_resumed = true;
            let stored = match self.profile.newest_first().next() {
                Some(newest) => StoredProfile::Newest(newest),
                None if self.profile_store.is_present() => StoredProfile::Empty,
                None => StoredProfile::Nowhere,
            };
            self.meter.resume_profile(stored);
            self.happened(Code::PowerUp);
        }
    }

    fn interval_ended(&mut self, entry: &ProfileEntry) {
        self.profile.push(*entry);
        self.profile_store.interval_ended();
        self.profile_store.go_on(self.profile);
        self.output.answer(&report::profile_line(entry));
    }

    /// Drives the pulse output. A pulse that the board cannot show is lost to
    /// the eye, but its energy is in the registers.
    fn show_pulse(&mut self, action: Option<Action>) {
        let Some(action) = action else { return };
        let _ = match action {
            Action::Light => Leds::<S>::on(PULSE_LED),
            Action::Darken => Leds::<S>::off(PULSE_LED),
        };
        if Alarm::<S>::set_relative(self.pulse_ticks).is_err() {
            // Without an alarm a pulse would stay on for ever.
            let _ = Leds::<S>::off(PULSE_LED);
            self.led = PulseLed::default();
        }
    }

    #[inline(never)]
    fn save_if_due(&mut self, totals: &EnergyTotals) {
        let due = self.save_budget.second(totals);
        if !due
            || !self.registers_writable
            || !self.energy_store.is_idle()
            || self.pending.is_some()
        {
            return;
        }
        self.save_budget.started();
        self.save(totals);
    }

    /// Saves at once what is measured so far; after the record that is on its
    /// way, and before one that waits.
    #[inline(never)]
    fn save_while_supply_falls(&mut self) {
        if !self.energy_store.is_idle() {
            return;
        }
        self.supply_falls = false;
        let interval = self.meter.flush();
        let totals = self.meter.registers().totals;
        if self.registers_writable && self.save_budget.warned(&totals) {
            self.save_budget.started_by_warning();
            self.save(&totals);
        }
        if let Some(entry) = &interval {
            self.interval_ended(entry);
        }
        self.happened(Code::PowerDown);
    }

    fn save(&mut self, totals: &EnergyTotals) {
        let record = self.meter.registers().to_bytes();
        match self.energy_store.append(Kind::Registers, &record) {
            Ok(()) => self.saving = Some(*totals),
            Err(_) => self.failed_saves = self.failed_saves.saturating_add(1),
        }
    }

    #[inline(never)]
    fn record_appended(&mut self, kind: u32, durable: bool) {
        match self.energy_store.appended(kind) {
            None => {}
            Some(Kind::Registers) => match self.saving.take() {
                Some(totals) if durable => {
                    self.save_budget.saved(totals);
                    self.saves = self.saves.saturating_add(1);
                }
                _ => self.failed_saves = self.failed_saves.saturating_add(1),
            },
            Some(Kind::Calibration) => {
                if let Some(pending) = self.pending.take() {
                    self.finish_pending(&pending, durable);
                }
            }
        }
    }

    fn say(&mut self, text: &str) {
        let mut line = Line::new();
        line.str(text).str("\r\n");
        self.output.answer(&line);
    }

    /// The registers as they are now.
    pub fn registers(&self) -> &EnergyRegisters {
        self.meter.registers()
    }
}
