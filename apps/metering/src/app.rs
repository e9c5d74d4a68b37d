//! The app: what it does when it wakes.

use crate::blocks::Blocks;
use crate::command::{Command, CommandError, LineReader};
use crate::drivers::energy_store::{self, Kind};
use crate::drivers::meter_adc::{self, BLOCK_BYTES};
use crate::input::{Input, READ_BYTES};
use crate::output::{Output, Waiting, CHUNK_BYTES};
use crate::profile_store::{self, ProfileStore};
use crate::publisher::Publisher;
use crate::pulse_led::{Action, PulseLed, PULSE_MILLISECONDS};
use crate::record::CalibrationRecord;
use crate::report::{self, Line, Session};
use crate::save_policy::SavePolicy;
use crate::storage::{self, Storage, Stored};
use core::cell::Cell;
use libtock::apis::alarm::{self, Alarm, Convert, Milliseconds, Ticks};
use libtock::apis::console;
use libtock::apis::leds::Leds;
use libtock::apis::storage as records;
use libtock::platform::share::Handle;
use libtock::platform::{AllowRo, AllowRw, DefaultConfig, ErrorCode, Subscribe, Syscalls};
use metrology::{
    Block, CalibrationError, Calibrator, EnergyRegisters, EnergyTotals, Meter, Outcome, ProfileLog,
    Range, Reference,
};

/// The pulse output.
const PULSE_LED: u32 = 0;
/// Length of a calibration measurement.
const CALIBRATION_SECONDS: u32 = 10;
/// Blocks from one look at the console to the next: 100 ms.
const BLOCKS_PER_POLL: u32 = 5;
/// Load-profile intervals that are kept: a day.
pub const PROFILE_INTERVALS: usize = 96;
/// Load-profile intervals that `show` lists.
const INTERVALS_SHOWN: usize = 4;

/// Everything that the app shares with the kernel, in one list.
pub type Shares<'share, S> = (
    AllowRw<'share, S, { meter_adc::DRIVER_NUM }, { meter_adc::BLOCK_BUFFER }>,
    Subscribe<'share, S, { meter_adc::DRIVER_NUM }, { meter_adc::BLOCK_WAITING }>,
    AllowRo<'share, S, { energy_store::DRIVER_NUM }, { energy_store::APPEND_BUFFER }>,
    Subscribe<'share, S, { energy_store::DRIVER_NUM }, { energy_store::APPENDED }>,
    AllowRo<'share, S, { console::DRIVER_NUM }, { console::WRITE_BUFFER }>,
    Subscribe<'share, S, { console::DRIVER_NUM }, { console::WRITTEN }>,
    AllowRw<'share, S, { console::DRIVER_NUM }, { console::READ_BUFFER }>,
    Subscribe<'share, S, { console::DRIVER_NUM }, { console::READ }>,
    Subscribe<'share, S, { alarm::DRIVER_NUM }, { alarm::EXPIRED }>,
    AllowRo<'share, S, { records::DRIVER_NUM }, { records::APPEND_BUFFER }>,
    AllowRw<'share, S, { records::DRIVER_NUM }, { records::READ_BUFFER }>,
    Subscribe<'share, S, { records::DRIVER_NUM }, { records::DONE }>,
);

/// What upcalls leave for the app to see when it wakes.
#[derive(Default)]
pub struct Signals {
    block: Cell<bool>,
    /// Status, kind, sequence.
    appended: Cell<Option<(u32, u32, u32)>>,
    written: Cell<bool>,
    /// Status, bytes.
    read: Cell<Option<(u32, u32)>>,
    alarm: Cell<bool>,
    /// Status, partition, record number or length.
    stored: Cell<Option<(u32, u32, u32)>>,
}

/// Buffers that the app lends to the kernel, and logs.
pub struct Memory {
    blocks: [[u8; BLOCK_BYTES]; 2],
    output: [u8; CHUNK_BYTES],
    input: [u8; READ_BYTES],
    record: [u8; energy_store::RECORD_BYTES],
    profile: ProfileLog<PROFILE_INTERVALS>,
    waiting: Waiting,
    stored: profile_store::Buffers,
}

/// The calibration that is being measured.
type Calibration = Option<(Range, Calibrator)>;

/// What measures. Apart from [`Memory`], which is zero at start and so takes no
/// room in flash.
#[derive(Default)]
pub struct Instruments {
    meter: Option<Meter>,
    calibrator: Calibration,
}

impl Instruments {
    /// None yet.
    pub const fn new() -> Self {
        Instruments {
            meter: None,
            calibrator: None,
        }
    }
}

