//! The registers of the memory protection unit, which the core leaves to its
//! surroundings (ARMv7-M, B3.5).
//!
//! The core drops all that it has translated whenever its own MPU changes. So
//! it never sees these registers written: it comes back after the instruction,
//! and the machine goes on with a core that has the new configuration (see
//! `machine::cores`).

use serde::{Deserialize, Serialize};

/// First address of the registers: MPU_TYPE.
pub(crate) const MPU_BASE: u32 = 0xE000_ED90;
/// Bytes of the registers, the three aliases of RBAR and RASR among them.
pub(crate) const MPU_SIZE: u32 = 0x2C;
/// Regions of the Cortex-M4's MPU.
pub(crate) const REGIONS: usize = 8;

/// MPU_CTRL.
pub(crate) const MPU_CONTROL: u32 = MPU_BASE + 0x04;
/// MPU_RNR.
pub(crate) const MPU_NUMBER: u32 = MPU_BASE + 0x08;
/// MPU_RBAR; three aliases of it and of MPU_RASR follow.
pub(crate) const MPU_FIRST_BASE: u32 = MPU_BASE + 0x0C;
/// MPU_RASR.
pub(crate) const MPU_FIRST_SIZE: u32 = MPU_BASE + 0x10;

/// ENABLE, HFNMIENA, PRIVDEFENA.
const CONTROL_BITS: u32 = 7;
const ENABLE: u32 = 1;
const NUMBER_BITS: u32 = 0xFF;
const BASE_BITS: u32 = !0x1F;
const BASE_VALID: u32 = 1 << 4;
const BASE_NUMBER: u32 = 0xF;
/// XN, AP, TEX, S, C, B, SRD, SIZE, ENABLE.
const SIZE_BITS: u32 = 0x173F_FF3F;

/// What decides whether an access is allowed. Two states of the registers that
/// allow the same have the same configuration: while the unit is off, and in a
/// region that is off, nothing counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// MPU_CTRL.
    pub control: u32,
    /// MPU_RBAR and MPU_RASR of each region.
    pub regions: [(u32, u32); REGIONS],
}

/// The registers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Mpu {
    control: u32,
    number: u32,
    regions: [(u32, u32); REGIONS],
    /// A register was written since the machine last looked.
    #[serde(skip)]
    written: bool,
}

impl Mpu {
    /// Returns whether one of the registers is at `address`.
    pub fn holds(address: u32) -> bool {
        (MPU_BASE..MPU_BASE + MPU_SIZE).contains(&address)
    }

    /// The word at `address`, a multiple of four.
    pub fn read(&self, address: u32) -> u32 {
        let (base, size) = self.regions[self.number as usize];
        match address {
            MPU_BASE => (REGIONS as u32) << 8,
            MPU_CONTROL => self.control,
            MPU_NUMBER => self.number,
            _ if is_base(address) => base | self.number,
            _ => size,
        }
    }

    /// Writes `bytes` bytes at `address`. Anything but a whole word, and a
    /// region that is not there, is ignored.
    pub fn write(&mut self, address: u32, value: u32, bytes: u32) {
        if bytes != 4 || !address.is_multiple_of(4) {
            return;
        }
        match address {
            MPU_BASE => {}
            MPU_CONTROL => self.control = value & CONTROL_BITS,
            MPU_NUMBER => self.select(value & NUMBER_BITS),
            _ if is_base(address) => {
                if value & BASE_VALID != 0 {
                    let number = value & BASE_NUMBER;
                    if number as usize >= REGIONS {
                        return;
                    }
                    self.select(number);
                }
                self.regions[self.number as usize].0 = value & BASE_BITS;
            }
            _ => self.regions[self.number as usize].1 = value & SIZE_BITS,
        }
        self.written = true;
    }

    fn select(&mut self, number: u32) {
        if (number as usize) < REGIONS {
            self.number = number;
        }
    }

    /// Returns whether the registers hold what writes can leave in them.
    pub fn is_consistent(&self) -> bool {
        (self.number as usize) < REGIONS
            && self.control & !CONTROL_BITS == 0
            && self
                .regions
                .iter()
                .all(|(base, size)| base & !BASE_BITS == 0 && size & !SIZE_BITS == 0)
    }

