//! FICR: what the factory wrote about this very part.

use crate::registers::ficr::FicrRegisters;
use kernel::utilities::registers::interfaces::Readable;
use kernel::utilities::StaticRef;

/// The factory information.
pub struct Ficr {
    registers: StaticRef<FicrRegisters>,
}

impl Ficr {
    /// Makes the reader of these registers.
    pub const fn new(registers: StaticRef<FicrRegisters>) -> Self {
        Ficr { registers }
    }

    /// The 64-bit identifier, unique among all parts; public, so no key.
    pub fn device_id(&self) -> u64 {
        let [low, high] = &self.registers.deviceid;
        u64::from(high.get()) << 32 | u64::from(low.get())
    }

    /// Returns the part number, which is 0x52840.
    pub fn part(&self) -> u32 {
        self.registers.part.get()
    }

    /// Variant and revision in ASCII, as in "AAF0".
    pub fn variant(&self) -> [u8; 4] {
        self.registers.variant.get().to_be_bytes()
    }

    /// Returns the size of a flash page in bytes.
    pub fn page_size(&self) -> u32 {
        self.registers.codepagesize.get()
    }

    /// Returns how many flash pages the part has.
    pub fn page_count(&self) -> u32 {
        self.registers.codesize.get()
    }

    /// Returns the size of the part's RAM in KB.
    pub fn ram_kilobytes(&self) -> u32 {
        self.registers.ram.get()
    }

    /// The 48-bit random device address.
    pub fn device_address(&self) -> [u8; 6] {
        let [low, high] = &self.registers.deviceaddr;
        let (low, high) = (low.get().to_le_bytes(), high.get().to_le_bytes());
        [low[0], low[1], low[2], low[3], high[0], high[1]]
    }
}
