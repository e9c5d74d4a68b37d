//! What a peripheral reaches beside its own registers: time, memory by
//! EasyDMA, interrupt lines, other peripherals' events, and the world outside.

use super::absent::AbsentCores;
use super::lines::Lines;
use super::map::{RAM_BASE, RAM_SIZE};
use super::notes::Notes;
use super::outside::Outside;
use super::wakes::Wakes;
use crate::chance::Chance;
use crate::machine::memory::{Kept, Memory};
use crate::statistics::Statistics;
use crate::time::Cycles;
use rigless::emulator::{Processor, Queued};
use std::collections::VecDeque;

/// The memories of the part.
#[derive(Debug)]
pub struct Memories {
    /// 1 MB of flash at 0.
    pub flash: Memory,
    /// 256 KB of RAM at 0x2000_0000.
    pub ram: Memory,
    /// Factory information, read only.
    pub ficr: Memory,
    /// User information, flash of one page.
    pub uicr: Memory,
}

impl Memories {
    /// What keeps the bytes where they are.
    pub(crate) fn kept(&self) -> [Kept; 4] {
        [&self.flash, &self.ram, &self.ficr, &self.uicr].map(Memory::kept)
    }

    /// The memories again; none while they are somewhere else.
    pub(crate) fn reclaim(kept: &mut [Kept; 4]) -> Option<Self> {
        let [flash, ram, ficr, uicr] = kept.each_mut().map(Kept::reclaim);
        Some(Memories {
            flash: flash?,
            ram: ram?,
            ficr: ficr?,
            uicr: uicr?,
        })
    }
}

/// Why the part resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// The watchdog ran out.
    Watchdog,
    /// AIRCR.SYSRESETREQ.
    Software,
    /// The core locked up.
    Lockup,
    /// The reset pin.
    Pin,
}

/// One event register of one peripheral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    /// The peripheral's number (bits 12 to 17 of its address).
    pub slot: u8,
    /// The register's index from 0x100.
    pub event: u8,
}

/// What peripherals share.
#[derive(Debug)]
pub struct Context {
    /// The cycle at which what happens now happens.
    pub now: Cycles,
    /// When each peripheral next acts.
    pub wakes: Wakes,
    /// The memories.
    pub memories: Memories,
    /// The interrupt lines.
    pub lines: Lines,
    /// The pins, serial lines and analogue inputs.
    pub outside: Outside,
    /// What was counted.
    pub statistics: Statistics,
    /// What firmware touched that has no model.
    pub notes: Notes,
    /// Randomness, from the seed.
    pub chance: Chance,
    /// A reset asked for by a peripheral.
    pub reset: Option<ResetCause>,
    /// The part entered System OFF.
    pub system_off: bool,
    /// The CPU stands still until this cycle (flash operation).
    pub stall_until: Cycles,
    /// A 32.768 kHz clock runs.
    pub low_frequency_running: bool,
    /// Events that the PPI has yet to see.
    published: VecDeque<EventId>,
    /// One bit for each peripheral that an enabled PPI channel listens to.
    pub(crate) listened: u64,
    /// What the core has to be told.
    queued: Vec<Queued>,
    /// What cores that do not run now have to be told.
    pub(crate) absent_cores: AbsentCores,
}

impl Context {
    /// A context at cycle zero.
    pub fn new(memories: Memories, outside: Outside, seed: u64) -> Self {
        Context {
            now: 0,
            wakes: Wakes::default(),
            memories,
            lines: Lines::default(),
            outside,
            statistics: Statistics::default(),
            notes: Notes::default(),
            chance: Chance::new(seed),
            reset: None,
            system_off: false,
            stall_until: 0,
            low_frequency_running: false,
            published: VecDeque::new(),
            listened: 0,
            queued: Vec::new(),
            absent_cores: AbsentCores::default(),
        }
    }

    /// Tells the PPI of an event.
    #[inline]
    pub fn publish(&mut self, id: EventId) {
        if self.listened >> id.slot & 1 != 0 {
            self.published.push_back(id);
        }
    }

    /// Returns whether a PPI channel listens to any event of the peripheral `slot`.
    pub fn listens(&self, slot: u8) -> bool {
        self.listened >> slot & 1 != 0
    }

    /// The next event the PPI has to see.
    pub fn take_published(&mut self) -> Option<EventId> {
        self.published.pop_front()
    }

    /// Drives an interrupt line.
    #[inline]
    pub fn set_line(&mut self, number: u8, high: bool) {
        if let Some(change) = self.lines.set(number, high) {
            if high {
                self.statistics.interrupts[usize::from(number)] += 1;
            }
            self.queued.push(change);
        }
    }

    /// Sends data accesses to the core's page at `address` to the bus, or no
    /// longer.
    pub(crate) fn route(&mut self, address: u64, routed: bool) {
        self.absent_cores.route(address, routed);
        self.queued.push(if routed {
            Queued::Route(address)
        } else {
            Queued::Unroute(address)
        });
    }

    /// Returns whether the core has something to be told.
    pub fn has_queued(&self) -> bool {
        !self.queued.is_empty()
    }

    /// Everything the core has to be told, oldest first.
    pub fn take_queued(&mut self) -> Vec<Queued> {
        std::mem::take(&mut self.queued)
    }

    /// Tells the core that is about to stand still what it has to know; the
    /// lines are for the core that goes on.
    pub(crate) fn tell_leaving(&mut self, core: &mut dyn Processor) {
        let (lines, others): (Vec<_>, Vec<_>) = self
            .take_queued()
            .into_iter()
            .partition(|queued| matches!(queued, Queued::Line(..)));
        self.queued = lines;
        for queued in others {
            core.ask(queued);
        }
    }

    /// Drops the translations of `length` bytes from `address` on.
    pub fn invalidate(&mut self, address: u32, length: u32) {
        self.absent_cores.changed(address, length);
        let start = u64::from(address);
        let end = start + u64::from(length);
        // Results of a scan arrive one after the other: one range is enough.
        if let Some(Queued::Invalidate(_, last)) = self.queued.last_mut() {
            if *last == start {
                *last = end;
                return;
            }
        }
        self.queued.push(Queued::Invalidate(start, end));
    }

    /// EasyDMA reads RAM. Outside RAM (flash above all) it reads zeros, which
    /// is noted, because on silicon it reads garbage or faults.
    pub fn dma_read(&mut self, address: u32, into: &mut [u8]) -> bool {
        let inside = ram_offset(address, into.len())
            .is_some_and(|offset| self.memories.ram.read(offset, into));
        if !inside {
            into.fill(0);
            if !into.is_empty() {
                self.notes.dma_outside_ram(address, self.now);
            }
        }
        inside
    }

    /// EasyDMA writes RAM; elsewhere the bytes are lost, which is noted.
    pub fn dma_write(&mut self, address: u32, from: &[u8]) -> bool {
        let inside = ram_offset(address, from.len())
            .is_some_and(|offset| self.memories.ram.write(offset, from));
        if inside {
            self.invalidate(address, from.len() as u32);
        } else if !from.is_empty() {
            self.notes.dma_outside_ram(address, self.now);
        }
        inside
    }
}

fn ram_offset(address: u32, length: usize) -> Option<usize> {
    let offset = address.checked_sub(RAM_BASE)? as usize;
    (offset + length <= RAM_SIZE as usize).then_some(offset)
}
