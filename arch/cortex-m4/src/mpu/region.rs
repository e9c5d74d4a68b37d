//! Arithmetic of ARMv7-M MPU regions: which bytes a region covers, and its
//! two register words.
//!
//! Rules of the hardware (DDI 0403, B3.5): a region is a power of two of at
//! least 32 bytes and starts at a multiple of its size; from 256 bytes on it
//! has eight equal subregions that can be switched off one by one. Nothing
//! here touches a register, so all of it is tested on the host.

use kernel::platform::mpu::Permissions;

/// Smallest region of the hardware, in bytes.
pub(super) const SMALLEST_REGION: usize = 32;
/// Smallest region that has subregions, in bytes.
pub(super) const SMALLEST_DIVIDED_REGION: usize = 256;
/// Subregions of a region.
pub(super) const SUBREGIONS: usize = 8;

const RBAR_VALID: u32 = 1 << 4;
const RASR_ENABLE: u32 = 1;
const RASR_XN: u32 = 1 << 28;
/// Privileged read and write, unprivileged read and write.
const AP_USER_WRITES: u32 = 0b011 << 24;
/// Privileged read and write, unprivileged read only. The kernel keeps its
/// right to write: a driver may program the flash of the app that is loaded.
const AP_USER_READS: u32 = 0b010 << 24;
/// Normal memory, write-through: what the default map says of flash.
const MEMORY_FLASH: u32 = 1 << 17;
/// Normal memory, write-back with write-allocate: what the default map says
/// of RAM. Never strongly ordered, where unaligned accesses would fault.
const MEMORY_RAM: u32 = (1 << 19) | (1 << 17) | (1 << 16);

/// One region as it is loaded: the words for RBAR and RASR.
///
/// RBAR carries VALID and the region number, so that a pair can go through
/// any of the four alias pairs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub(super) struct RegionWords {
    rbar: u32,
    rasr: u32,
}

/// A span of memory that one region can cover, found by the searches below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cover {
    /// Start of the region, a multiple of `size`.
    base: usize,
    /// Size of the region, a power of two.
    size: usize,
    /// First subregion that is on (0 where the region has none).
    first: usize,
    /// Subregions that are on (8 where the region has none).
    count: usize,
}

impl Cover {
    /// First byte that is accessible.
    pub(super) fn start(&self) -> usize {
        self.base + self.first * (self.size / SUBREGIONS)
    }

    /// Bytes that are accessible.
    pub(super) fn length(&self) -> usize {
        self.count * (self.size / SUBREGIONS)
    }

    /// The `count` lowest subregions of the region of `size` at `base`.
    ///
    /// `size` is a power of two of at least 256, `base` a multiple of it,
    /// `count` from 1 to 8.
    pub(super) fn lowest(base: usize, size: usize, count: usize) -> Cover {
        Cover {
            base,
            size,
            first: 0,
            count,
        }
    }

    /// Looks for a region that starts at exactly `start` and covers at least
    /// `least` and at most `most` bytes. The smallest such region wins.
    pub(super) fn exactly_at(start: usize, least: usize, most: usize) -> Option<Cover> {
        let least = least.max(1);
        let mut size = SMALLEST_REGION;
        loop {
            let step = if size >= SMALLEST_DIVIDED_REGION {
                size / SUBREGIONS
            } else {
                size
            };
            if start.is_multiple_of(step) {
                let base = start & !(size - 1);
                let length = least.div_ceil(step).checked_mul(step)?;
                if start - base + length <= size && length <= most {
                    let eighth = size / SUBREGIONS;
                    return Some(Cover {
                        base,
                        size,
                        first: (start - base) / eighth,
                        count: length / eighth,
                    });
                }
            }
            // 2 GiB is the largest size for which half the space is left;
            // nothing on this part is near it.
            if size >= 1 << 31 {
                return None;
            }
            size <<= 1;
        }
    }

