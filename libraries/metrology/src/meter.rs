//! The meter: blocks in; measurements, registers, pulses and intervals out.

use crate::block::Block;
use crate::calibration::Calibration;
use crate::flags::Flags;
use crate::measurement::{Measurement, Results, WindowSums};
use crate::profile::{Profile, ProfileEntry, StoredProfile};
use crate::pulse::PulseOutput;
use crate::registers::{EnergyRegisters, EnergyTotals, Remainder};
use crate::sampler::Sampler;
use crate::supervision::{VoltageEvent, EVENTS_PER_BLOCK};
use crate::SCAN_PERIOD_US;

/// Half of the power at the starting current (0.004 of 5 A at 230 V): less is
/// not counted, so that a meter without a load does not creep.
pub const CREEP_THRESHOLD_UW: i64 = 2_300_000;

/// Over what time import and export are netted before they go to their registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Netting {
    /// The window of about a second: what flows in and out within it cancels out.
    #[default]
    Second,
    /// Each period of the mains: a load that switches between import and export from period to
    /// period counts in both registers.
    Cycle,
}

/// What one block brought about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Pulses of the metrological output that are due now, 1,000 a kWh.
    pub pulses: u32,
    /// The values of the second that ended in this block.
    pub measurement: Option<Measurement>,
    /// The load-profile interval that ended in this block.
    pub interval: Option<ProfileEntry>,
    /// What the voltage did.
    pub events: [Option<VoltageEvent>; EVENTS_PER_BLOCK],
}

/// Everything that is measured from the samples of one connection.
#[derive(Clone, Debug)]
pub struct Meter {
    calibration: Calibration,
    sampler: Sampler,
    registers: EnergyRegisters,
    /// Of import, export, import var, export var.
    remainders: [Remainder; 4],
    pulses: PulseOutput,
    netting: Netting,
    profile: Profile,
    /// The registers as they were stored.
    started_with: EnergyTotals,
    lost_scans: u64,
    /// Of the last scan.
    time_us: u64,
}

impl Meter {
    /// A meter whose registers are zero.
    pub fn new(calibration: Calibration) -> Meter {
        Meter::with_registers(calibration, EnergyRegisters::ZERO)
    }

    /// A meter that goes on from stored registers.
    pub fn with_registers(calibration: Calibration, registers: EnergyRegisters) -> Meter {
        Meter {
            calibration,
            sampler: Sampler::new(&calibration, None),
            registers,
            remainders: [Remainder::default(); 4],
            pulses: PulseOutput::starting_at(registers.totals.active_nwh()),
            netting: Netting::default(),
            profile: Profile::new(registers.totals, registers.measured_us / 1_000_000),
            started_with: registers.totals,
            lost_scans: 0,
            time_us: 0,
        }
    }

    /// Measures a block, and returns what it brought: pulses, and the values of a
    /// window that it closed.
    pub fn process(&mut self, block: &Block<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        self.lost_scans = self.lost_scans.saturating_add(u64::from(block.lost_scans));
        self.time_us = block.time_us;
        if let Some(window) = self.sampler.push(block) {
            let measurement = self.count(&window);
            outcome.interval = self.profile_window(&measurement);
            outcome.measurement = window.whole.then_some(measurement);
        }
        outcome.events = *self.sampler.events();
        outcome.pulses = self.pulses.block();
        outcome
    }

    /// Counts now what a second that has not ended has measured, up to the last
    /// whole cycle: for registers that are saved before the supply is gone.
    /// Gives the load-profile interval that ended by it.
    pub fn flush(&mut self) -> Option<ProfileEntry> {
        let window = self.sampler.flush()?;
        let measurement = self.count(&window);
        self.profile_window(&measurement)
    }

    fn profile_window(&mut self, measurement: &Measurement) -> Option<ProfileEntry> {
        self.profile.window(
            self.time_us,
            &self.registers.totals,
            measurement.scans,
            measurement.flags,
        )
    }

