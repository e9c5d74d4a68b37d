//! TIMER0 to TIMER4: 16 MHz timers and counters, computed and not ticked.

use super::events::Events;
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, NEVER};
use serde::{Deserialize, Serialize};

const FIRST_COMPARE: u8 = 16;
/// Core cycles in a tick of the 16 MHz timer clock.
const CYCLES_PER_TICK: Cycles = 4;

/// One timer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Timer {
    instance: u8,
    channels: usize,
    /// Its events.
    pub events: Events,
    running: bool,
    /// The counter at `since`, if it runs as a timer; else the counter.
    counter: u32,
    since: Cycles,
    mode: u32,
    bit_mode: u32,
    prescaler: u32,
    shortcuts: u32,
    compare: [u32; 6],
    /// The channels whose compare comes at the deadline set.
    due: u8,
}

impl Timer {
    /// TIMER`instance`; TIMER3 and TIMER4 have six compare channels, others four.
    pub fn new(instance: u8) -> Self {
        let slot = match instance {
            0..=2 => 8 + instance,
            _ => 23 + instance,
        };
        Timer {
            instance,
            channels: if instance >= 3 { 6 } else { 4 },
            events: Events::new(slot),
            running: false,
            counter: 0,
            since: 0,
            mode: 0,
            bit_mode: 0,
            prescaler: 4,
            shortcuts: 0,
            compare: [0; 6],
            due: 0,
        }
    }

    fn source(&self) -> Source {
        Source::Timer(self.instance)
    }

    fn mask(&self) -> u32 {
        match self.bit_mode {
            0 => 0xFFFF,
            1 => 0xFF,
            2 => 0xFF_FFFF,
            _ => 0xFFFF_FFFF,
        }
    }

    fn tick(&self) -> Cycles {
        CYCLES_PER_TICK << self.prescaler
    }

    fn counts_time(&self) -> bool {
        self.running && self.mode == 0
    }

    /// Brings the counter to now, keeping the phase of its ticks.
    fn settle(&mut self, now: Cycles) {
        if self.counts_time() {
            let ticks = (now - self.since) / self.tick();
            self.since += ticks * self.tick();
            self.counter = self.counter.wrapping_add(ticks as u32) & self.mask();
        }
    }

    /// Sets the deadline of the next compare.
    fn plan(&mut self, context: &mut Context) {
        self.due = 0;
        let mut next = NEVER;
        if self.counts_time() {
            let mask = self.mask();
            for channel in 0..self.channels {
                let compare = self.compare[channel];
                if compare > mask {
                    continue;
                }
                let ticks = compare.wrapping_sub(self.counter) & mask;
                let ticks = if ticks == 0 {
                    u64::from(mask) + 1
                } else {
                    u64::from(ticks)
                };
                let at = self.since + ticks * self.tick();
                if at < next {
                    next = at;
                    self.due = 0;
                }
                if at == next {
                    self.due |= 1 << channel;
                }
            }
        }
        context.wakes.set(self.source(), next);
    }

    /// The deadline came.
    pub fn wake(&mut self, context: &mut Context) {
        self.settle(context.now);
        let due = std::mem::take(&mut self.due);
        self.matched(due, context);
        self.plan(context);
    }

    fn matched(&mut self, due: u8, context: &mut Context) {
        for channel in 0..self.channels as u8 {
            if due >> channel & 1 == 0 {
                continue;
            }
            if self.shortcuts >> channel & 1 != 0 {
                self.counter = 0;
            }
            if self.shortcuts >> (8 + channel) & 1 != 0 {
                self.running = false;
            }
            self.events.signal(FIRST_COMPARE + channel, context);
        }
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        self.settle(context.now);
        match offset {
            0x00 => {
                if !self.running {
                    self.running = true;
                    self.since = context.now;
                }
            }
            0x04 | 0x10 => self.running = false,
            0x08 => {
                if self.running && self.mode != 0 {
                    self.counter = self.counter.wrapping_add(1) & self.mask();
                    let due = (0..self.channels)
                        .filter(|channel| self.compare[*channel] == self.counter)
                        .fold(0, |due, channel| due | 1 << channel);
                    self.matched(due, context);
                }
            }
            0x0C => {
                self.counter = 0;
                self.since = context.now;
            }
            0x40..0x58 => {
                let channel = ((offset - 0x40) / 4) as usize;
                if channel >= self.channels {
                    return false;
                }
                self.compare[channel] = self.counter;
            }
            _ => return false,
        }
        self.plan(context);
        true
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x200 => self.shortcuts,
            0x504 => self.mode,
            0x508 => self.bit_mode,
            0x510 => self.prescaler,
            0x540..0x558 if self.has(offset) => self.compare[((offset - 0x540) / 4) as usize],
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        self.settle(context.now);
        match offset {
            0x200 => self.shortcuts = value & 0x3F3F,
            0x504 => {
                self.mode = value & 3;
                self.since = context.now;
            }
            0x508 => self.bit_mode = value & 3,
            0x510 => {
                self.prescaler = (value & 0xF).min(9);
                self.since = context.now;
            }
            0x540..0x558 if self.has(offset) => {
                self.compare[((offset - 0x540) / 4) as usize] = value;
            }
            _ => return self.events.write(offset, value, context),
        }
        self.plan(context);
        true
    }

    fn has(&self, offset: u32) -> bool {
        ((offset - 0x540) / 4) < self.channels as u32 && offset.is_multiple_of(4)
    }

    /// How the counter repeats: the only compare that comes, its channel, and
    /// the cycles from one to the next, if it clears the counter and nothing else
    /// happens between.
    pub fn period(&self) -> Option<(u8, Cycles)> {
        let channel = self.due.trailing_zeros() as u8;
        if !self.counts_time() || self.due.count_ones() != 1 {
            return None;
        }
        let compare = self.compare[usize::from(channel)];
        let clears = self.shortcuts >> channel & 1 != 0;
        let stops = self.shortcuts >> (8 + channel) & 1 != 0;
        let alone = (0..self.channels).all(|other| {
            other == usize::from(channel)
                || self.compare[other] == 0
                || self.compare[other] > compare
        });
        (clears && !stops && alone && compare > 0)
            .then(|| (channel, u64::from(compare) * self.tick()))
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(self.source());
        *self = Timer::new(self.instance);
    }
}
