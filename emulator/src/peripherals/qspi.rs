//! QSPI: reads, programs and erases the external NOR flash by EasyDMA.

use super::events::Events;
use super::nor::{Erase, Nor, PROGRAM_SIZE};
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, MICROSECOND};
use serde::{Deserialize, Serialize};

const READY: u8 = 0;
/// First address of the execute-in-place window.
pub const WINDOW_BASE: u32 = 0x1200_0000;
/// Past its end.
pub const WINDOW_END: u32 = 0x1A00_0000;
/// A command without data.
const COMMAND_TIME: Cycles = 2 * MICROSECOND;
const KEPT_FROM: u32 = 0x500;
const KEPT: usize = 96;

/// A task that waits for its time or for the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Going {
    Command,
    Read,
    /// Bytes programmed so far.
    Write(u32),
    Erase,
}

/// The QSPI peripheral with the memory at its pins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Qspi {
    /// Its events.
    pub events: Events,
    /// The memory.
    pub nor: Nor,
    active: bool,
    registers: Vec<u32>,
    going: Option<Going>,
}

impl Qspi {
    /// As after a power-up, with a blank memory.
    pub fn new() -> Self {
        let mut qspi = Qspi {
            events: Events::new(41),
            nor: Nor::new(),
            active: false,
            registers: vec![0; KEPT],
            going: None,
        };
        qspi.clear_registers();
        qspi
    }

    fn clear_registers(&mut self) {
        self.registers.fill(0);
        for pin in (0x524..0x540).step_by(4) {
            *self.register_mut(pin) = 0xFFFF_FFFF;
        }
        *self.register_mut(0x600) = 0x0004_0480;
        *self.register_mut(0x614) = 0xFFFF_FFFF;
        *self.register_mut(0x624) = 0x0000_00B7;
        *self.register_mut(0x634) = 0x0000_2000;
        *self.register_mut(0x640) = 0x0000_0200;
    }

    fn register(&self, offset: u32) -> u32 {
        self.registers[((offset - KEPT_FROM) / 4) as usize]
    }

    fn register_mut(&mut self, offset: u32) -> &mut u32 {
        &mut self.registers[((offset - KEPT_FROM) / 4) as usize]
    }

    /// Cycles to move `bytes`: the clock is 32 MHz / (SCKFREQ + 1), four
    /// lines, or one where READOC or PP2O say so.
    fn transfer_time(&self, bytes: u32) -> Cycles {
        let divider = u64::from(self.register(0x600) >> 28) + 1;
        let quad = self.register(0x544) & 7 >= 3 || self.register(0x544) >> 3 & 7 >= 2;
        let clocks = u64::from(bytes) * if quad { 2 } else { 8 } + 40;
        clocks * 2 * divider
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        let enabled = self.register(0x500) & 1 != 0;
        match offset {
            0x00 if enabled => {
                self.active = true;
                self.begin(Going::Command, 10 * MICROSECOND, context);
            }
            0x04 if self.active => {
                let time = self.transfer_time(self.register(0x50C));
                self.begin(Going::Read, time, context);
            }
            0x08 if self.active => {
                let time = self.transfer_time(self.register(0x518).min(PROGRAM_SIZE));
                self.begin(Going::Write(0), time, context);
            }
            0x0C if self.active => self.begin(Going::Erase, COMMAND_TIME, context),
            0x10 => {
                self.active = false;
                self.going = None;
                context.wakes.cancel(Source::Qspi);
            }
            0x00 | 0x04 | 0x08 | 0x0C => {}
            _ => return false,
        }
        true
    }

    /// Begins when the memory is ready: the peripheral polls its status.
    fn begin(&mut self, going: Going, time: Cycles, context: &mut Context) {
        let start = match going {
            Going::Command => context.now,
            _ => context.now.max(self.nor.busy_until()),
        };
        self.going = Some(going);
        context.wakes.set(Source::Qspi, start + time);
    }

