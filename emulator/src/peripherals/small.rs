//! The small peripherals: EGU, RNG, TEMP and WDT.

use super::events::Events;
use crate::bus::context::{Context, ResetCause};
use crate::bus::wakes::Source;
use crate::time::{low_frequency_cycle, low_frequency_ticks, Cycles, MICROSECOND, NEVER};
use serde::{Deserialize, Serialize};

/// One event generator (EGU0 to EGU5): sixteen tasks, each with its event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Egu {
    /// Its events.
    pub events: Events,
}

impl Egu {
    /// Makes EGU number `instance` in its state after a reset.
    pub fn new(instance: u8) -> Self {
        Egu {
            events: Events::new(20 + instance),
        }
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        if offset >= 0x40 {
            return false;
        }
        self.events.signal((offset / 4) as u8, context);
        true
    }
}

/// The random number generator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rng {
    /// Its events.
    pub events: Events,
    running: bool,
    shortcuts: u32,
    configuration: u32,
    value: u8,
}

/// A random byte without and with bias correction.
const RANDOM_BYTE: [Cycles; 2] = [30 * MICROSECOND, 120 * MICROSECOND];
/// The first byte after START.
const RANDOM_START: Cycles = 128 * MICROSECOND;

impl Rng {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        Rng {
            events: Events::new(13),
            running: false,
            shortcuts: 0,
            configuration: 0,
            value: 0,
        }
    }

    fn byte_time(&self) -> Cycles {
        RANDOM_BYTE[(self.configuration & 1) as usize]
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        match offset {
            0 => {
                if !self.running {
                    self.running = true;
                    let at = context.now + RANDOM_START + self.byte_time();
                    context.wakes.set(Source::Rng, at);
                }
            }
            4 => {
                self.running = false;
                context.wakes.cancel(Source::Rng);
            }
            _ => return false,
        }
        true
    }

    /// A byte is ready.
    pub fn wake(&mut self, context: &mut Context) {
        self.value = context.chance.word() as u8;
        if self.shortcuts & 1 != 0 {
            self.running = false;
        } else {
            context
                .wakes
                .set(Source::Rng, context.now + self.byte_time());
        }
        self.events.signal(0, context);
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x200 => self.shortcuts,
            0x504 => self.configuration,
            0x508 => u32::from(self.value),
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x200 => self.shortcuts = value & 1,
            0x504 => self.configuration = value & 1,
            _ => return self.events.write(offset, value, context),
        }
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(Source::Rng);
        *self = Rng::new();
    }
}

impl Default for Rng {
    fn default() -> Self {
        Self::new()
    }
}

/// The temperature sensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Temp {
    /// Its events.
    pub events: Events,
    value: i32,
    /// The slopes, offsets and ends of the piecewise linear function, from
    /// 0x520 on.
    function: [u32; 21],
}

/// A0 to A5, B0 to B5 and T0 to T4 after reset, with the gaps between them.
const TEMPERATURE_FUNCTION: [u32; 21] = [
    0x326, 0x348, 0x3AA, 0x40E, 0x4BD, 0x5A3, 0, 0, 0x3FEF, 0x3FBE, 0x3FBE, 0x12, 0x124, 0x27C, 0,
    0, 0xE2, 0, 0x19, 0x3C, 0x50,
];

const TEMPERATURE_TIME: Cycles = 36 * MICROSECOND;

impl Temp {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        Temp {
            events: Events::new(12),
            value: 0,
            function: TEMPERATURE_FUNCTION,
        }
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        match offset {
            0 => context
                .wakes
                .set(Source::Temp, context.now + TEMPERATURE_TIME),
            4 => context.wakes.cancel(Source::Temp),
            _ => return false,
        }
        true
    }

    /// A temperature is ready.
    pub fn wake(&mut self, context: &mut Context) {
        self.value = context.outside.temperature_quarters;
        self.events.signal(0, context);
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x508 => self.value as u32,
            0x520..0x574 => self.function[((offset - 0x520) / 4) as usize],
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x520..0x574 => self.function[((offset - 0x520) / 4) as usize] = value,
            _ => return self.events.write(offset, value, context),
        }
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(Source::Temp);
        *self = Temp::new();
    }
}

impl Default for Temp {
    fn default() -> Self {
        Self::new()
    }
}

/// The watchdog. Once started, it runs until the part resets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watchdog {
    /// Its events.
    pub events: Events,
    running: bool,
    expired: bool,
    reload: u32,
    enabled_requests: u32,
    pending_requests: u32,
    configuration: u32,
}

const RELOAD_KEY: u32 = 0x6E52_4635;
/// Low-frequency ticks from the TIMEOUT event to the reset.
const TICKS_TO_RESET: u64 = 2;

impl Watchdog {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        Watchdog {
            events: Events::new(16),
            running: false,
            expired: false,
            reload: 0xFFFF_FFFF,
            enabled_requests: 1,
            pending_requests: 1,
            configuration: 1,
        }
    }

    fn start_count(&mut self, context: &mut Context) {
        self.pending_requests = self.enabled_requests;
        let end = low_frequency_ticks(context.now) + u64::from(self.reload) + 1;
        context
            .wakes
            .set(Source::Watchdog, low_frequency_cycle(end));
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        if offset != 0 {
            return false;
        }
        if !self.running {
            self.running = true;
            self.start_count(context);
        }
        true
    }

    /// The count ran out, or the reset that follows is due.
    pub fn wake(&mut self, context: &mut Context) {
        if self.expired {
            context.reset = Some(ResetCause::Watchdog);
        } else {
            self.expired = true;
            let end = low_frequency_ticks(context.now) + TICKS_TO_RESET;
            context
                .wakes
                .set(Source::Watchdog, low_frequency_cycle(end));
            self.events.signal(0, context);
        }
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x400 => u32::from(self.running),
            0x404 => self.pending_requests,
            0x504 => self.reload,
            0x508 => self.enabled_requests,
            0x50C => self.configuration,
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            // Its registers are locked while it runs.
            0x504 if !self.running => self.reload = value.max(0xF),
            0x508 if !self.running => self.enabled_requests = value & 0xFF,
            0x50C if !self.running => self.configuration = value & 9,
            0x504 | 0x508 | 0x50C => {}
            0x600..0x620 => {
                let bit = 1 << ((offset - 0x600) / 4);
                if value == RELOAD_KEY && self.running && !self.expired {
                    self.pending_requests &= !bit;
                    if self.pending_requests == 0 {
                        self.start_count(context);
                    }
                }
            }
            _ => return self.events.write(offset, value, context),
        }
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.set(Source::Watchdog, NEVER);
        *self = Watchdog::new();
    }
}

impl Default for Watchdog {
    fn default() -> Self {
        Self::new()
    }
}