    /// Adds the energy of a window to the registers.
    fn count(&mut self, window: &WindowSums) -> Measurement {
        let Results {
            mut measurement,
            active,
            exported,
            reactive,
        } = Results::of(window, &self.calibration);
        let before = self.registers.totals.active_nwh();
        let totals = &mut self.registers.totals;
        let [import, export, import_var, export_var] = &mut self.remainders;
        let (inward, outward) = match self.netting {
            Netting::Second => (active.max(0), active.min(0)),
            Netting::Cycle => ((active - exported).max(0), exported),
        };
        let (inward, outward) = (inward.unsigned_abs(), outward.unsigned_abs());
        let flow = (inward + outward) / u128::from(measurement.scans.max(1)) / 1_000_000;
        measurement.no_load = flow < u128::from(CREEP_THRESHOLD_UW.unsigned_abs());
        if !measurement.no_load {
            import.add(&mut totals.import_nwh, inward);
            export.add(&mut totals.export_nwh, outward);
        }
        if measurement.reactive_uvar.abs() >= CREEP_THRESHOLD_UW {
            let energy = reactive.unsigned_abs();
            if reactive >= 0 {
                import_var.add(&mut totals.import_nvarh, energy);
            } else {
                export_var.add(&mut totals.export_nvarh, energy);
            }
        }
        self.pulses.add(totals.active_nwh().saturating_sub(before));
        self.registers.measured_us = self
            .registers
            .measured_us
            .saturating_add(u64::from(measurement.scans) * u64::from(SCAN_PERIOD_US));
        measurement
    }

    /// The registers, for display and for the energy store.
    pub fn registers(&self) -> &EnergyRegisters {
        &self.registers
    }

    /// Nets import and export over another time from the next window on.
    pub fn set_netting(&mut self, netting: Netting) {
        self.netting = netting;
    }

    /// Takes over stored registers. None of the energies goes backwards: each
    /// becomes the larger of what is stored and what was measured.
    pub fn restore(&mut self, stored: &EnergyRegisters) {
        self.registers.totals = self.registers.totals.max(&stored.totals);
        self.registers.measured_us = self.registers.measured_us.max(stored.measured_us);
        self.registers.power_failures = self.registers.power_failures.max(stored.power_failures);
        self.pulses = PulseOutput::starting_at(self.registers.totals.active_nwh());
        self.profile.rebase(self.registers.totals);
    }

    /// Goes on after the load-profile intervals that are stored; until then none ends. Registers that were saved before that interval
    /// ended catch up with what it says: it is as durable as they are.
    pub fn resume_profile(&mut self, stored: StoredProfile<'_>) {
        if let StoredProfile::Newest(newest) = stored {
            let behind = newest.registers.since(&self.started_with);
            self.registers.totals = self.registers.totals.plus(&behind);
        }
        self.profile.resume(stored);
    }

    /// The meter was without power before this start: counts it and marks the
    /// present interval.
    pub fn note_power_failure(&mut self) {
        self.registers.power_failures = self.registers.power_failures.saturating_add(1);
        self.profile.mark(Flags::POWER_FAIL);
    }

    /// Returns the calibration in use.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Uses other constants from the next block on; the window and the interval
    /// are marked.
    pub fn set_calibration(&mut self, calibration: Calibration) {
        self.calibration = calibration;
        self.sampler.recalibrate(&self.calibration);
        self.sampler.mark(Flags::CALIBRATION_CHANGED);
        self.profile.mark(Flags::CALIBRATION_CHANGED);
    }

    /// Sets the clock that load-profile intervals are aligned to:
    /// `unix_seconds` at `time_us`, on the time base of [`Block::time_us`].
    pub fn set_clock(&mut self, unix_seconds: u64, time_us: u64) {
        self.profile.set_clock(unix_seconds, time_us);
    }

    /// What the clock says at the last scan, seconds, and whether it was set since the start.
    pub fn clock(&self) -> (u64, bool) {
        self.profile.clock(self.time_us)
    }

    /// Scans that blocks reported as lost since start.
    pub fn lost_scans(&self) -> u64 {
        self.lost_scans
    }
}