    /// The transfer's time is over.
    pub fn wake(&mut self, context: &mut Context) {
        match self.going.take() {
            Some(Going::Read) => {
                let mut bytes = vec![0; self.register(0x50C) as usize & 0x3_FFFF];
                self.nor.read(self.register(0x504), &mut bytes, context.now);
                context.dma_write(self.register(0x508), &bytes);
            }
            Some(Going::Write(done)) => {
                if self.program_page(done, context) {
                    return;
                }
            }
            Some(Going::Erase) => {
                let what = match self.register(0x520) & 3 {
                    0 => Erase::Sector,
                    1 => Erase::Block,
                    _ => Erase::Chip,
                };
                self.nor.instruct(0x06, &mut [], context.now);
                self.nor.erase(self.register(0x51C), what, context.now);
                self.count(context);
            }
            Some(Going::Command) => {}
            None => return,
        }
        self.events.signal(READY, context);
    }

    /// Programs the page that starts `done` bytes into the transfer; true if
    /// more follow.
    fn program_page(&mut self, done: u32, context: &mut Context) -> bool {
        let (to, from, count) = (
            self.register(0x510),
            self.register(0x514),
            self.register(0x518) & 0x3_FFFF,
        );
        let at = to.wrapping_add(done);
        let length = (PROGRAM_SIZE - at % PROGRAM_SIZE).min(count.saturating_sub(done));
        let mut bytes = vec![0; length as usize];
        context.dma_read(from.wrapping_add(done), &mut bytes);
        self.nor.instruct(0x06, &mut [], context.now);
        self.nor.program(at, &bytes, context.now);
        self.count(context);
        let done = done + length;
        if done >= count {
            return false;
        }
        let time = self.transfer_time((count - done).min(PROGRAM_SIZE));
        self.begin(Going::Write(done), time, context);
        true
    }

    /// Tells the statistics what became of the memory.
    pub(super) fn count(&self, context: &mut Context) {
        let erases = self.nor.sector_erases.iter().map(|n| u64::from(*n)).sum();
        context.statistics.nor_erases = erases;
        context.statistics.nor_bytes_programmed = self.nor.bytes_programmed;
    }

    /// A custom instruction, sent when CINSTRCONF is written.
    fn custom(&mut self, value: u32, context: &mut Context) {
        let length = (value >> 8 & 0xF).saturating_sub(1).min(8) as usize;
        if value >> 15 & 1 != 0 {
            self.nor.instruct(0x06, &mut [], context.now);
        }
        let [low, high] = [self.register(0x638), self.register(0x63C)];
        let mut data = (u64::from(high) << 32 | u64::from(low)).to_le_bytes();
        self.nor
            .instruct(value as u8, &mut data[..length], context.now);
        let word = u64::from_le_bytes(data);
        *self.register_mut(0x638) = word as u32;
        *self.register_mut(0x63C) = (word >> 32) as u32;
        self.count(context);
        self.begin(Going::Command, COMMAND_TIME, context);
    }

    /// A data read in the execute-in-place window; none if the peripheral is
    /// not active.
    pub fn window_read(&self, address: u32, context: &Context) -> Option<u32> {
        if !self.active {
            return None;
        }
        let offset = (address - WINDOW_BASE).wrapping_add(self.register(0x540));
        let mut bytes = [0; 4];
        self.nor.read(offset, &mut bytes, context.now);
        Some(u32::from_le_bytes(bytes))
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32, context: &Context) -> Option<u32> {
        Some(match offset {
            0x604 => {
                let status = u32::from(self.nor.status_register(context.now));
                status << 24 | u32::from(self.going.is_none() && self.active) << 3
            }
            0x500..0x680 => self.register(offset & !3),
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x634 => {
                *self.register_mut(offset) = value;
                if self.active {
                    self.custom(value, context);
                }
            }
            0x500..0x680 => *self.register_mut(offset & !3) = value,
            _ => return self.events.write(offset, value, context),
        }
        true
    }

    /// Back to the state after reset. The memory has its own supply pin but
    /// loses it together with the part.
    pub fn reset(&mut self, power_up: bool, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(Source::Qspi);
        self.active = false;
        self.going = None;
        self.clear_registers();
        if power_up {
            self.nor.power_fails(context.now, &mut context.chance);
        }
    }
}

impl Default for Qspi {
    fn default() -> Self {
        Self::new()
    }
}
