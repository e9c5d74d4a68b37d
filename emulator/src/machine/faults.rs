//! Carries out faults on purpose: power cuts and skipped instructions.

use super::fault::{Cut, Skip};
use super::stops::{Action, Hook, Stop};
use super::Machine;
use crate::time::{cycles_of, Cycles};
use std::time::Duration;

impl Machine {
    /// Places the power cut, or takes it back. The power goes at once.
    pub fn set_cut(&mut self, cut: Option<Cut>) {
        self.place_cut(cut, 0);
    }

    /// Places the power cut of a supply that falls before it is gone: at `cut`
    /// it falls below the thresholds of the power-fail comparator, `hold_up`
    /// later it is gone. A flash operation of that moment is torn; but unless
    /// the cut is a [`Cut::Time`], one that began before the fall is complete.
    pub fn set_falling_cut(&mut self, cut: Cut, hold_up: Duration) {
        self.place_cut(Some(cut), cycles_of(hold_up));
    }

    fn place_cut(&mut self, cut: Option<Cut>, hold_up: Cycles) {
        self.cut = cut;
        self.hold_up = hold_up;
        let now = self.now();
        let nvmc = &mut self.part.peripherals.nvmc;
        (nvmc.cut_at, nvmc.lost_at) = match cut {
            Some(Cut::FlashOperation(number)) if hold_up == 0 => (Some(number), None),
            // Known from the beginning: an operation of before the fall may
            // last until the supply is gone.
            Some(Cut::Time(time)) => {
                let falls = cycles_of(time).max(now);
                (None, Some(falls.saturating_add(hold_up)))
            }
            _ => (None, None),
        };
    }

    /// Lets the supply fall below the thresholds of the power-fail comparator,
    /// or brings it back, without a cut.
    pub fn set_supply_low(&mut self, low: bool) {
        let now = self.now();
        self.part.advance(now);
        let part = &mut self.part;
        part.peripherals.set_supply_low(low, &mut part.context);
        part.settle();
    }

    /// What the power cut does now, if anything.
    pub(super) fn cut_now(&mut self) -> Option<Stop> {
        let now = self.now();
        if self
            .part
            .peripherals
            .nvmc
            .lost_at
            .is_some_and(|at| at <= now)
        {
            return Some(self.lose_power());
        }
        let reached = match self.cut? {
            Cut::FlashOperation(number) => self.hold_up > 0 && self.flash_operations() >= number,
            Cut::Instruction(number) => self.instructions() >= number,
            Cut::Time(time) => now >= cycles_of(time),
        };
        if !reached {
            return None;
        }
        if self.hold_up == 0 {
            return Some(self.lose_power());
        }
        self.cut = None;
        let lost = now.saturating_add(self.hold_up);
        self.part.peripherals.nvmc.lost_at.get_or_insert(lost);
        self.set_supply_low(true);
        None
    }

    /// The next instant at which [`Machine::cut_now`] has something to do, and
    /// the instructions until it has.
    pub(super) fn next_cut(&self) -> (Cycles, u64) {
        let lost = self.part.peripherals.nvmc.lost_at.unwrap_or(Cycles::MAX);
        match self.cut {
            Some(Cut::Time(time)) => (lost.min(cycles_of(time)), u64::MAX),
            Some(Cut::Instruction(number)) => (lost, number),
            _ => (lost, u64::MAX),
        }
    }

    /// The power is gone.
    pub(super) fn lose_power(&mut self) -> Stop {
        self.place_cut(None, 0);
        self.off = true;
        Stop::PowerCut
    }

    /// Flash operations so far, as [`Cut::FlashOperation`] counts them.
    pub fn flash_operations(&self) -> u64 {
        self.part.peripherals.nvmc.operations
    }

    /// Leaves out an instruction when the core arrives at it. False if no
    /// instruction can be at the address.
    pub fn add_skip(&mut self, skip: Skip) -> bool {
        let mut arrivals = 0u64;
        let hook: Hook = Box::new(move |_| {
            arrivals += 1;
            if arrivals >= skip.first && arrivals - skip.first < skip.count {
                Action::Skip
            } else {
                Action::Continue
            }
        });
        self.add_hook(skip.address, hook)
    }

    /// Leaves out the next instruction: the core goes on after it.
    pub fn skip_instruction(&mut self) {
        let registers = self.registers();
        let pc = registers.r[15];
        let first = self
            .read_memory(pc, 2)
            .map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
        // Thumb: 0b11101, 0b11110 and 0b11111 begin instructions of two halves.
        let length = if first >> 11 >= 0b11101 { 4 } else { 2 };
        let advanced = advance_it(registers.xpsr);
        if advanced != registers.xpsr {
            self.set_core_register(16, advanced);
        }
        self.set_core_register(15, pc.wrapping_add(length));
    }
}

/// The IT state in an xPSR, moved on by one instruction.
fn advance_it(xpsr: u32) -> u32 {
    const LOW: u32 = 0x0600_0000;
    const HIGH: u32 = 0x0000_FC00;
    let state = xpsr >> 25 & 3 | (xpsr >> 10 & 0x3F) << 2;
    let next = if state & 7 == 0 {
        0
    } else {
        state & 0xE0 | state << 1 & 0x1F
    };
    xpsr & !(LOW | HIGH) | (next & 3) << 25 | (next >> 2) << 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_it_state_moves_on() {
        // ITTE EQ: state 0b0000_0110 with the condition's last bit first.
        let pack = |state: u32| 0x0100_0000 | (state & 3) << 25 | (state >> 2) << 10;
        assert_eq!(advance_it(pack(0b0000_0110)), pack(0b0000_1100));
        assert_eq!(advance_it(pack(0b0000_1000)), pack(0));
        assert_eq!(advance_it(pack(0)), pack(0));
    }
}
