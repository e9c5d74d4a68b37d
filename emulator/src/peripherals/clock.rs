//! CLOCK: the high and low frequency clocks and their start-up times.

use super::events::Events;
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, MICROSECOND, MILLISECOND};
use serde::{Deserialize, Serialize};

const EVENT_HIGH_STARTED: u8 = 0;
const EVENT_LOW_STARTED: u8 = 1;
const EVENT_CALIBRATED: u8 = 3;

/// Start-up of the 32 MHz crystal (with its debounce time).
const CRYSTAL_START: Cycles = 360 * MICROSECOND;
/// Start-up of the internal 32.768 kHz oscillator.
const LOW_RC_START: Cycles = 600 * MICROSECOND;
/// Start-up of the 32.768 kHz crystal. On silicon it takes 250 ms, which
/// firmware that polls for it would spend in millions of register reads.
const LOW_CRYSTAL_START: Cycles = MILLISECOND;
/// Start-up of the clock synthesised from the high-frequency one.
const LOW_SYNTHESISED_START: Cycles = 100 * MICROSECOND;
/// One calibration of the internal oscillator.
const CALIBRATION: Cycles = 16 * MILLISECOND;

const SOURCE_CRYSTAL: u32 = 1;
const SOURCE_SYNTHESISED: u32 = 2;
const RUNNING: u32 = 1 << 16;

/// What the low-frequency wake is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum LowWake {
    Started,
    Calibrated,
}

/// The CLOCK peripheral; its events are POWER's too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Clock {
    high_requested: bool,
    crystal_runs: bool,
    low_requested: bool,
    low_started: bool,
    low_source: u32,
    low_source_copy: u32,
    low_wake: Option<LowWake>,
    timer_interval: u32,
    debounce: u32,
    low_rc_mode: u32,
    trace: u32,
}

impl Clock {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        Clock {
            high_requested: false,
            crystal_runs: false,
            low_requested: false,
            low_started: false,
            low_source: 0,
            low_source_copy: 0,
            low_wake: None,
            timer_interval: 0,
            debounce: 0x10,
            low_rc_mode: 0,
            trace: 0,
        }
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        match offset {
            0x00 => {
                self.high_requested = true;
                let start = if self.crystal_runs { 1 } else { CRYSTAL_START };
                context
                    .wakes
                    .set(Source::HighFrequencyClock, context.now + start);
            }
            0x04 => {
                self.high_requested = false;
                self.crystal_runs = false;
                context.wakes.cancel(Source::HighFrequencyClock);
            }
            0x08 => {
                self.low_requested = true;
                self.low_source_copy = self.low_source;
                // With the crystal selected the internal oscillator serves
                // until the crystal runs, so ticks come at once.
                context.low_frequency_running = true;
                self.low_wake = Some(LowWake::Started);
                let start = match self.low_source & 3 {
                    SOURCE_CRYSTAL => LOW_CRYSTAL_START,
                    SOURCE_SYNTHESISED => LOW_SYNTHESISED_START,
                    _ => LOW_RC_START,
                };
                let start = if self.low_started { 1 } else { start };
                context
                    .wakes
                    .set(Source::LowFrequencyClock, context.now + start);
            }
            0x0C => {
                self.low_requested = false;
                self.low_started = false;
                self.low_wake = None;
                context.low_frequency_running = false;
                context.wakes.cancel(Source::LowFrequencyClock);
            }
            0x10 => {
                if self.low_wake.is_none() {
                    self.low_wake = Some(LowWake::Calibrated);
                    context
                        .wakes
                        .set(Source::LowFrequencyClock, context.now + CALIBRATION);
                }
            }
            _ => return false,
        }
        true
    }

    /// The crystal runs now.
    pub fn wake_high(&mut self, events: &mut Events, context: &mut Context) {
        self.crystal_runs = true;
        events.signal(EVENT_HIGH_STARTED, context);
    }

    /// The low-frequency clock started or was calibrated.
    pub fn wake_low(&mut self, events: &mut Events, context: &mut Context) {
        match self.low_wake.take() {
            Some(LowWake::Started) => {
                self.low_started = true;
                events.signal(EVENT_LOW_STARTED, context);
            }
            Some(LowWake::Calibrated) => events.signal(EVENT_CALIBRATED, context),
            None => {}
        }
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x408 => u32::from(self.high_requested),
            // The internal oscillator runs whenever the CPU does.
            0x40C => RUNNING | u32::from(self.crystal_runs),
            0x414 => u32::from(self.low_requested),
            0x418 => {
                let running = if self.low_requested { RUNNING } else { 0 };
                // Until the crystal runs, the source is the internal oscillator.
                let source = if self.low_started {
                    self.low_source_copy & 3
                } else {
                    0
                };
                running | source
            }
            0x41C => self.low_source_copy,
            0x518 => self.low_source,
            0x528 => self.debounce,
            0x538 => self.timer_interval,
            0x55C => self.trace,
            0x5B4 => self.low_rc_mode,
            _ => return None,
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            0x518 => self.low_source = value & 0x3_0003,
            0x528 => self.debounce = value & 0xFF,
            0x538 => self.timer_interval = value & 0x7F,
            0x55C => self.trace = value & 0x3_0003,
            0x5B4 => self.low_rc_mode = value & 1,
            _ => return false,
        }
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        *self = Clock::new();
        context.low_frequency_running = false;
        context.wakes.cancel(Source::HighFrequencyClock);
        context.wakes.cancel(Source::LowFrequencyClock);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
