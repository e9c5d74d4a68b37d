//! PWM0 to PWM3: sequences, loops and events with their times. The outputs
//! themselves do not move.

use super::events::Events;
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, NEVER};
use serde::{Deserialize, Serialize};

const STOPPED: u8 = 1;
/// SEQSTARTED of sequence 0; that of sequence 1 follows.
const SEQUENCE_STARTED: u8 = 2;
const SEQUENCE_END: u8 = 4;
const PERIOD_END: u8 = 6;
const LOOPS_DONE: u8 = 7;

/// SHORTS: the end of sequence 0 or 1 stops; the end of all loops starts
/// sequence 0 or 1, or stops.
const SHORT_END_STOP: u32 = 1;
const SHORT_DONE_START: u32 = 1 << 2;
const SHORT_DONE_STOP: u32 = 1 << 4;

/// Core cycles of the 16 MHz clock.
const CYCLES_PER_TICK: Cycles = 4;
/// Values of a step by DECODER.LOAD: common, grouped, individual, waveform.
const VALUES: [u32; 4] = [1, 2, 4, 4];
const WAVEFORM: u32 = 3;
const TOP: u32 = 0x7FFF;
const PIN_NONE: u32 = 0xFFFF_FFFF;

/// One of the two sequences: where, how many values, periods a step beside the
/// first, periods after it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Sequence {
    pointer: u32,
    count: u32,
    refresh: u32,
    end_delay: u32,
}

/// One PWM.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pwm {
    instance: u8,
    /// Its events.
    pub events: Events,
    shortcuts: u32,
    enabled: bool,
    mode: u32,
    top: u32,
    prescaler: u32,
    decoder: u32,
    loops: u32,
    sequences: [Sequence; 2],
    pins: [u32; 4],
    /// The sequence that plays or played last.
    current: u8,
    loops_left: u32,
    /// A period begins here; none while nothing is generated.
    period_start: Option<Cycles>,
    period: Cycles,
    /// When the last value of the sequence is applied.
    last_value: Cycles,
    /// When the sequence and its delay are over.
    over: Cycles,
    /// When a STOP takes effect.
    stops: Cycles,
}

impl Pwm {
    /// Makes PWM number `instance` in its state after a reset.
    pub fn new(instance: u8) -> Self {
        let sequence = Sequence {
            pointer: 0,
            count: 0,
            refresh: 1,
            end_delay: 0,
        };
        Pwm {
            instance,
            events: Events::new([28, 33, 34, 45][usize::from(instance)]),
            shortcuts: 0,
            enabled: false,
            mode: 0,
            top: 0x3FF,
            prescaler: 0,
            decoder: 0,
            loops: 0,
            sequences: [sequence; 2],
            pins: [PIN_NONE; 4],
            current: 0,
            loops_left: 0,
            period_start: None,
            period: 0,
            last_value: NEVER,
            over: NEVER,
            stops: NEVER,
        }
    }

    fn source(&self) -> Source {
        Source::Pwm(self.instance)
    }

