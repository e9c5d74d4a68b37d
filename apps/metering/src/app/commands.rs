//! The app's command lines: what they ask for, and what they are answered once it holds.

use super::App;
use crate::command::{Command, CommandError};
use crate::drivers::energy_store::Kind;
use crate::event_log::Code;
use crate::record::CalibrationRecord;
use crate::report::{self, Line};
use libtock::platform::Syscalls;
use metrology::{CalibrationError, Calibrator, Range, Reference};

/// Length of a calibration measurement.
const CALIBRATION_SECONDS: u32 = 10;
/// Load-profile intervals that `show` lists.
const INTERVALS_SHOWN: usize = 4;

/// What `help` answers; no line is longer than a terminal of 80 columns.
const HELP: [&str; 5] = [
    "help      this",
    "show      calibration, seal, counters, and the newest intervals",
    "calibrate low|high VOLTS AMPERES DEGREES",
    "          measures ten seconds of a known load; DEGREES: the current lags",
    "seal      accepts no calibration from now on",
];

/// A calibration record on its way to the store, and the answer for then.
#[derive(Clone, Copy)]
pub(super) struct PendingRecord {
    record: CalibrationRecord,
    answer: Answer,
    started: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Calibrated(Range),
    Sealed,
}

impl<S: Syscalls> App<'_, '_, S> {
    /// Starts the calibration record's way to the store.
    #[inline(never)]
    pub(super) fn append_pending(&mut self) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        if pending.started || !self.energy_store.is_idle() {
            return;
        }
        match self
            .energy_store
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
    pub(super) fn finish_pending(&mut self, pending: &PendingRecord, durable: bool) {
        if durable {
            self.happened(Code::Parameters);
        }
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
    pub(super) fn read_commands(&mut self, count: usize) {
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
            Ok(Command::Help) => {
                HELP.iter().for_each(|line| self.say(line));
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
    pub(super) fn calibrated(
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
        let at_risk = self.save_budget.at_risk(&registers.totals);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_fits_eighty_columns_and_the_place_for_answers() {
        assert!(HELP.iter().all(|line| line.len() <= 80 && line.is_ascii()));
        let bytes: usize = HELP.iter().map(|line| line.len() + 2).sum();
        assert!(bytes <= 512, "{bytes}");
    }
}
