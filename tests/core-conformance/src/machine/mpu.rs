//! MPU regions for the checks.

use super::register::{MPU_CTRL, MPU_RASR, MPU_RBAR, MPU_RNR};
use super::{barrier, write};

/// Nobody has access.
pub const NONE: u32 = 0b000;
/// Everyone may read and write.
pub const ALL: u32 = 0b011;
/// Everyone may read.
pub const READ: u32 = 0b110;
/// Privileged code may do all.
pub const KERNEL: u32 = 0b001;
/// On, with the privileged default map behind the regions.
pub const WITH_BACKGROUND: u32 = 0b101;
/// On, and nothing behind the regions.
pub const WITHOUT_BACKGROUND: u32 = 0b001;

/// One region.
#[derive(Clone, Copy)]
pub struct Region {
    /// A multiple of the size.
    pub base: u32,
    /// The size is two to the power of this.
    pub bits: u32,
    /// Subregions that are off.
    pub off: u32,
    /// Access permission field.
    pub access: u32,
    /// Never executable.
    pub never_execute: bool,
}

/// All of the flash, for execution.
pub const FLASH: Region = Region {
    base: 0,
    bits: 18,
    off: 0,
    access: READ,
    never_execute: false,
};

/// All of the first 32 KB of RAM, for the kernel alone.
pub const KERNEL_RAM: Region = Region {
    base: 0x2000_0000,
    bits: 16,
    off: 0,
    access: KERNEL,
    never_execute: true,
};

/// A region that everyone may read and write.
pub const fn open(base: u32, bits: u32) -> Region {
    Region {
        base,
        bits,
        off: 0,
        access: ALL,
        never_execute: false,
    }
}

/// Loads `regions` as regions 0, 1, ..., the rest off, and sets `control`.
pub fn load(regions: &[Region], control: u32) {
    write(MPU_CTRL, 0);
    for number in 0..8 {
        write(MPU_RNR, number);
        write(MPU_RASR, 0);
        if let Some(region) = regions.get(number as usize) {
            // Normal memory, write-through, as the default map says of flash.
            let rasr = u32::from(region.never_execute) << 28
                | region.access << 24
                | 1 << 17
                | region.off << 8
                | (region.bits - 1) << 1
                | 1;
            write(MPU_RBAR, region.base);
            write(MPU_RASR, rasr);
        }
    }
    write(MPU_CTRL, control);
    barrier();
}