    /// A task register by its offset; false if there is none. NEXTSTEP has no
    /// model.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        self.settle(context);
        match offset {
            0x04 => self.stop(context),
            0x08 | 0x0C => {
                if self.enabled {
                    self.loops_left = self.loops;
                    self.start(((offset - 0x08) / 4) as u8, context);
                }
            }
            _ => return false,
        }
        self.plan(context);
        true
    }

    fn start(&mut self, number: u8, context: &mut Context) {
        let sequence = self.sequences[usize::from(number)];
        let mut values = vec![0; 2 * sequence.count as usize];
        context.dma_read(sequence.pointer, &mut values);
        let load = self.decoder & 3;
        let steps = (sequence.count / VALUES[load as usize]).max(1);
        // A step's length; a waveform has its own counter top in each.
        let period_of = |step: u32| {
            let at = 8 * step as usize + 6;
            let own = match values.get(at..at + 2) {
                Some(top) if load == WAVEFORM => u32::from(u16::from_le_bytes([top[0], top[1]])),
                _ => self.top,
            };
            let ticks = u64::from((own & TOP).max(3)) << (self.mode & 1);
            ticks * (CYCLES_PER_TICK << self.prescaler)
        };
        let periods = u64::from(sequence.refresh) + 1;
        let before: Cycles = (0..steps - 1).map(|step| period_of(step) * periods).sum();
        let last = period_of(steps - 1);
        self.current = number;
        self.period = last;
        self.period_start = Some(context.now);
        self.last_value = context.now + before.max(1);
        self.over = context.now + before + last * (periods + u64::from(sequence.end_delay));
        self.events.signal(SEQUENCE_STARTED + number, context);
    }

    fn stop(&mut self, context: &Context) {
        self.stops = match self.period_start {
            Some(start) => {
                let periods = (context.now - start) / self.period + 1;
                start + periods * self.period
            }
            None => context.now + 1,
        };
    }

    /// When it next acts, which depends on who listens.
    pub(super) fn plan(&mut self, context: &mut Context) {
        let mut next = self.last_value.min(self.over).min(self.stops);
        // Periods are counted only for somebody who listens.
        let heard = self.events.interrupts(PERIOD_END) || context.listens(self.events.slot());
        if let (Some(start), true) = (self.period_start, heard) {
            next = next.min(start + self.period);
        }
        context.wakes.set(self.source(), next);
    }

    /// Periods that ended since somebody looked.
    pub(super) fn settle(&mut self, context: &mut Context) {
        if let Some(start) = self.period_start {
            let periods = context.now.saturating_sub(start) / self.period;
            if periods > 0 {
                self.period_start = Some(start + periods * self.period);
                self.events.signal(PERIOD_END, context);
            }
        }
    }

    /// Something of the sequence is due.
    pub fn wake(&mut self, context: &mut Context) {
        self.settle(context);
        if self.last_value <= context.now {
            self.last_value = NEVER;
            self.events.signal(SEQUENCE_END + self.current, context);
            if self.shortcuts & SHORT_END_STOP << self.current != 0 {
                self.stop(context);
            }
        }
        if self.stops <= context.now {
            self.rest();
            self.events.signal(STOPPED, context);
        }
        if self.over <= context.now {
            self.over = NEVER;
            self.follow(context);
        }
        self.plan(context);
    }

    /// A sequence is over: the next one of the loop, or what comes after all.
    fn follow(&mut self, context: &mut Context) {
        if self.loops_left == 0 {
            // Without loops the last value is repeated.
            return;
        }
        if self.current == 0 {
            self.start(1, context);
            return;
        }
        self.loops_left -= 1;
        if self.loops_left > 0 {
            self.start(0, context);
            return;
        }
        self.events.signal(LOOPS_DONE, context);
        for number in 0..2 {
            if self.shortcuts & SHORT_DONE_START << number != 0 {
                self.loops_left = self.loops;
                self.start(number, context);
                return;
            }
        }
        if self.shortcuts & SHORT_DONE_STOP != 0 {
            self.stop(context);
        }
    }

    fn rest(&mut self) {
        self.period_start = None;
        self.last_value = NEVER;
        self.over = NEVER;
        self.stops = NEVER;
    }

    /// A read of a register, or none.
    pub fn read(&mut self, offset: u32, context: &mut Context) -> Option<u32> {
        self.settle(context);
        Some(match offset {
            0x200 => self.shortcuts,
            0x500 => u32::from(self.enabled),
            0x504 => self.mode,
            0x508 => self.top,
            0x50C => self.prescaler,
            0x510 => self.decoder,
            0x514 => self.loops,
            0x520..0x530 | 0x540..0x550 => {
                let sequence = &self.sequences[(offset >> 6 & 1) as usize];
                match offset & 0xC {
                    0x0 => sequence.pointer,
                    0x4 => sequence.count,
                    0x8 => sequence.refresh,
                    _ => sequence.end_delay,
                }
            }
            0x560..0x570 => self.pins[((offset - 0x560) / 4) as usize],
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        self.settle(context);
        match offset {
            0x200 => self.shortcuts = value & 0x1F,
            0x500 => {
                self.enabled = value & 1 != 0;
                if !self.enabled {
                    self.rest();
                }
            }
            0x504 => self.mode = value & 1,
            0x508 => self.top = value & TOP,
            0x50C => self.prescaler = value & 7,
            0x510 => self.decoder = value & 0x103,
            0x514 => self.loops = value & 0xFFFF,
            0x520..0x530 | 0x540..0x550 => {
                let sequence = &mut self.sequences[(offset >> 6 & 1) as usize];
                match offset & 0xC {
                    0x0 => sequence.pointer = value,
                    0x4 => sequence.count = value & TOP,
                    0x8 => sequence.refresh = value & 0xFF_FFFF,
                    _ => sequence.end_delay = value & 0xFF_FFFF,
                }
            }
            0x560..0x570 => self.pins[((offset - 0x560) / 4) as usize] = value,
            _ => {
                if !self.events.write(offset, value, context) {
                    return false;
                }
            }
        }
        self.plan(context);
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(self.source());
        *self = Pwm::new(self.instance);
    }
}
