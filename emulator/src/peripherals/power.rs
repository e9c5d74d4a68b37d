//! POWER and APPROTECT: reset reason, power-fail comparator, retained registers, RAM power, System OFF.

use crate::bus::context::{Context, ResetCause};
use serde::{Deserialize, Serialize};

/// RESETREAS bits.
const REASON_PIN: u32 = 1 << 0;
const REASON_WATCHDOG: u32 = 1 << 1;
const REASON_SOFTWARE: u32 = 1 << 2;
const REASON_LOCKUP: u32 = 1 << 3;

/// POFWARN among the events that POWER shares with CLOCK.
pub const EVENT_POWER_FAIL: u8 = 2;
/// POFCON.
const COMPARATOR: u32 = 0x510;

/// The RAM blocks with power control: eight of two sections, one of six.
const RAM_BLOCKS: usize = 9;

/// The POWER peripheral.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Power {
    /// Cumulative until firmware writes ones to it; cleared by a power-up.
    reset_reason: u32,
    /// GPREGRET and GPREGRET2, kept over resets but not over a power cut.
    retained: [u32; 2],
    power_fail: u32,
    /// The supply is below every threshold that the comparator has.
    supply_low: bool,
    converter: [u32; 2],
    ram_power: [u32; RAM_BLOCKS],
    force_protect: u32,
    disable_protect: u32,
}

impl Power {
    /// Makes the peripheral in the state that it has after a power-up.
    pub fn new() -> Self {
        Power {
            reset_reason: 0,
            retained: [0; 2],
            power_fail: 0,
            supply_low: false,
            converter: [0; 2],
            ram_power: [0xFFFF; RAM_BLOCKS],
            force_protect: 0xFF,
            disable_protect: 0,
        }
    }

    /// The parts that a reset other than power-up does not keep.
    pub fn reset(&mut self, cause: ResetCause) {
        let kept = Power {
            reset_reason: self.reset_reason
                | match cause {
                    ResetCause::Pin => REASON_PIN,
                    ResetCause::Watchdog => REASON_WATCHDOG,
                    ResetCause::Software => REASON_SOFTWARE,
                    ResetCause::Lockup => REASON_LOCKUP,
                },
            // The product specification's table of resets: pin and watchdog
            // resets clear the retained registers, the others keep them.
            retained: match cause {
                ResetCause::Software | ResetCause::Lockup => self.retained,
                ResetCause::Pin | ResetCause::Watchdog => [0; 2],
            },
            supply_low: self.supply_low,
            ..Power::new()
        };
        *self = kept;
    }

    /// The supply falls below every threshold, or is sound again.
    pub fn set_supply_low(&mut self, low: bool) {
        self.supply_low = low;
    }

    /// Returns whether the comparator is on and sees a low supply: it then warns, and
    /// keeps the NVMC from writing.
    pub fn warns(&self) -> bool {
        self.supply_low && self.power_fail & 1 != 0
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32) -> bool {
        // CONSTLAT and LOWPWR change only the power drawn.
        matches!(offset, 0x78 | 0x7C)
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x400 => self.reset_reason,
            0x428 => 0xF,
            // No USB supply.
            0x438 => 0,
            0x500 => 0,
            COMPARATOR => self.power_fail,
            0x51C => self.retained[0],
            0x520 => self.retained[1],
            0x550 => self.force_protect,
            0x558 => self.disable_protect,
            0x578 => self.converter[0],
            0x580 => self.converter[1],
            // Normal voltage: VDD and VDDH tied together.
            0x640 => 0,
            0x900..0x990 if offset & 0xF == 0 => self.ram_power[((offset - 0x900) / 16) as usize],
            _ => return None,
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x400 => self.reset_reason &= !value,
            0x500 => {
                if value & 1 != 0 {
                    context.system_off = true;
                }
            }
            COMPARATOR => self.power_fail = value & 0xF1F,
            0x51C => self.retained[0] = value & 0xFF,
            0x520 => self.retained[1] = value & 0xFF,
            0x550 => self.force_protect = value & 0xFF,
            0x558 => self.disable_protect = value & 0xFF,
            0x578 => self.converter[0] = value & 1,
            0x580 => self.converter[1] = value & 1,
            0x900..0x990 => {
                let block = &mut self.ram_power[((offset - 0x900) / 16) as usize];
                match offset & 0xF {
                    0x0 => *block = value,
                    0x4 => *block |= value,
                    0x8 => *block &= !value,
                    _ => return false,
                }
            }
            _ => return false,
        }
        true
    }
}

impl Default for Power {
    fn default() -> Self {
        Self::new()
    }
}
