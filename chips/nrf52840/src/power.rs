//! POWER: why the part was reset, what it retains, its regulators.

use crate::registers::power::{PowerRegisters, ResetReason as Bits};
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;

/// Why the part was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetReason {
    /// Power came on, or its brown-out detector let go.
    PowerOn,
    /// Reset pin.
    Pin,
    /// Watchdog.
    Watchdog,
    /// Software (AIRCR.SYSRESETREQ).
    Software,
    /// CPU lock-up: a fault within a fault handler.
    Lockup,
    /// Woken from system-off by a pin, LPCOMP, NFC or VBUS.
    Wakeup,
    /// Debugger.
    Debugger,
}

/// The power controller.
pub struct Power {
    registers: StaticRef<PowerRegisters>,
}

impl Power {
    /// Makes the driver.
    pub const fn new(registers: StaticRef<PowerRegisters>) -> Self {
        Power { registers }
    }

    /// RESETREAS as this reset left it; clears it, so that the next reset's stands
    /// alone. [`reset_reason`] says what it means.
    pub fn take_reset_bits(&self) -> u32 {
        let bits = self.registers.resetreas.get();
        // A bit is cleared by writing 1 to it.
        self.registers.resetreas.set(bits);
        bits
    }

    /// The byte that survives every reset but power-on (GPREGRET).
    pub fn retained_byte(&self) -> u8 {
        self.registers.gpregret.get() as u8
    }

    /// Sets the byte that survives every reset but power-on.
    pub fn set_retained_byte(&self, value: u8) {
        self.registers.gpregret.set(u32::from(value));
    }

    /// The second such byte (GPREGRET2).
    pub fn second_retained_byte(&self) -> u8 {
        self.registers.gpregret2.get() as u8
    }

    /// Sets the second such byte.
    pub fn set_second_retained_byte(&self, value: u8) {
        self.registers.gpregret2.set(u32::from(value));
    }

    /// Turns the DC/DC converter of the main regulator on. Only where the board
    /// has its inductor.
    pub fn enable_dcdc(&self) {
        self.registers.dcdcen.set(1);
    }

    /// Keeps RAM sections powered in system-off: `block` 0 to 8, one bit of
    /// `sections` for each section (2 of 4 KB in blocks 0 to 7, 6 of 32 KB in block 8).
    pub fn retain_ram(&self, block: usize, sections: u16) {
        if let Some(ram) = self.registers.ram.get(block) {
            // Bits 0 to 15 power a section while on, bits 16 to 31 while off.
            ram.powerset.set(u32::from(sections) << 16);
        }
    }
}

/// Reads RESETREAS. A reset through the pin may leave further bits set that mean
/// nothing (anomaly 136), so the pin's bit decides first.
pub fn reset_reason(bits: u32) -> ResetReason {
    let has = |mask: u32| bits & mask != 0;
    if has(Bits::RESETPIN::SET.mask()) {
        ResetReason::Pin
    } else if has(Bits::DOG::SET.mask()) {
        ResetReason::Watchdog
    } else if has(Bits::LOCKUP::SET.mask()) {
        ResetReason::Lockup
    } else if has(Bits::SREQ::SET.mask()) {
        ResetReason::Software
    } else if has(Bits::DIF::SET.mask()) {
        ResetReason::Debugger
    } else if bits != 0 {
        ResetReason::Wakeup
    } else {
        ResetReason::PowerOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_reasons_are_told_apart() {
        assert_eq!(reset_reason(0), ResetReason::PowerOn);
        assert_eq!(reset_reason(1 << 1), ResetReason::Watchdog);
        assert_eq!(reset_reason(1 << 2), ResetReason::Software);
        assert_eq!(reset_reason((1 << 2) | (1 << 3)), ResetReason::Lockup);
        assert_eq!(reset_reason(1 << 16), ResetReason::Wakeup);
        assert_eq!(reset_reason(1 << 18), ResetReason::Debugger);
    }

    #[test]
    fn the_pin_outweighs_bits_that_anomaly_136_leaves() {
        assert_eq!(reset_reason(0x000F_000F), ResetReason::Pin);
    }
}
