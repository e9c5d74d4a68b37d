//! CLOCK: starts the crystals, and waits for neither.
//!
//! Both clocks run from internal oscillators until their crystal is ready and
//! then switch over by themselves (product specification, "CLOCK"), so nothing at
//! boot needs to wait. Once started the high-frequency crystal is never stopped:
//! the timers' rate is the meter's time base, and anomaly 244 (QSPI data is
//! corrupted when the clock source switches during a transfer) asks for it.

use crate::registers::clock::{ClockRegisters, HighStatus, LowSource, LowStatus};
use crate::registers::Task;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;

/// Where the 32,768 Hz clock comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LowClockSource {
    /// Internal RC oscillator, 250 ppm with calibration.
    Rc,
    /// 32.768 kHz crystal on XL1 and XL2.
    Crystal,
    /// Divided from the high-frequency clock.
    Synthesized,
}

/// The clock controller.
pub struct Clock {
    registers: StaticRef<ClockRegisters>,
}

impl Clock {
    /// Makes the driver; nothing is started.
    pub const fn new(registers: StaticRef<ClockRegisters>) -> Self {
        Clock { registers }
    }

    /// Starts the 32 MHz crystal; takes about 360 us, during which the internal
    /// oscillator goes on.
    pub fn start_high(&self) {
        self.registers.events_hfclkstarted.set(0);
        self.registers.tasks_hfclkstart.write(Task::TRIGGER.val(1));
    }

    /// Returns whether the 64 MHz clock comes from the crystal by now.
    pub fn high_from_crystal(&self) -> bool {
        self.registers
            .hfclkstat
            .matches_all(HighStatus::SRC::Crystal + HighStatus::STATE.val(1))
    }

    /// Starts the 32,768 Hz clock. A crystal takes about 0.25 s; until then the
    /// RC oscillator stands in.
    pub fn start_low(&self, source: LowClockSource) {
        let source = match source {
            LowClockSource::Rc => LowSource::SRC::Rc,
            LowClockSource::Crystal => LowSource::SRC::Crystal,
            LowClockSource::Synthesized => LowSource::SRC::Synthesized,
        };
        self.registers.lfclksrc.write(source);
        self.registers.events_lfclkstarted.set(0);
        self.registers.tasks_lfclkstart.write(Task::TRIGGER.val(1));
    }

    /// The running source of the 32,768 Hz clock, if it runs.
    pub fn low_source(&self) -> Option<LowClockSource> {
        let status = self.registers.lfclkstat.extract();
        if !status.is_set(LowStatus::STATE) {
            return None;
        }
        match status.read_as_enum(LowStatus::SRC) {
            Some(LowStatus::SRC::Value::Crystal) => Some(LowClockSource::Crystal),
            Some(LowStatus::SRC::Value::Synthesized) => Some(LowClockSource::Synthesized),
            Some(LowStatus::SRC::Value::Rc) | None => Some(LowClockSource::Rc),
        }
    }
}
