//! Faults on purpose: power cuts and skipped instructions.

use super::run::{Action, Hook};
use super::Machine;

/// Where the power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// In the flash operation with this number, counted from 1 since the
    /// machine was made: a word write, an erase or a part of one. The word or
    /// the page is left torn.
    FlashOperation(u64),
    /// After this many instructions since the machine was made.
    Instruction(u64),
}

/// An instruction that is left out, as a glitch would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Its address.
    pub address: u32,
    /// The first arrival at it that is left out, counted from 1.
    pub first: u64,
    /// How many arrivals are left out from then on.
    pub count: u64,
}

impl Machine {
    /// Places the power cut, or takes it back.
    pub fn set_cut(&mut self, cut: Option<Cut>) {
        self.cut = cut;
        self.part.peripherals.nvmc.cut_at = match cut {
            Some(Cut::FlashOperation(number)) => Some(number),
            _ => None,
        };
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
