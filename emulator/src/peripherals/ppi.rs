//! PPI: channels from events to tasks, with groups and forks.

use crate::bus::context::{Context, EventId};
use serde::{Deserialize, Serialize};

const CHANNELS: usize = 32;
const PROGRAMMABLE: usize = 20;
const GROUPS: usize = 6;

/// Event and task addresses of the pre-programmed channels 20 to 31.
const FIXED: [(u32, u32); CHANNELS - PROGRAMMABLE] = [
    (0x4000_8140, 0x4000_1000), // TIMER0 COMPARE0 to RADIO TXEN
    (0x4000_8140, 0x4000_1004), // TIMER0 COMPARE0 to RADIO RXEN
    (0x4000_8144, 0x4000_1010), // TIMER0 COMPARE1 to RADIO DISABLE
    (0x4000_1128, 0x4000_F000), // RADIO BCMATCH to AAR START
    (0x4000_1100, 0x4000_F000), // RADIO READY to CCM KSGEN
    (0x4000_1104, 0x4000_F004), // RADIO ADDRESS to CCM CRYPT
    (0x4000_1104, 0x4000_8044), // RADIO ADDRESS to TIMER0 CAPTURE1
    (0x4000_110C, 0x4000_8048), // RADIO END to TIMER0 CAPTURE2
    (0x4000_B140, 0x4000_1000), // RTC0 COMPARE0 to RADIO TXEN
    (0x4000_B140, 0x4000_1004), // RTC0 COMPARE0 to RADIO RXEN
    (0x4000_B140, 0x4000_800C), // RTC0 COMPARE0 to TIMER0 CLEAR
    (0x4000_B140, 0x4000_8000), // RTC0 COMPARE0 to TIMER0 START
];

/// The PPI peripheral.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ppi {
    enabled: u32,
    event: [u32; CHANNELS],
    task: [u32; CHANNELS],
    fork: [u32; CHANNELS],
    group: [u32; GROUPS],
    /// Enabled channels as (event address, task, fork), for a quick search.
    routes: Vec<(u32, u32, u32)>,
}

/// The address of an event register.
pub fn event_address(id: EventId) -> u32 {
    0x4000_0100 + 0x1000 * u32::from(id.slot) + 4 * u32::from(id.event)
}

impl Ppi {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        let (mut event, mut task) = ([0; CHANNELS], [0; CHANNELS]);
        for (index, (from, to)) in FIXED.into_iter().enumerate() {
            event[PROGRAMMABLE + index] = from;
            task[PROGRAMMABLE + index] = to;
        }
        Ppi {
            enabled: 0,
            event,
            task,
            fork: [0; CHANNELS],
            group: [0; GROUPS],
            routes: Vec::new(),
        }
    }

    /// Calls `each` with every task address that the event reaches.
    pub fn tasks(&self, id: EventId, each: &mut dyn FnMut(u32)) {
        let address = event_address(id);
        for (event, task, fork) in &self.routes {
            if *event == address {
                if *task != 0 {
                    each(*task);
                }
                if *fork != 0 {
                    each(*fork);
                }
            }
        }
    }

    fn changed(&mut self, context: &mut Context) {
        self.routes.clear();
        context.listened = 0;
        for channel in 0..CHANNELS {
            let event = self.event[channel];
            if self.enabled >> channel & 1 != 0 && event & 0xFFFC_0F00 == 0x4000_0100 {
                self.routes
                    .push((event, self.task[channel], self.fork[channel]));
                context.listened |= 1 << (event >> 12 & 0x3F);
            }
        }
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        let group = (offset / 8) as usize;
        if group >= GROUPS {
            return false;
        }
        if offset & 4 == 0 {
            self.enabled |= self.group[group];
        } else {
            self.enabled &= !self.group[group];
        }
        self.changed(context);
        true
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x500 | 0x504 | 0x508 => self.enabled,
            0x510..0x5B0 => {
                let channel = ((offset - 0x510) / 8) as usize;
                if offset & 4 == 0 {
                    self.event[channel]
                } else {
                    self.task[channel]
                }
            }
            0x800..0x818 => self.group[((offset - 0x800) / 4) as usize],
            0x910..0x990 => self.fork[((offset - 0x910) / 4) as usize],
            _ => return None,
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x500 => self.enabled = value,
            0x504 => self.enabled |= value,
            0x508 => self.enabled &= !value,
            0x510..0x5B0 => {
                let channel = ((offset - 0x510) / 8) as usize;
                if offset & 4 == 0 {
                    self.event[channel] = value;
                } else {
                    self.task[channel] = value;
                }
            }
            0x800..0x818 => self.group[((offset - 0x800) / 4) as usize] = value,
            0x910..0x990 => self.fork[((offset - 0x910) / 4) as usize] = value,
            _ => return false,
        }
        self.changed(context);
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        *self = Ppi::new();
        self.changed(context);
    }
}

impl Default for Ppi {
    fn default() -> Self {
        Self::new()
    }
}