    /// What the registers allow.
    pub fn configuration(&self) -> Configuration {
        if self.control & ENABLE == 0 {
            return Configuration::default();
        }
        Configuration {
            control: self.control,
            regions: self.regions.map(|(base, size)| {
                if size & ENABLE == 0 {
                    (0, 0)
                } else {
                    (base, size)
                }
            }),
        }
    }

    /// Returns whether the core must come back, because its configuration may be old.
    pub fn was_written(&self) -> bool {
        self.written
    }

    /// Takes note that the machine has looked at the configuration.
    pub fn seen(&mut self) {
        self.written = false;
    }
}

/// Returns whether a pair's first register, or its second, is at `address`.
fn is_base(address: u32) -> bool {
    (address - MPU_FIRST_BASE).is_multiple_of(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_keep_their_bits() {
        let mut mpu = Mpu::default();
        assert_eq!(mpu.read(MPU_BASE), 0x800);
        for (address, kept) in [
            (MPU_CONTROL, 7),
            (MPU_FIRST_BASE, 0xFFFF_FFE0),
            (MPU_FIRST_SIZE, SIZE_BITS),
        ] {
            mpu.write(address, !BASE_VALID, 4);
            assert_eq!(mpu.read(address), kept & !BASE_VALID, "{address:#x}");
            mpu.write(address, 0, 2);
            mpu.write(address + 1, 0, 1);
            assert_eq!(mpu.read(address), kept & !BASE_VALID, "words only");
        }
        mpu.write(MPU_BASE, 0, 4);
        assert_eq!(mpu.read(MPU_BASE), 0x800);
        assert!(mpu.is_consistent());
        mpu.number = 8;
        assert!(!mpu.is_consistent());
    }

    #[test]
    fn a_region_is_selected_by_number_or_by_its_base() {
        let mut mpu = Mpu::default();
        mpu.write(MPU_NUMBER, 3, 4);
        mpu.write(MPU_FIRST_BASE, 0x2000_0000, 4);
        assert_eq!(mpu.read(MPU_FIRST_BASE), 0x2000_0003);
        // The three aliases reach the same pair, here with VALID.
        for alias in 0..3 {
            mpu.write(MPU_FIRST_BASE + 8 * (alias + 1), 0x4000_0015 + alias, 4);
            mpu.write(MPU_FIRST_SIZE + 8 * (alias + 1), 0x0300_0021, 4);
            assert_eq!(mpu.read(MPU_NUMBER), 5 + alias);
            assert_eq!(mpu.read(MPU_FIRST_SIZE), 0x0300_0021);
        }
        // A region that is not there.
        mpu.write(MPU_NUMBER, 8, 4);
        mpu.write(MPU_FIRST_BASE, 0x1000_0000 | BASE_VALID | 8, 4);
        assert_eq!(mpu.read(MPU_FIRST_BASE), 0x4000_0007);
    }

    #[test]
    fn what_allows_the_same_is_the_same_configuration() {
        let mut mpu = Mpu::default();
        mpu.write(MPU_FIRST_BASE, 0x2000_0000, 4);
        mpu.write(MPU_FIRST_SIZE, 0x0300_0021, 4);
        assert_eq!(mpu.configuration(), Configuration::default(), "off");
        assert!(mpu.was_written());
        mpu.seen();
        assert!(!mpu.was_written());
        mpu.write(MPU_CONTROL, 5, 4);
        let on = mpu.configuration();
        assert_eq!(on.control, 5);
        assert_eq!(on.regions[0], (0x2000_0000, 0x0300_0021));
        mpu.write(MPU_NUMBER, 1, 4);
        mpu.write(MPU_FIRST_BASE, 0x3000_0000, 4);
        assert_eq!(mpu.configuration(), on, "region 1 is off");
        mpu.write(MPU_FIRST_SIZE, 0x0300_0021, 4);
        assert_ne!(mpu.configuration(), on);
    }
}
