//! UICR: configuration that takes effect at reset.
//!
//! UICR is flash: the image tool writes it together with the firmware, so this
//! reader only tells whether the part is configured as the board expects.

use crate::registers::uicr::UicrRegisters;
use kernel::utilities::registers::interfaces::Readable;
use kernel::utilities::StaticRef;

/// Addresses and values for the image tool.
pub mod layout {
    /// PSELRESET, both words: the pin that resets the part.
    pub const PSELRESET: [u32; 2] = [0x1000_1200, 0x1000_1204];
    /// P0.18 as reset pin, as on the DK.
    pub const PSELRESET_P0_18: u32 = 0x0000_0012;
    /// APPROTECT: access port protection.
    pub const APPROTECT: u32 = 0x1000_1208;
    /// Debugger locked out (bits 0 to 7 all zero), on parts of any revision.
    pub const APPROTECT_ENABLED: u32 = 0xFFFF_FF00;
    /// Debugger may connect, on revision 3 (AAF0 and later), when firmware agrees.
    pub const APPROTECT_HARDWARE_DISABLED: u32 = 0xFFFF_FF5A;
    /// NFCPINS: what P0.09 and P0.10 are.
    pub const NFCPINS: u32 = 0x1000_120C;
    /// They are plain pins.
    pub const NFCPINS_GPIO: u32 = 0xFFFF_FFFE;
    /// REGOUT0: output of the high-voltage regulator.
    pub const REGOUT0: u32 = 0x1000_1304;
    /// 3.0 V.
    pub const REGOUT0_3V0: u32 = 0xFFFF_FFFC;
    /// 3.3 V.
    pub const REGOUT0_3V3: u32 = 0xFFFF_FFFD;
    /// The erased state: 1.8 V.
    pub const REGOUT0_DEFAULT: u32 = 0xFFFF_FFFF;
}

/// The user configuration.
pub struct Uicr {
    registers: StaticRef<UicrRegisters>,
}

impl Uicr {
    /// Makes the reader of these registers.
    pub const fn new(registers: StaticRef<UicrRegisters>) -> Self {
        Uicr { registers }
    }

    /// Returns whether the debugger is locked out. Only the bits of the older parts' rule are
    /// judged: all zero is locked on every revision.
    pub fn debug_locked(&self) -> bool {
        self.registers.approtect.get() & 0xFF == 0
    }

    /// Returns whether P0.09 and P0.10 are plain pins rather than the NFC antenna's.
    pub fn nfc_pins_are_gpio(&self) -> bool {
        self.registers.nfcpins.get() & 1 == 0
    }

    /// The pin that resets the part (port times 32 plus pin), if one does: both words must agree.
    pub fn reset_pin(&self) -> Option<u8> {
        let [first, second] = &self.registers.pselreset;
        let (first, second) = (first.get(), second.get());
        // Bit 31 clear: connected.
        (first == second && first & 0x8000_0000 == 0).then_some((first & 0x3F) as u8)
    }

    /// Output of the high-voltage regulator in millivolts.
    pub fn regulator_millivolts(&self) -> u32 {
        match self.registers.regout0.get() & 7 {
            0 | 7 => 1800,
            1 => 2100,
            2 => 2400,
            3 => 2700,
            4 => 3000,
            _ => 3300,
        }
    }

    /// One of the 32 words that are the customer's own.
    pub fn customer(&self, index: usize) -> Option<u32> {
        self.registers.customer.get(index).map(Readable::get)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fake_registers, poke};

    #[test]
    fn the_documented_values_read_back() {
        let registers: StaticRef<UicrRegisters> = fake_registers();
        let uicr = Uicr::new(registers);
        poke(registers, &registers.approtect, layout::APPROTECT_ENABLED);
        assert!(uicr.debug_locked());
        poke(
            registers,
            &registers.approtect,
            layout::APPROTECT_HARDWARE_DISABLED,
        );
        assert!(!uicr.debug_locked());
        poke(registers, &registers.regout0, layout::REGOUT0_3V0);
        assert_eq!(uicr.regulator_millivolts(), 3000);
        poke(registers, &registers.regout0, layout::REGOUT0_3V3);
        assert_eq!(uicr.regulator_millivolts(), 3300);
        poke(registers, &registers.regout0, layout::REGOUT0_DEFAULT);
        assert_eq!(uicr.regulator_millivolts(), 1800);
        poke(registers, &registers.nfcpins, layout::NFCPINS_GPIO);
        assert!(uicr.nfc_pins_are_gpio());
        poke(registers, &registers.pselreset[0], layout::PSELRESET_P0_18);
        assert_eq!(uicr.reset_pin(), None);
        poke(registers, &registers.pselreset[1], layout::PSELRESET_P0_18);
        assert_eq!(uicr.reset_pin(), Some(18));
    }
}
