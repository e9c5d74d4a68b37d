//! RTC0 to RTC2: 24-bit counters of the 32.768 kHz clock.

use super::events::Events;
use crate::bus::context::{Context, EventId};
use crate::bus::wakes::Source;
use crate::time::{low_frequency_cycle, low_frequency_ticks, NEVER};
use serde::{Deserialize, Serialize};

const EVENT_TICK: u8 = 0;
const EVENT_OVERFLOW: u8 = 1;
const FIRST_COMPARE: u8 = 16;
const MASK: u64 = 0xFF_FFFF;

/// One real-time counter.
///
/// A compare value written less than two ticks ahead of the counter is missed,
/// as the product specification warns that it may be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rtc {
    instance: u8,
    channels: usize,
    /// Its events.
    pub events: Events,
    /// Events routed to PPI (EVTEN); only these and interrupts set registers.
    routed: u32,
    running: bool,
    prescaler: u32,
    /// The counter when it last stood, or at `since_tick`.
    counter: u64,
    /// The tick of the low-frequency clock at which it counted `counter`.
    since_tick: u64,
    compare: [u32; 4],
    /// The count (not wrapped, from `counter`) before which each compare
    /// value is too new to match.
    compare_from: [u64; 4],
    /// The count at which the deadline comes.
    planned: u64,
}

impl Rtc {
    /// RTC`instance`; RTC0 has three compare channels, the others four.
    pub fn new(instance: u8) -> Self {
        Rtc {
            instance,
            channels: if instance == 0 { 3 } else { 4 },
            events: Events::new([11, 17, 36][usize::from(instance)]),
            routed: 0,
            running: false,
            prescaler: 0,
            counter: 0,
            since_tick: 0,
            compare: [0; 4],
            compare_from: [0; 4],
            planned: 0,
        }
    }

    fn source(&self) -> Source {
        Source::Rtc(self.instance)
    }

    fn divider(&self) -> u64 {
        u64::from(self.prescaler) + 1
    }

    /// The count at now, not wrapped.
    fn count(&self, context: &Context) -> u64 {
        if self.running && context.low_frequency_running {
            let ticks = low_frequency_ticks(context.now).saturating_sub(self.since_tick);
            self.counter + ticks / self.divider()
        } else {
            self.counter
        }
    }

    fn settle(&mut self, context: &Context) {
        let count = self.count(context);
        self.since_tick += (count - self.counter) * self.divider();
        self.counter = count;
    }

    fn plan(&mut self, context: &mut Context) {
        if !self.running || !context.low_frequency_running {
            context.wakes.cancel(self.source());
            return;
        }
        let wanted = self.events.enabled() | self.routed;
        let now = self.count(context);
        let mut next = NEVER;
        if wanted & 1 << EVENT_TICK != 0 {
            next = now + 1;
        }
        if wanted & 1 << EVENT_OVERFLOW != 0 {
            next = next.min((now | MASK) + 1);
        }
        for channel in 0..self.channels {
            if wanted >> (usize::from(FIRST_COMPARE) + channel) & 1 == 0 {
                continue;
            }
            let from = self.compare_from[channel].max(now + 1);
            let ahead = u64::from(self.compare[channel]).wrapping_sub(from) & MASK;
            next = next.min(from + ahead);
        }
        self.planned = next;
        let at = if next == NEVER {
            NEVER
        } else {
            low_frequency_cycle(self.since_tick + (next - self.counter) * self.divider())
        };
        context.wakes.set(self.source(), at);
    }

    /// The low-frequency clock started or stopped.
    pub fn clock_changed(&mut self, was_running: bool, context: &mut Context) {
        let runs = context.low_frequency_running;
        context.low_frequency_running = was_running;
        self.settle(context);
        context.low_frequency_running = runs;
        if runs && !was_running {
            self.since_tick = low_frequency_ticks(context.now);
        }
        self.plan(context);
    }

    /// The deadline came.
    pub fn wake(&mut self, context: &mut Context) {
        self.settle(context);
        let count = self.planned;
        self.happen(EVENT_TICK, context);
        if count & MASK == 0 {
            self.happen(EVENT_OVERFLOW, context);
        }
        for channel in 0..self.channels {
            if u64::from(self.compare[channel]) == count & MASK
                && count >= self.compare_from[channel]
            {
                self.happen(FIRST_COMPARE + channel as u8, context);
            }
        }
        self.plan(context);
    }

    fn happen(&mut self, number: u8, context: &mut Context) {
        let (interrupts, routed) = (
            self.events.interrupts(number),
            self.routed >> number & 1 != 0,
        );
        if interrupts {
            self.events.signal(number, context);
        } else if routed {
            self.events.write(0x100 + 4 * u32::from(number), 1, context);
            context.publish(EventId {
                slot: self.events.slot(),
                event: number,
            });
        }
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        self.settle(context);
        match offset {
            0x00 => {
                if !self.running {
                    self.running = true;
                    self.since_tick = low_frequency_ticks(context.now);
                }
            }
            0x04 => self.running = false,
            0x08 => self.restart_from(0, context),
            0x0C => self.restart_from(0xFF_FFF0, context),
            _ => return false,
        }
        self.plan(context);
        true
    }

    fn restart_from(&mut self, count: u64, context: &Context) {
        self.counter = count;
        self.compare_from = [0; 4];
        self.since_tick = low_frequency_ticks(context.now);
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32, context: &Context) -> Option<u32> {
        Some(match offset {
            0x340 | 0x344 | 0x348 => self.routed,
            0x504 => (self.count(context) & MASK) as u32,
            0x508 => self.prescaler,
            0x540..0x550 if offset.is_multiple_of(4) => {
                self.compare[((offset - 0x540) / 4) as usize]
            }
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        self.settle(context);
        match offset {
            0x340 => self.routed = value,
            0x344 => self.routed |= value,
            0x348 => self.routed &= !value,
            0x508 => {
                if !self.running {
                    self.prescaler = value & 0xFFF;
                }
            }
            0x540..0x550 if offset.is_multiple_of(4) => {
                let channel = ((offset - 0x540) / 4) as usize;
                self.compare[channel] = value & MASK as u32;
                self.compare_from[channel] = if self.running {
                    self.count(context) + 2
                } else {
                    0
                };
            }
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
        *self = Rtc::new(self.instance);
    }
}