    /// Looks for a region of at least `least` bytes anywhere within `length`
    /// bytes from `start`, as low as its alignment lets it be.
    pub(super) fn somewhere(start: usize, length: usize, least: usize) -> Option<Cover> {
        let end = start.checked_add(length)?;
        if least == 0 || least > length {
            return None;
        }
        if let Some(cover) = Cover::exactly_at(start, least, length) {
            return Some(cover);
        }
        // Nothing to spare for an aligned start.
        if least == length {
            return None;
        }
        let mut step = SMALLEST_REGION;
        while step <= length {
            if let Some(aligned) = align_up(start, step) {
                if aligned < end {
                    if let Some(cover) = Cover::exactly_at(aligned, least, end - aligned) {
                        return Some(cover);
                    }
                }
            }
            step <<= 1;
        }
        None
    }
}

/// The next multiple of `alignment` (a power of two) from `address` on.
pub(super) fn align_up(address: usize, alignment: usize) -> Option<usize> {
    Some(address.checked_add(alignment - 1)? & !(alignment - 1))
}

impl RegionWords {
    /// Region `number` switched off.
    pub(super) const fn disabled(number: usize) -> RegionWords {
        RegionWords {
            rbar: RBAR_VALID | number as u32,
            rasr: 0,
        }
    }

    /// Region `number` over `cover` with the user's rights `permissions`.
    ///
    /// `None` for execute-only: an ARMv7-M core cannot execute what it cannot
    /// read. `ram` chooses the memory type.
    pub(super) fn new(
        number: usize,
        cover: &Cover,
        permissions: Permissions,
        ram: bool,
    ) -> Option<RegionWords> {
        let access = match permissions {
            Permissions::ReadWriteExecute => AP_USER_WRITES,
            Permissions::ReadWriteOnly => AP_USER_WRITES | RASR_XN,
            Permissions::ReadExecuteOnly => AP_USER_READS,
            Permissions::ReadOnly => AP_USER_READS | RASR_XN,
            Permissions::ExecuteOnly => return None,
        };
        let memory = if ram { MEMORY_RAM } else { MEMORY_FLASH };
        let on = ((1u32 << cover.count) - 1) << cover.first;
        let size_field = cover.size.trailing_zeros() - 1;
        Some(RegionWords {
            rbar: cover.base as u32 | RBAR_VALID | number as u32,
            rasr: access | memory | ((!on & 0xFF) << 8) | (size_field << 1) | RASR_ENABLE,
        })
    }

    /// Returns whether the region is on.
    pub(super) fn is_enabled(&self) -> bool {
        self.rasr & RASR_ENABLE != 0
    }

    /// Start of the region itself, subregions that are off included.
    pub(super) fn base(&self) -> usize {
        (self.rbar & !0x1F) as usize
    }

    /// Size of the region itself, subregions that are off included.
    pub(super) fn size(&self) -> usize {
        1usize << (((self.rasr >> 1) & 0x1F) + 1)
    }

    /// First accessible byte and first byte behind, `None` when it is off.
    pub(super) fn accessible(&self) -> Option<(usize, usize)> {
        let on = !(self.rasr >> 8) & 0xFF;
        if !self.is_enabled() || on == 0 {
            return None;
        }
        let eighth = self.size() / SUBREGIONS;
        let start = self.base() + on.trailing_zeros() as usize * eighth;
        Some((start, start + on.count_ones() as usize * eighth))
    }

    /// The user's rights in words, for the panic report.
    pub(super) fn rights(&self) -> &'static str {
        match (self.rasr & (0b111 << 24), self.rasr & RASR_XN != 0) {
            (AP_USER_WRITES, false) => "rwx",
            (AP_USER_WRITES, true) => "rw-",
            (AP_USER_READS, false) => "r-x",
            (AP_USER_READS, true) => "r--",
            _ => "---",
        }
    }

    /// The two words in the order in which they are loaded.
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    pub(super) fn words(&self) -> [u32; 2] {
        [self.rbar, self.rasr]
    }
}

#[cfg(test)]
#[path = "region_tests.rs"]
pub(super) mod tests;