impl Memory {
    /// Memory without content.
    pub const fn new() -> Self {
        Memory {
            blocks: [[0; BLOCK_BYTES]; 2],
            output: [0; CHUNK_BYTES],
            input: [0; READ_BYTES],
            record: [0; energy_store::RECORD_BYTES],
            profile: ProfileLog::new(),
            waiting: Waiting::new(),
            stored: profile_store::Buffers::new(),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// A calibration record on its way to the store, and the answer for then.
#[derive(Clone, Copy)]
struct PendingRecord {
    record: CalibrationRecord,
    answer: Answer,
    started: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Calibrated(Range),
    Sealed,
}

/// The app between two wakes.
pub struct App<'scope, 'share, S: Syscalls> {
    signals: &'share Signals,
    blocks: Blocks<'scope, 'share, S>,
    output: Output<'scope, 'share, S>,
    input: Input<'scope, 'share, S>,
    line_reader: LineReader,
    storage: Storage<'scope, 'share, S>,
    /// Registers may be written: what is in the store was read.
    registers_writable: bool,
    /// Calibrations may be written: what is in the store was read.
    calibration_writable: bool,
    meter: &'share mut Meter,
    sealed: bool,
    calibrator: &'share mut Calibration,
    pending: Option<PendingRecord>,
    policy: SavePolicy,
    /// Registers of the save that is under way.
    saving: Option<EnergyTotals>,
    saves: u32,
    failed_saves: u32,
    session: Session,
    blocks_to_poll: u32,
    profile: &'share mut ProfileLog<PROFILE_INTERVALS>,
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
            storage::load::<S, _, _>(Kind::Calibration, CalibrationRecord::from_bytes);
        let registers = storage::load::<S, _, _>(Kind::Registers, EnergyRegisters::from_bytes);
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
            interval,
            interval_read,
            interval_up,
        ) = shares.split();
        S::subscribe::<_, _, DefaultConfig, _, _>(block_up, &signals.block)?;
        S::subscribe::<_, _, DefaultConfig, _, _>(record_up, &signals.appended)?;
        S::subscribe::<_, _, DefaultConfig, _, _>(write_up, &signals.written)?;
        S::subscribe::<_, _, DefaultConfig, _, _>(read_up, &signals.read)?;
        S::subscribe::<_, _, DefaultConfig, _, _>(alarm_up, &signals.alarm)?;
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
            storage: Storage::new(record, &mut memory.record),
            registers_writable: registers != Stored::Unreadable,
            calibration_writable: calibration != Stored::Unreadable,
            meter,
            sealed,
            calibrator: &mut instruments.calibrator,
            pending: None,
            policy: SavePolicy::new(stored.totals),
            saving: None,
            saves: 0,
            failed_saves: 0,
            session: Session::default(),
            blocks_to_poll: BLOCKS_PER_POLL,
            profile: &mut memory.profile,
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
            self.session.samples += block.len() as u64;
            self.session.lost += u64::from(block.lost);
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
        if let Some(measurement) = &outcome.measurement {
            let totals = self.meter.registers().totals;
            self.output
                .offer(&report::meter_line(&self.session, measurement, &totals));
            self.publisher.publish(&self.session, measurement, &totals);
            self.save_if_due(&totals);
            self.profile_store.go_on(self.profile);
        }
        if let Some(entry) = outcome.interval {
            self.profile.push(entry);
            self.profile_store.interval_ended();
            self.profile_store.go_on(self.profile);
            self.output.answer(&report::profile_line(&entry));
        }
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
        let due = self.policy.second(totals);
        if !due || !self.registers_writable || !self.storage.is_idle() || self.pending.is_some() {
            return;
        }
        self.policy.started();
        let record = self.meter.registers().to_bytes();
        match self.storage.append(Kind::Registers, &record) {
            Ok(()) => self.saving = Some(*totals),
            Err(_) => self.failed_saves = self.failed_saves.saturating_add(1),
        }
    }

    #[inline(never)]
    fn record_appended(&mut self, kind: u32, durable: bool) {
        match self.storage.appended(kind) {
            None => {}
            Some(Kind::Registers) => match self.saving.take() {
                Some(totals) if durable => {
                    self.policy.saved(totals);
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

    /// Starts the calibration record's way to the store.
    #[inline(never)]
    fn append_pending(&mut self) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        if pending.started || !self.storage.is_idle() {
            return;
        }
        match self
            .storage
            .append(Kind::Calibration, &pending.record.to_bytes())
        {
            Ok(()) => pending.started = true,
            Err(_) => {
                let pending = *pending;
                self.pending = None;
                self.finish_pending(&pending, false);
            }
        }
    }

    /// What was asked for holds once it is durable, and not before.
    fn finish_pending(&mut self, pending: &PendingRecord, durable: bool) {
        let mut line = Line::new();
        match (pending.answer, durable) {
            (Answer::Calibrated(range), true) => {
                self.meter.set_calibration(pending.record.calibration);
                line.str("ok calibrate ").str(range_name(range));
                line.str(" revision=")
                    .number(pending.record.calibration.revision.into());
            }
            (Answer::Sealed, true) => {
                self.sealed = true;
                line.str("ok seal");
            }
            (Answer::Calibrated(_), false) => _ = line.str("error calibrate not_stored"),
            (Answer::Sealed, false) => _ = line.str("error seal not_stored"),
        }
        line.str("\r\n");
        self.output.answer(&line);
    }

    #[inline(never)]
    fn read_commands(&mut self, count: usize) {
        let mut commands = [None; 4];
        let mut found = 0;
        let reader = &mut self.line_reader;
        self.input.received(count, |byte| {
            if let Some(result) = reader.push(byte) {
                // More lines than places in one read are noise, not typing.
                if let Some(place) = commands.get_mut(found) {
                    *place = Some(result);
                    found += 1;
                }
            }
        });
        for result in commands.into_iter().flatten() {
            self.command(result);
        }
    }

    fn command(&mut self, result: Result<Command, CommandError>) {
        let answer = match result {
            Err(error) => {
                let mut line = Line::new();
                line.str("error command ").str(error.name()).str("\r\n");
                self.output.answer(&line);
                return;
            }
            Ok(Command::Show) => {
                self.show();
                return;
            }
            Ok(Command::Seal) => self.seal(),
            Ok(Command::Calibrate(range, reference)) => self.calibrate(range, reference),
        };
        if let Err(text) = answer {
            self.say(text);
        }
    }

    #[inline(never)]
    fn calibrate(&mut self, range: Range, reference: Reference) -> Result<(), &'static str> {
        if self.sealed {
            return Err("error calibrate sealed");
        }
        if !self.calibration_writable {
            return Err("error calibrate store");
        }
        if self.calibrator.is_some() || self.pending.is_some() {
            return Err("error calibrate busy");
        }
        let base = self.meter.calibration();
        let calibrator = Calibrator::new(range, reference, base, CALIBRATION_SECONDS)
            .map_err(calibration_error)?;
        *self.calibrator = Some((range, calibrator));
        self.say("ok calibrate started");
        Ok(())
    }

    #[inline(never)]
    fn calibrated(
        &mut self,
        range: Range,
        result: Result<metrology::Calibration, CalibrationError>,
    ) {
        *self.calibrator = None;
        match result {
            Ok(calibration) => {
                self.pending = Some(PendingRecord {
                    record: CalibrationRecord {
                        calibration,
                        sealed: self.sealed,
                    },
                    answer: Answer::Calibrated(range),
                    started: false,
                });
            }
            Err(error) => self.say(calibration_error(error)),
        }
    }

    fn seal(&mut self) -> Result<(), &'static str> {
        if self.sealed {
            return Err("error seal sealed");
        }
        if !self.calibration_writable {
            return Err("error seal store");
        }
        if self.calibrator.is_some() || self.pending.is_some() {
            return Err("error seal busy");
        }
        self.pending = Some(PendingRecord {
            record: CalibrationRecord {
                calibration: *self.meter.calibration(),
                sealed: true,
            },
            answer: Answer::Sealed,
            started: false,
        });
        Ok(())
    }

    #[inline(never)]
    fn show(&mut self) {
        let calibration = self.meter.calibration();
        let registers = self.meter.registers();
        let at_risk = self.policy.at_risk(&registers.totals);
        let mut line = Line::new();
        line.str("show sealed=").number(self.sealed.into());
        line.str(" calibrated=")
            .number(calibration.is_complete().into());
        line.str(" revision=").number(calibration.revision.into());
        line.str(" power_failures=")
            .number(registers.power_failures.into());
        line.str(" saves=").number(self.saves.into());
        line.str(" failed_saves=").number(self.failed_saves.into());
        line.str(" unsaved_Wh=").fixed(at_risk.import_nwh, 9, 6);
        line.str(" dropped_lines=")
            .number(self.output.dropped().into());
        line.str(" intervals=").number(self.profile.len() as u64);
        line.str("\r\n");
        self.output.answer(&line);
        for entry in self.profile.newest_first().take(INTERVALS_SHOWN) {
            self.output.answer(&report::profile_line(entry));
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

fn range_name(range: Range) -> &'static str {
    match range {
        Range::Low => "low",
        Range::High => "high",
    }
}

fn calibration_error(error: CalibrationError) -> &'static str {
    match error {
        CalibrationError::Reference => "error calibrate reference",
        CalibrationError::MissingSamples => "error calibrate missing_samples",
        CalibrationError::Saturated => "error calibrate saturated",
        CalibrationError::NoFrequency => "error calibrate no_frequency",
        CalibrationError::VoltageGain => "error calibrate voltage_gain",
        CalibrationError::CurrentGain => "error calibrate current_gain",
        CalibrationError::Phase => "error calibrate phase",
    }
}
